import type { Platform } from '../../declaration/platform.ts';
import type { LoadPort } from '../../gitops/load.ts';
import type { DesiredState } from '../../gitops/port.ts';
import { within } from '../../io/clock.ts';
import type { Backoff } from '../../kit/backoff.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import { oneAfterAnother, openPlane } from '../flow/plane.ts';
import type { Runner } from '../flow/runner.ts';
import type { Handler } from '../flow/types.ts';
import { type LaneStates, lanesByEnvironment } from '../lanes/lane-states.ts';
import { CLEAR, type LoadSituation, type LoadTarget, planLoad, START, STOP } from './planner.ts';

interface LoadRunner {
  /** Starts, observes and stops load tests, as the releases in progress need them. */
  tick(now: number): Promise<void>;
}

interface LoadRunnerParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly port: LoadPort;
  readonly lanes: LaneStates;
  desired(): DesiredState | null;
  warn(details: object, message: string): void;
  /** Starts and stops runs; by default the load runner creates its own. */
  readonly runner?: Runner;
}

const TIMEOUT_MS = 30_000;
const PATIENCE = { firstMs: 10_000, againMs: 1_000 };
/** A run that cannot even be started is tried again so much later. */
const BACKOFF: Backoff = { firstMs: 5_000, longestMs: 60_000 };

const handlerOf = (apply: (target: LoadTarget) => Promise<void>): Handler<LoadTarget, null> => ({
  ...oneAfterAnother(TIMEOUT_MS, PATIENCE, BACKOFF),
  apply: async ({ target }) => {
    await apply(target);
    return { done: null };
  },
  settled: () => {},
});

/** Runs load tests, environment by environment: one run at a time in each. */
export function createLoadRunner(parts: LoadRunnerParts): LoadRunner {
  const { platform, port } = parts;
  const environments = new Map(platform.environments.filter((e) => e.load).map((e) => [e.name, e]));
  const lanesIn = lanesByEnvironment(platform, parts.lanes);

  async function situation(name: string, now: Ms): Promise<LoadSituation> {
    const run = await within(port.current(name), TIMEOUT_MS, `looking for load tests in ${name}`);
    const seen = run && (await within(port.observe(run), TIMEOUT_MS, `checking load tests in ${name}`));
    return Object.freeze({
      now,
      platform,
      environment: environments.get(name)!,
      lanes: lanesIn(name),
      desired: parts.desired(),
      run,
      seen,
    });
  }

  const plane = openPlane<LoadSituation>({
    journal: parts.journal,
    runner: parts.runner,
    planner: { plan: planLoad },
    situation,
    patienceMs: TIMEOUT_MS,
    backoff: BACKOFF,
    warn: (environment, { message }) =>
      parts.warn({ environment, error: message }, 'a load test cannot be run; it is retried'),
    log: parts.warn,
  });
  const handle = (kind: string, apply: (target: LoadTarget) => Promise<void>) =>
    plane.handle(kind, handlerOf(apply));
  handle(START, ({ run, own }) => port.start(run, own));
  handle(STOP, ({ run }) => port.stop(run));
  handle(CLEAR, ({ run }) => port.clear(run));

  return { tick: (now) => plane.tick(now, environments.keys()) };
}
