import type { Release } from './lane.ts';
import type { MoveReason } from './reasons.ts';

interface ArmTotals {
  readonly total: number;
  readonly bad: number;
}

/** Requests of both arms over a whole release. */
export interface SloTotals {
  readonly canary: ArmTotals;
  readonly stable: ArmTotals;
}

/** The summary of a past release; its records contain the rest. */
export interface ReleaseSummary {
  readonly id: string;
  readonly lane: string;
  readonly version: string;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly cause: MoveReason | null;
  readonly blamed: boolean;
  /** When its first step was first seen to serve; null: never. */
  readonly servedAt: number | null;
  /** One request counts once: its first SLO tells how many there were. */
  readonly totals: SloTotals;
  /** Bad requests of the canary, by SLO: what each budget spent on it. */
  readonly badBySlo: Readonly<Record<string, number>>;
  /** The record that opened it. */
  readonly seq: number;
}

/** Requests of both arms over a release, of one SLO. */
export function totalsBySlo(release: Release, slo: string): SloTotals {
  const canary = { total: 0, bad: 0 };
  const stable = { total: 0, bad: 0 };
  for (const interval of release.intervals[slo] ?? []) {
    canary.total += interval.canary?.total ?? 0;
    canary.bad += interval.canary?.bad ?? 0;
    stable.total += interval.stable?.total ?? 0;
    stable.bad += interval.stable?.bad ?? 0;
  }
  return { canary, stable };
}

/** Requests of both arms over a release, of its first SLO (one request counts once). */
export const totalsOf = (release: Release): SloTotals =>
  totalsBySlo(release, release.settings.slos[0]?.slo ?? '');

/** How a release ended, for the sentence about it. */
export type Ending = Pick<ReleaseSummary, 'cause' | 'endedAt' | 'servedAt' | 'totals'>;

export const endingOf = (release: Release): Ending => ({
  cause: release.cause,
  endedAt: release.endedAt,
  servedAt: release.confirmedAt[0] ?? null,
  totals: totalsOf(release),
});

export function summaryOf(lane: string, release: Release, seq: number): ReleaseSummary {
  const { id, target, openedAt, blamed, settings } = release;
  return {
    id,
    lane,
    version: target.version,
    openedAt,
    blamed,
    ...endingOf(release),
    badBySlo: Object.fromEntries(settings.slos.map(({ slo }) => [slo, totalsBySlo(release, slo).canary.bad])),
    seq,
  };
}
