import { resolve } from 'node:path';
import { readPlatform } from '../cli/files.ts';
import { CliError, EXIT, type Io } from '../cli/io.ts';
import type { OnceOptions } from '../cli/parts.ts';
import { createBudgetEvaluator } from '../controller/budgets/budget-evaluator.ts';
import { createGate, type Gate } from '../controller/gate/gate.ts';
import type { PullReader } from '../controller/gate/reading.ts';
import { createGovernance } from '../controller/governance/governance.ts';
import { NO_SNAPSHOT } from '../controller/metrics-snapshot.ts';
import { lanesFold } from '../delivery/fold.ts';
import type { Decision } from '../governance/decision.ts';
import { governanceFold } from '../governance/fold.ts';
import type { PolicyPort } from '../governance/port.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { type Journal, openJournal } from '../ledger/journal.ts';
import { budgetsFold } from '../runtime/fold.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { WiringContext } from '../wiring/context.ts';
import type { Wiring } from '../wiring/wiring.ts';
import { opened } from './opened.ts';

/** The adapters of one decision. The action brings its own: it runs where there is neither ledger nor server. */
export type OnceWiring = Pick<
  Wiring,
  'openExistingLedger' | 'openForge' | 'openMemoryLedger' | 'openMetrics' | 'openPolicy' | 'openReader'
>;

/** The Prometheus of every environment that has one elsewhere: without a server none runs on this machine. */
async function metricsPorts(
  { platform, env }: WiringContext,
  wiring: OnceWiring,
): Promise<ReadonlyMap<string, MetricsPort>> {
  const declared = platform.environments.filter((e) => e.prometheus.address !== 'embedded');
  const ports = declared.map(
    async ({ name, prometheus }) =>
      [name, opened(await wiring.openMetrics(platform, name, prometheus.address, env))] as const,
  );
  return new Map(await Promise.all(ports));
}

function contextOf(io: Io, o: OnceOptions, root: string): WiringContext {
  const platform = readPlatform(io, o.declaration);
  if (!platform.forge)
    throw new CliError(EXIT.usage, {
      code: 'NO_FORGE',
      message: 'no forge is declared: there are no pull requests',
      next: 'declare spec.forge in the Platform, or give --input',
    });
  const directory = resolve(io.cwd, o.declaration);
  return { platform, directory, work: o.work, root, env: io.env, now: () => Date.now(), warn: () => {} };
}

interface OnceInputs {
  readonly journal: Journal;
  readonly reader: PullReader;
  readonly policy: PolicyPort;
  /** Whether the journal is that of a work folder: an empty one knows nothing of past releases. */
  readonly kept: boolean;
}

/** The planes as far as one decision needs them, over the ledger of a work folder or an empty one. */
async function gateOver(
  context: WiringContext,
  o: OnceOptions,
  wiring: OnceWiring,
  { journal, reader, policy, kept }: OnceInputs,
): Promise<Gate> {
  const { platform } = context;
  const forge = opened(await wiring.openForge(context))!;
  const ports = await metricsPorts(context, wiring);
  const metrics = () => NO_SNAPSHOT;
  const budgets = createBudgetEvaluator({ platform, journal, metrics });
  const { statuses } = budgets;
  const governance = createGovernance({ platform, journal, statuses });
  // Where every lane stood when the last record was written.
  const known = journal.state(lanesFold).lanes;
  return createGate({
    platform,
    journal,
    forge: o.post
      ? forge
      : { ...forge, report: async () => ok({ post: 'unchanged', foreign: null, untold: null }) },
    policy,
    reader,
    governance,
    metricsPort: (e) => ports.get(e),
    statuses,
    lanes: () => (kept ? known : null),
    adjustments: (slo, e) => budgets.adjustments(slo, e),
    pullUrl: () => null,
    now: context.now,
    warn: context.warn,
  });
}

/** Decides on one pull request without a server: in a workflow, or by hand. */
export async function decideOnce(
  io: Io,
  o: OnceOptions,
  number: number,
  root: string,
  wiring: OnceWiring,
): Promise<Result<Decision, { code: string; message: string }>> {
  const context = contextOf(io, o, root);
  const existing = await wiring.openExistingLedger(o.work, context.platform.name);
  const reader = await wiring.openReader(context);
  const policy = opened(await wiring.openPolicy(context));
  const ledger = existing ?? (await wiring.openMemoryLedger('gate'));
  try {
    const journal = await openJournal(ledger, [lanesFold, governanceFold, budgetsFold]);
    const gate = await gateOver(context, o, wiring, {
      journal,
      reader,
      policy: policy.port,
      kept: existing !== null,
    });
    const done = await gate.evaluate(number, 'sluice gate');
    return done.ok ? ok(done.value.decision!) : fail(done.error);
  } finally {
    await Promise.all([reader.close(), policy.close()]);
    await ledger.close();
  }
}
