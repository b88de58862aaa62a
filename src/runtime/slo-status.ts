import { budgetWindowOf, type Environment, type Slo } from '../declaration/platform.ts';
import { type Adjustment, budgetOf, inWindow } from './budget.ts';
import { type BurnRule, type BurnState, burnState } from './burn.ts';

/** What Prometheus recorded of one SLO in one environment; null: there is no number. */
export interface SloReading {
  /** Requests of the budget's window, and the bad ones among them; slices of time where the SLO counts those. */
  readonly requests: number | null;
  readonly bad: number | null;
  /** Share of the window that was observed, 0 to 1. */
  readonly coverage: number | null;
  /** Share of the budget that remains, 1 at most, before anything is excluded. */
  readonly left: number | null;
  /** Burn rates of the declared windows. */
  readonly fast: number | null;
  readonly slow: number | null;
}

export const NO_READING: SloReading = {
  requests: null,
  bad: null,
  coverage: null,
  left: null,
  fast: null,
  slow: null,
};

/** Why a source said nothing. */
interface SourceTrouble {
  readonly code: string;
  readonly message: string;
}

/** When and from where a reading is. `at`: milliseconds since the epoch, 0: nothing was ever read. */
interface ReadingSource {
  readonly at: number;
  readonly trouble: SourceTrouble | null;
}

/** Everything that any decision goes by about one SLO in one environment, with exclusions taken off. */
export interface SloStatus extends SloReading {
  readonly slo: string;
  readonly service: string;
  readonly environment: string;
  readonly objective: number;
  readonly windowMs: number;
  readonly at: number;
  /** Null: the source answered. Otherwise no number is known. */
  readonly trouble: SourceTrouble | null;
  /** Bad ones that the window's requests allow. */
  readonly allowed: number | null;
  /** Whether the declared burn rule fires. */
  readonly burn: BurnState;
  readonly rule: BurnRule;
  /** When nothing remains if it burns on as the slow window does; null: it does not, or nothing remains. */
  readonly exhaustedAt: number | null;
  /** What was excluded and still lies within the window. */
  readonly excluded: readonly Adjustment[];
}

/** The burn rule of an environment, as thresholds. */
export const burnRuleOf = ({ burn }: Environment): BurnRule => ({
  fast: burn.fast.threshold,
  slow: burn.slow?.threshold ?? null,
});

const finite = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

/** Budget numbers after exclusions. Without counts nothing can be taken off: then what remains is not known. */
function budgetAfter(
  slo: Slo,
  windowMs: number,
  reading: SloReading,
  excluded: readonly Adjustment[],
  at: number,
): Pick<SloStatus, 'requests' | 'bad' | 'allowed' | 'left' | 'exhaustedAt'> {
  const [requests, bad] = [finite(reading.requests), finite(reading.bad)];
  const recorded = excluded.length === 0 ? finite(reading.left) : null;
  if (requests === null || bad === null)
    return { requests, bad, allowed: null, left: recorded, exhaustedAt: null };
  const budget = budgetOf({ requests, bad }, slo.objective, windowMs, finite(reading.slow), excluded, at);
  if (!budget) return { requests: 0, bad: 0, allowed: null, left: recorded, exhaustedAt: null };
  const { allowed, exhaustedAt } = budget;
  return {
    requests: budget.requests,
    bad: budget.bad,
    allowed,
    // What Prometheus recorded is what alerts and dashboards show: the same number, where nothing is excluded.
    left: recorded ?? budget.left,
    exhaustedAt,
  };
}

/**
 * The status of one SLO in one environment: the only place where a reading and its exclusions become numbers that
 * anything is decided by. Pure; `adjustments` are all of this SLO in this environment.
 */
export function sloStatus(
  slo: Slo,
  environment: Environment,
  reading: SloReading | undefined,
  source: ReadingSource,
  adjustments: readonly Adjustment[],
): SloStatus {
  const windowMs = budgetWindowOf(slo, environment);
  const excluded = inWindow(adjustments, windowMs, source.at);
  const usable = source.trouble ? NO_READING : (reading ?? NO_READING);
  const { fast, slow } = usable;
  const rule = burnRuleOf(environment);
  return {
    slo: slo.name,
    service: slo.service,
    environment: environment.name,
    objective: slo.objective,
    windowMs,
    at: source.at,
    trouble: source.trouble,
    coverage: finite(usable.coverage),
    fast,
    slow,
    rule,
    burn: burnState({ fast, slow }, rule),
    ...budgetAfter(slo, windowMs, usable, excluded, source.at),
    excluded,
  };
}
