import type { Look } from '../delivery/assess.ts';
import { worstBurn } from '../delivery/burn-rule.ts';
import type { Burn } from '../delivery/events.ts';
import { closeIntervals } from '../runtime/counts.ts';
import { armsOf, inFlight, type LaneCell } from './cells.ts';
import { guardWord, type MetricsLook } from './metrics-look.ts';
import { burnRuleOf } from './settings.ts';

/** The burn that matters most among a service's SLOs. */
export const burnOf = (cell: LaneCell, look: MetricsLook): Burn =>
  worstBurn(
    [...cell.service.slos, ...cell.service.burnSlos].map(
      (slo) => look.burns.get(slo) ?? { fast: null, slow: null },
    ),
    burnRuleOf(cell.environment),
  );

/** What this lane's share of an environment's look says. */
export function laneLook(cell: LaneCell, look: MetricsLook): Look {
  const burn = burnOf(cell, look);
  const release = cell.state.release;
  const base = {
    burn,
    guard: guardWord(cell.service.guards, cell.service.name, look, cell.violations),
    queries: look.queries,
  };
  if (look.failure) return { ...base, intervals: [], cursors: {}, trouble: 'SOURCE_UNAVAILABLE' };
  if (!release || !inFlight(cell.state)) return { ...base, intervals: [], cursors: {}, trouble: null };
  const weight = cell.delivery?.weight ?? 0;
  // A look that was waited for speaks of when it was taken.
  const closed = closeIntervals({
    series: look.raw,
    slis: cell.slis,
    arms: armsOf(cell),
    cursors: release.cursors,
    closedAt: release.lookTimes.at(-1) ?? release.openedAt,
    intervalMs: release.settings.intervalMs,
    now: look.at,
    zero: {
      canary: release.confirmedAt[0] === undefined,
      stable: release.from === null || (weight === 100 && release.settings.weights[release.step] === 100),
    },
  });
  return { ...base, intervals: closed.intervals, cursors: closed.cursors, trouble: closed.trouble };
}

/** Counts the looks in a row in which a canary with traffic could not be reached. */
export function countUnreachable(cell: LaneCell, look: MetricsLook): void {
  const release = cell.state.release;
  const judged = cell.state.state === 'Canary' || cell.state.state === 'Evaluating';
  if (!release || !judged) return;
  const unscraped = !look.failure && look.up.get(release.target.revision) === 0;
  const refused = cell.delivery?.refused === true;
  const down = (unscraped || refused) && release.confirmedAt[release.step] !== undefined;
  cell.unreachableLooks = down ? cell.unreachableLooks + 1 : 0;
}
