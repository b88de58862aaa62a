import { countersOf, type Environment, type Load, type Platform, sloOf } from '../declaration/platform.ts';
import type { LoadResult } from '../delivery/events.ts';

/** What a load test is held against: as k6 writes it, by service. */
export interface Threshold {
  readonly service: string;
  readonly metric: 'http_req_failed' | 'http_req_duration';
  /** As k6 reads it: `rate<=0.001`, `p(99)<=300`. */
  readonly expression: string;
}

export interface LoadPlan {
  readonly environment: string;
  /** Null: until it is stopped. */
  readonly durationMs: number | null;
  readonly targets: Load['targets'];
  readonly thresholds: readonly Threshold[];
}

/** One run, for the releases that were at hand when it began. */
export interface LoadRun {
  readonly id: string;
  readonly covers: readonly string[];
  readonly startedAt: number;
  readonly plan: LoadPlan;
}

export type LoadSeen = 'running' | Omit<LoadResult, 'run' | 'startedAt'>;

/** Runs load tests: at most one run per environment. A run outlives the server, and is found again. */
export interface LoadPort {
  current(environment: string): Promise<LoadRun | null>;
  /** `own`: not k6, and why. */
  start(run: LoadRun, own: string | null): Promise<void>;
  observe(run: LoadRun): Promise<LoadSeen>;
  /** Stops a run; what it measured until then is its result. */
  stop(run: LoadRun): Promise<void>;
  /** Removes a run whose result was recorded. */
  clear(run: LoadRun): Promise<void>;
}

/** The longest load test: a release that is still judged by then is held for a person. */
export const LONGEST_LOAD_MS = 3_600_000;

const sane = (value: number): number => Number(value.toPrecision(8));

/** The SLOs of what is asked, in k6's words: failures by the budget, latency by the bucket that counts as good. */
export function thresholdsOf(platform: Platform, load: Load): Threshold[] {
  const asked = [...new Set(load.targets.map((t) => t.service))];
  return platform.services
    .filter((s) => asked.includes(s.name))
    .flatMap((service) =>
      service.slos.flatMap((name): Threshold[] => {
        const slo = sloOf(platform, name);
        const { part } = countersOf(slo);
        const bound = part.flatMap((s) => s.matchers.find((m) => m.label === 'le' && m.op === '=') ?? [])[0];
        if (!bound)
          return [
            {
              service: service.name,
              metric: 'http_req_failed',
              expression: `rate<=${sane(1 - slo.objective)}`,
            },
          ];
        const percentile = sane(100 * slo.objective);
        const expression = `p(${percentile})<=${sane(1_000 * Number(bound.value))}`;
        return [{ service: service.name, metric: 'http_req_duration', expression }];
      }),
    );
}

/** What is sent while versions are judged in an environment; null: nothing is declared. */
export function loadPlanOf(platform: Platform, environment: Environment): LoadPlan | null {
  const { load, validation, name } = environment;
  if (!load) return null;
  return {
    environment: name,
    durationMs: validation === 'k6' ? load.durationMs : null,
    targets: load.targets,
    thresholds: thresholdsOf(platform, load),
  };
}

export const thresholdName = (t: Threshold): string => `${t.metric}{service:${t.service}} ${t.expression}`;

/** A load test in one sentence. */
export function loadSentence(load: LoadResult): string {
  const tool = load.tool === 'k6' ? 'k6' : "sluice's own generator";
  const why = load.note ? ` (${load.note})` : '';
  if (load.outcome === 'broken') return `${tool} was interrupted${why}: no result`;
  const crossed = load.thresholds.filter((t) => !t.ok).map((t) => t.name);
  const word = load.outcome === 'passed' ? 'passed' : `failed ${crossed.join(', ')}`;
  const p95 = load.p95Ms === null ? '' : `, p95 ${Math.round(load.p95Ms)} ms`;
  return `${tool}${why} ${word}: ${load.failed} of ${load.requests} requests failed${p95}`;
}
