import {
  type Environment,
  judgedSlos,
  type Platform,
  type Service,
  sloOf,
  strategyOf,
} from '../declaration/platform.ts';
import { evidenceDefaults, goodRequestsNeeded, ruleOf } from './evidence/evidence.ts';

/** One step of a release, at the traffic that a service has. */
interface StepPace {
  readonly weight: number;
  /** Good requests of the canary that it takes. */
  readonly needed: number;
  /** Null: there is no traffic. */
  readonly takesMs: number | null;
}

/** How long a release of one service takes in one environment, if all goes well. */
export interface Pace {
  readonly service: string;
  readonly environment: string;
  /** The SLO that takes longest. */
  readonly slo: string;
  /** Requests per second that it counts; null: unknown. */
  readonly rate: number | null;
  readonly steps: readonly StepPace[];
  /** Of all steps; null: it never ends, or unknown. */
  readonly takesMs: number | null;
  /** How long one step may take before a person is asked. */
  readonly deadlineMs: number;
  /** Requests a second from which on every step fits into its deadline. */
  readonly enoughRate: number;
}

/** Good requests that every step takes by one SLO. */
function neededBy(platform: Platform, service: Service, environment: Environment, slo: string): number {
  const rule = ruleOf({
    ...evidenceDefaults(platform.evidence.edition),
    ...platform.evidence,
    objective: sloOf(platform, slo).objective,
    steps: strategyOf(service, environment).steps.length,
    slos: judgedSlos(service, environment),
  });
  return rule.ok ? goodRequestsNeeded(rule.value) : 0;
}

function paceBy(
  platform: Platform,
  service: Service,
  environment: Environment,
  slo: string,
  rate: number | null,
): Pace {
  const strategy = strategyOf(service, environment);
  const needed = neededBy(platform, service, environment, slo);
  const dwellOf = (step: number) =>
    step > 0 && strategy.steps[step] === 100 ? strategy.dwellAtFullMs : strategy.dwellMs;
  const steps = strategy.steps.map((weight, step): StepPace => {
    const share = rate === null ? null : (rate * weight) / 100;
    const least = dwellOf(step) + (step === 0 ? strategy.warmUpMs : 0);
    const takesMs = share === null || share <= 0 ? null : Math.max(least, (1_000 * needed) / share);
    return { weight, needed, takesMs };
  });
  const takesMs = steps.reduce<number | null>(
    (sum, step) => (sum === null || step.takesMs === null ? null : sum + step.takesMs),
    0,
  );
  const enoughRate = needed / (strategy.deadlineMs / 1_000) / (strategy.steps[0]! / 100);
  return {
    service: service.name,
    environment: environment.name,
    slo,
    rate,
    steps,
    takesMs,
    deadlineMs: Math.max(strategy.deadlineMs, strategy.lowTraffic?.longestMs ?? 0),
    enoughRate,
  };
}

/** Orders by duration: what never ends is slowest; if durations are unknown, by needed requests. */
const slowness = ({ takesMs, rate, enoughRate }: Pace): number =>
  rate === null ? enoughRate : (takesMs ?? Number.POSITIVE_INFINITY);

/**
 * How long a release of a service takes at the traffic that it has, by the SLO that takes longest; null where it is
 * judged by none. `rateOf`: requests a second that an SLO counts; null: nobody knows. Pure.
 */
export function paceOf(
  platform: Platform,
  service: Service,
  environment: Environment,
  rateOf: (slo: string) => number | null,
): Pace | null {
  const all = service.slos.map((slo) => paceBy(platform, service, environment, slo, rateOf(slo)));
  return all.reduce<Pace | null>(
    (slowest, p) => (slowest && slowness(slowest) >= slowness(p) ? slowest : p),
    null,
  );
}

/** The first step that does not get its requests within its deadline; null: all do, or unknown. */
export const lateStep = ({ rate, steps, deadlineMs }: Pace): StepPace | null =>
  rate === null ? null : (steps.find(({ takesMs }) => takesMs === null || takesMs > deadlineMs) ?? null);
