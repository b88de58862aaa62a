/** How a kept ledger is asked and explained by the code of today: a server over it, and the command line. */
import { join } from 'node:path';
import { createParts } from '../../src/app/parts.ts';
import { runProgram } from '../../src/cli/program.ts';
import { lastEnvironments } from '../../src/controller/measures.ts';
import { keptPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { COMMANDS } from '../../src/main.ts';
import { createAnswered } from '../../src/server/answered.ts';
import { createApp } from '../../src/server/app.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createBudgetQueries } from '../../src/server/budgets.ts';
import { createGovernanceQueries } from '../../src/server/governance.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createQueries } from '../../src/server/queries.ts';
import { createSignIn } from '../../src/server/sign-in.ts';
import { PROGRAMS, runCli } from '../cli/run.ts';
import { WHOLE_CHAIN } from '../whole-chain.ts';
import { type LedgerPort, type Platform, partsOver, promoterOver, quiet } from './folds.ts';

export const emptyLedger = (): LedgerPort => memoryLedger('kept');

/** A server over a ledger alone: nothing to look at, nothing to act on, and a clock that stands still. */
export async function serverOver(platform: Platform, ledger: LedgerPort, now: number) {
  const parts = await partsOver(platform, ledger, now);
  const { journal, controller, governance, budgets } = parts;
  const { statuses } = budgets;
  const clock = () => now;
  const seen = { platform, controller, journal, now: clock };
  const app = createApp({
    queries: createQueries({ ...seen, statuses }),
    budgets: createBudgetQueries({ ...seen, budgets, metricsOf: () => undefined }),
    platform,
    controller,
    ledger: journal,
    tokens: await loadTokens(journal),
    metrics: createMetrics(controller, WHOLE_CHAIN),
    unready: () => null,
    consoleDir: null,
    alertmanagerToken: 'none',
    allowedHosts: ['kept'],
    openReads: true,
    verdictToken: null,
    onAlerts: async () => {},
    signIn: createSignIn(platform.signIn, null, clock),
    governance,
    governanceQueries: createGovernanceQueries({
      ...seen,
      ledger: journal,
      governance,
      gate: null,
      openKept: keptPolicy,
    }),
    gate: null,
    promoter: promoterOver(parts, journal),
    sync: { tick: async () => {}, of: () => null, refresh: () => {} },
    measures: parts.measures,
    lastEnvironments: lastEnvironments(platform),
    onPush: quiet,
    argoCdToken: null,
    onSync: async () => {},
    branch: 'main',
    publicUrl: () => 'http://kept',
    now: clock,
    answered: createAnswered(() => 0),
    newId: () => 'kept',
  });
  return async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await app.request(path, { headers: { host: 'kept' } });
    return { status: answer.status, text: await answer.text() };
  };
}

/** `sluice …` as anybody runs it. */
export const sluice = (args: readonly string[], cwd: string) => runCli(args, { cwd, env: PROGRAMS });

const OWN_PARTS = createParts(
  join(import.meta.dirname, '../..'),
  join(import.meta.dirname, '../../src/main.ts'),
);

/** `sluice ledger …` over a ledger that is open already, whatever store it is in. */
export function ledgerCommand(ledger: LedgerPort, ...args: readonly string[]) {
  const openExistingHistory = async () => ({ ...ledger.history, close: async () => {} });
  const program = { version: 'kept', commands: COMMANDS, parts: { ...OWN_PARTS, openExistingHistory } };
  const where = { cwd: '/nonexistent', env: PROGRAMS };
  return runCli(['ledger', ...args], where, (all, io) => runProgram(program, all, io));
}
