import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openBudgets } from '../controller/budgets.ts';
import { createGatekeeper } from '../controller/gate/keeper.ts';
import { openGovernance } from '../controller/governance.ts';
import { releasesOf } from '../controller/history.ts';
import { NO_LOOK } from '../controller/metrics-look.ts';
import { lanesOf } from '../declaration/platform.ts';
import { emptyLane, type Lane, laneName } from '../delivery/events.ts';
import type { Decision } from '../governance/decision.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { LedgerPort } from '../ledger/port.ts';
import { readPlatform } from './files.ts';
import type { GateOptions } from './gate.ts';
import { CliError, EXIT, type Io } from './io.ts';
import type { ServeAdapters } from './serve.ts';

/** What the one look needs of the composition root. */
export interface OnceAdapters
  extends Pick<ServeAdapters, 'openForge' | 'openPolicy' | 'openMetrics' | 'openReader'> {
  /** The ledger in a file of a work folder. */
  openFile(work: string, id: string): Promise<LedgerPort>;
  /** A ledger of this process alone, where there is none. */
  memoryLedger(): Promise<LedgerPort>;
}

/** Where every lane stood when the last record was written. */
async function lanesIn(ledger: LedgerPort, lanes: readonly string[]): Promise<Map<string, Lane>> {
  const found = new Map<string, Lane>();
  for (const lane of lanes) {
    const last = releasesOf(lane, await ledger.read({ subject: lane })).at(-1);
    found.set(lane, last?.lane ?? emptyLane(lane));
  }
  return found;
}

/** Decides on one pull request without a server: in a workflow, or by hand. */
export async function lookOnce(
  io: Io,
  o: GateOptions,
  number: number,
  adapters: OnceAdapters,
): Promise<Result<Decision, { code: string; message: string }>> {
  const platform = readPlatform(io, o.declaration);
  if (!platform.forge)
    throw new CliError(EXIT.usage, {
      code: 'NO_FORGE',
      message: 'no forge is declared: there are no pull requests',
      next: 'declare spec.forge in the Platform, or give --input',
    });
  const secrets = <T>(opened: Result<T, string>): T => {
    if (opened.ok) return opened.value;
    throw new CliError(EXIT.usage, {
      code: 'SECRET_MISSING',
      message: opened.error,
      next: 'set it and run this again',
    });
  };
  const forge = secrets(await adapters.openForge(platform, o.work, io.env))!;
  const policy = secrets(await adapters.openPolicy(platform, resolve(io.cwd, o.declaration), io.env));
  const ports = new Map(
    await Promise.all(
      platform.environments
        .filter((e) => e.prometheus.address !== 'embedded')
        .map(
          async (e) =>
            [
              e.name,
              secrets(await adapters.openMetrics(platform, e.name, e.prometheus.address, io.env)),
            ] as const,
        ),
    ),
  );
  const kept = existsSync(join(o.work, 'ledger.sqlite'));
  const ledger = kept ? await adapters.openFile(o.work, platform.name) : await adapters.memoryLedger();
  const reader = await adapters.openReader(platform);
  try {
    const metrics = () => NO_LOOK;
    const governance = await openGovernance({ platform, ledger, metrics });
    const budgets = await openBudgets({ platform, ledger, metrics });
    const names = lanesOf(platform).map(({ service, environment }) =>
      laneName(service.name, environment.name),
    );
    const lanes = kept ? [...(await lanesIn(ledger, names)).values()] : null;
    const gate = createGatekeeper({
      platform,
      forge: o.post ? forge : { ...forge, report: async () => ok('unchanged' as const) },
      policy: policy.port,
      reader,
      governance,
      metricsPort: (e) => ports.get(e),
      look: metrics,
      lanes: () => lanes,
      adjustments: (slo, e) => budgets.adjustments(slo, e),
      pullUrl: () => null,
      now: () => Date.now(),
      warn: () => {},
    });
    const done = await gate.evaluate(number, 'sluice gate');
    if (done.ok) return ok(done.value.decision!);
    return fail(done.error);
  } finally {
    await reader.close();
    await ledger.close();
  }
}
