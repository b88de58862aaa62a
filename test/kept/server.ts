/** How a kept ledger is asked and explained by the code of today: a server over it, and the command line. */
import { explainCommand, exportCommand, replayDecisionCommand, verifyCommand } from '../../src/cli/ledger.ts';
import { lastEnvironments } from '../../src/controller/measures.ts';
import { keptPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { main } from '../../src/main.ts';
import { createApp } from '../../src/server/app.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createBudgetHouse } from '../../src/server/budgets.ts';
import { createGovernanceHouse } from '../../src/server/governance.ts';
import { createHouseViews } from '../../src/server/house.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createSignIn } from '../../src/server/sign-in.ts';
import { type LedgerPort, type Platform, partsOver, quiet } from './folds.ts';

export const emptyLedger = (): LedgerPort => memoryLedger('kept');

/** A server over a ledger alone: nothing to look at, nothing to act on, and a clock that stands still. */
export async function serverOver(platform: Platform, ledger: LedgerPort, now: number) {
  const parts = partsOver(platform, ledger, now);
  const controller = await parts.controller();
  const governance = await parts.governance();
  const budgets = await parts.budgets();
  const measures = await parts.measures();
  const { promoter } = await parts.promoter();
  const clock = () => now;
  const app = createApp({
    house: createHouseViews({ platform, controller, ledger, now: clock }),
    budgets: createBudgetHouse({
      platform,
      controller,
      ledger,
      keeper: budgets,
      metricsOf: () => undefined,
      now: clock,
    }),
    slos: platform.slos.map((slo) => slo.name),
    controller,
    ledger,
    tokens: await loadTokens(ledger),
    metrics: createMetrics(controller),
    unready: () => null,
    consoleDir: null,
    alertmanagerToken: 'none',
    allowedHosts: ['kept'],
    onAlerts: async () => {},
    signIn: createSignIn(platform.signIn, null, clock),
    governance,
    governanceHouse: createGovernanceHouse({
      platform,
      ledger,
      governance,
      gate: null,
      openKept: keptPolicy,
      now: clock,
    }),
    gate: null,
    promoter,
    sync: { look: async () => {}, of: () => null },
    measures: async (service, at, spanMs) => measures.of(service, at, spanMs),
    lastEnvironments: lastEnvironments(platform),
    onPush: quiet,
    argoCdToken: null,
    onSync: async () => {},
    branch: 'main',
    publicUrl: () => 'http://kept',
    now: clock,
    newId: () => 'kept',
  });
  return async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await app.request(path, { headers: { host: 'kept' } });
    return { status: answer.status, text: await answer.text() };
  };
}

/** A command line over a kept ledger that is open already; gives what it wrote to stdout. */
export async function command(
  ledger: LedgerPort,
  what: readonly ['verify' | 'export' | 'explain' | 'replay', string?],
): Promise<{ readonly exit: number; readonly out: string }> {
  const out: string[] = [];
  const io = {
    out: (text: string) => void out.push(text),
    err: quiet,
    env: {},
    cwd: '/',
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  };
  const open = async () => ({ ...ledger, close: async () => {} });
  const o = { work: '/nonexistent', json: true };
  const [name, argument = ''] = what;
  const commands = {
    verify: () => verifyCommand(io, o, open),
    export: () => exportCommand(io, { ...o, format: argument }, open),
    explain: () => explainCommand(io, argument, o, open),
    replay: () => replayDecisionCommand(io, argument, o, open, keptPolicy),
  };
  const exit = await commands[name]();
  return { exit, out: out.join('') };
}

/** `sluice …` as anybody runs it, in this process. */
export async function sluice(args: readonly string[], cwd: string) {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await main(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    env: { PATH: process.env['PATH'] },
    cwd,
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  });
  return { exit, out: out.join(''), err: err.join('') };
}
