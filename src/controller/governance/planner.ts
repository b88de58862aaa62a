import type { Environment, PolicySettings, Slo } from '../../declaration/platform.ts';
import { type AutoFreezeAt, governanceEntry } from '../../governance/events.ts';
import { type AutoFreeze, autoFreeze, NO_FREEZE } from '../../governance/freeze.ts';
import { SYSTEM } from '../../kit/actor.ts';
import { laneName } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import type { SloStatus } from '../../runtime/slo-status.ts';
import { NOTHING, type Plan } from '../flow/types.ts';

/** One SLO, as its automatic freeze sees it. */
interface FreezeSeen {
  readonly slo: Slo;
  readonly status: SloStatus;
  /** As recorded last; undefined: there never was one. */
  readonly recorded: AutoFreezeAt | undefined;
}

/** The automatic freezes of one environment at one moment. */
export interface FreezeSituation {
  readonly now: Ms;
  readonly environment: Environment;
  readonly settings: PolicySettings['freeze'];
  readonly slos: readonly FreezeSeen[];
}

const percent = (share: number | null): string =>
  share === null ? 'an unknown share' : `${Math.round(100 * share)}%`;

function wordsOf(next: AutoFreeze, before: AutoFreeze, slo: Slo, left: number | null): string {
  if (next.cause === 'budget') return `${percent(left)} of the error budget of ${slo.name} remains`;
  if (next.cause === 'burn') return `${slo.name} burns its budget in every declared window`;
  return before.cause ? `${slo.name} has recovered` : '';
}

/** What an automatic freeze is next, the same value where it does not move, and what is recorded of that. */
function moved(s: FreezeSituation, { slo, status, recorded }: FreezeSeen) {
  const { left, coverage, requests, fast, slow } = status;
  const excludedSince = status.excluded.some((a) => a.at >= (recorded?.since ?? Number.POSITIVE_INFINITY));
  const before: AutoFreeze = recorded ?? NO_FREEZE;
  const seen = { left, coverage, requests, fast, slow, excludedSince };
  const next = autoFreeze(before, seen, status.rule, s.settings, s.now);
  if (next === before) return { next, entries: [] };
  const stays = next.cause === before.cause && next.cause !== null;
  const reason = stays ? (recorded?.reason ?? '') : wordsOf(next, before, slo, left);
  const { cause, calmSince, overruled } = next;
  const data = { slo: slo.name, cause, calmSince, overruled, left, fast, slow, reason };
  const subject = laneName(slo.service, s.environment.name);
  return { next, entries: [governanceEntry('freeze.moved', subject, data, SYSTEM, s.now, null)] };
}

/** Automatic freezes begin and end by what is read and excluded; one that is calm ends by time alone. */
export function planFreezes(s: FreezeSituation): Plan {
  if (!s.environment.budgetHolds) return NOTHING;
  const entries: Entry[] = [];
  let wakeAt: Ms | null = null;
  for (const one of s.slos) {
    if (one.status.trouble || one.status.at === 0) continue;
    const { next, entries: more } = moved(s, one);
    entries.push(...more);
    if (next.cause === null || next.calmSince === null) continue;
    wakeAt = Math.min(wakeAt ?? Number.POSITIVE_INFINITY, next.calmSince + s.settings.forMs);
  }
  return { ...NOTHING, entries, wakeAt };
}
