import type { CommandParts } from '../cli/parts.ts';

/** The composition root as commands see it: every adapter is loaded when it is asked for, and not before. */
export const createParts = (root: string, program: string): CommandParts => ({
  root,
  program,
  startApp: async (io, places) => (await import('../app.ts')).startApp(io, places),
  decideOnce: async (io, options, number) => {
    const { decideOnce } = await import('./gate-once.ts');
    const { wiring } = await import('../wiring/wiring.ts');
    return decideOnce(io, options, number, root, wiring);
  },
  openExistingHistory: async (work) => (await import('../wiring/ledger.ts')).openExistingHistory(work),
  openExistingLedger: async (work) => {
    const { createBrokenMark } = await import('./broken-mark.ts');
    const ledger = await (await import('../wiring/ledger.ts')).openExistingLedger(work);
    try {
      // An order without a server must not go on a chain that a server refuses to decide on.
      if (ledger) await createBrokenMark(work).check(ledger);
      return ledger;
    } catch (thrown) {
      await ledger?.close();
      throw thrown;
    }
  },
  openMetrics: async (...given) => (await import('../wiring/metrics.ts')).openMetrics(...given),
  openCluster: async (...given) => (await import('../wiring/kubernetes.ts')).openCluster(...given),
  openLive: async (...given) => (await import('../wiring/live.ts')).openLive(...given),
  openOwnPolicy: async (server) => (await import('../wiring/policy.ts')).openOwnPolicy(root, server),
  openKeptPolicy: async () => (await import('../wiring/policy.ts')).openKeptPolicy,
  openRuleRunner: async () => (await import('../wiring/rule-runner.ts')).openRuleRunner(),
  readAnchors: async (repository) => (await import('../wiring/anchors.ts')).readAnchors(repository),
  locateProgram: async (name, env) => (await import('../wiring/programs.ts')).locateProgram(name, env),
  locateK6: async (env) => (await import('../wiring/load-test.ts')).locateK6(env),
  checkPrograms: async (env) => (await import('../wiring/programs.ts')).checkPrograms(env),
  loadHistory: async (options) => (await import('../embedded/history.ts')).loadHistory(options),
  openTraffic: async () => (await import('../wiring/load-test.ts')).openTraffic(),
  readCluster: async (options) => (await import('../wiring/cluster-reading.ts')).readCluster(options),
  pushChange: async (change) => (await import('../wiring/developer.ts')).pushChange(change),
});
