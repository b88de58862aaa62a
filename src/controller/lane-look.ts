import type { Look } from '../delivery/assess.ts';
import { worstBurn } from '../delivery/burn-rule.ts';
import type { Burn } from '../delivery/events.ts';
import { closeIntervals } from '../runtime/counts.ts';
import { burnRuleOf, NO_READING } from '../runtime/slo-status.ts';
import { armsOf, inFlight, type LaneCell, REACHED } from './cells.ts';
import { guardWord, type MetricsLook } from './metrics-look.ts';

/** The burn that matters most among a service's SLOs. */
export const burnOf = (cell: LaneCell, look: MetricsLook): Burn =>
  worstBurn(
    [...cell.service.slos, ...cell.service.burnSlos].map((slo) => {
      const { fast, slow } = look.slos.get(slo) ?? NO_READING;
      return { fast, slow };
    }),
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

const targetsOf = (look: MetricsLook, service: string, revision: string) =>
  (look.targets.get(revision) ?? []).filter((t) => t.service === null || t.service === service);

/**
 * When the canary was scraped last, if no target of it answered then; null: one did, or none is known. Where no target
 * of the stable version answered either it is the way there that is broken, or the whole machine: nobody's fault.
 */
export function unansweredAt(
  service: string,
  canary: string,
  stable: string | null,
  look: MetricsLook,
): number | null {
  const mine = targetsOf(look, service, canary);
  if (mine.length === 0 || mine.some((t) => t.up)) return null;
  const beside = stable === null ? [] : targetsOf(look, service, stable);
  if (beside.length > 0 && beside.every((t) => !t.up)) return null;
  return Math.max(...mine.map((t) => t.at));
}

/**
 * Counts the looks in a row in which a canary with traffic could not be reached. A pod that is only just starting, or
 * ends, beside others that answer is no such thing; and one scrape that failed is one, however often it is looked at.
 */
export function countUnreachable(cell: LaneCell, look: MetricsLook): void {
  const release = cell.state.release;
  const judged = cell.state.state === 'Canary' || cell.state.state === 'Evaluating';
  if (!release || !judged) return;
  const stable = release.from?.revision ?? null;
  const scraped = look.failure
    ? null
    : unansweredAt(cell.service.name, release.target.revision, stable, look);
  const refused = cell.delivery?.refused === true;
  const down = (scraped !== null || refused) && release.confirmedAt[release.step] !== undefined;
  if (!down) {
    cell.unreachable = REACHED;
    return;
  }
  const { looks, scrapedAt } = cell.unreachable;
  const another = refused || (scraped ?? 0) > scrapedAt;
  cell.unreachable = { looks: looks + (another ? 1 : 0), scrapedAt: scraped ?? scrapedAt };
}
