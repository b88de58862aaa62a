import type { PolicySettings } from '../declaration/platform.ts';
import type { Hold } from '../gitops/hold.ts';
import { enoughSeen } from '../runtime/budget.ts';
import { type BurnRule, burnFires } from '../runtime/burn.ts';
import { covers, type FreezeFacts } from './facts.ts';

/** The reading of one SLO in one environment; null: no data. */
export interface SpendSeen {
  readonly left: number | null;
  readonly coverage: number | null;
  readonly requests: number | null;
  readonly fast: number | null;
  readonly slow: number | null;
  /** An incident was excluded since the freeze began. */
  readonly excludedSince: boolean;
}

type FreezeCause = 'budget' | 'burn';

/** The state of the automatic freeze of one SLO in one environment. */
export interface AutoFreeze {
  readonly cause: FreezeCause | null;
  /** Since when it counts as recovered; null: it does not. */
  readonly calmSince: number | null;
  /** A person lifted it: it starts again only after its cause was gone once. */
  readonly overruled: boolean;
}

export const NO_FREEZE: AutoFreeze = { cause: null, calmSince: null, overruled: false };

function causeOf(seen: SpendSeen, rule: BurnRule, settings: PolicySettings['freeze']): FreezeCause | null {
  if (seen.left !== null && seen.left <= settings.budget && enoughSeen(seen.coverage, seen.requests ?? 0))
    return 'budget';
  return settings.onBurn && burnFires(seen, rule) ? 'burn' : null;
}

/** Recovered: above the higher share, and the fast burn known to be under. No data recovers nothing. */
const recovered = (seen: SpendSeen, rule: BurnRule, settings: PolicySettings['freeze']): boolean =>
  seen.left !== null &&
  seen.left > settings.recover &&
  seen.fast !== null &&
  !burnFires(seen, rule) &&
  (rule.slow === null || seen.slow !== null);

/**
 * The next state of one automatic freeze: it begins at the lower share or with the burn rule, and ends above the
 * higher share after so long, or at once where the incident that spent the budget was excluded. In between, and
 * without data, it stays as it is.
 */
export function autoFreeze(
  before: AutoFreeze,
  seen: SpendSeen,
  rule: BurnRule,
  settings: PolicySettings['freeze'],
  now: number,
): AutoFreeze {
  const cause = causeOf(seen, rule, settings);
  const calm = recovered(seen, rule, settings);
  if (before.overruled) return calm ? NO_FREEZE : before;
  if (before.cause === null) return cause ? { ...NO_FREEZE, cause } : before;
  if (!calm) return before.calmSince === null ? before : { ...before, calmSince: null };
  // A budget that was spent only by an excluded incident has nothing to recover from.
  if (before.cause === 'budget' && seen.excludedSince) return NO_FREEZE;
  const since = before.calmSince ?? now;
  if (now - since >= settings.forMs) return NO_FREEZE;
  return since === before.calmSince ? before : { ...before, calmSince: since };
}

/** The freeze that holds a lane, the one that lasts longest first; null: none. What goes back is never held. */
export function holdOf(
  freezes: readonly FreezeFacts[],
  service: string,
  environment: string,
  now: number,
): Hold | null {
  const mine = freezes
    .filter(
      (f) => covers(f.scope, environment, service) && f.since <= now && (f.until === null || f.until > now),
    )
    .sort((a, b) => (b.until ?? Number.MAX_VALUE) - (a.until ?? Number.MAX_VALUE));
  const [longest] = mine;
  return longest ? { id: longest.id, reason: longest.reason, by: longest.by, until: longest.until } : null;
}
