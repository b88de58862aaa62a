import { sha256 } from '../kit/digest.ts';
import { invariant } from '../kit/result.ts';
import type { Counter } from '../promql/counters.ts';
import type { Selector } from '../promql/expression.ts';
import { coverSelector, type Labels, type LabelTest, selectorTest } from '../promql/match.ts';
import { withMatcher } from '../promql/scope.ts';
import type { Series } from './port.ts';

/** Where the reading of each series stands: time and value of the last sample that was counted. */
type Cursors = Readonly<Record<string, readonly [number, number]>>;

interface Counted {
  readonly total: number;
  readonly bad: number;
}

/** The two arms of a release: revisions, told apart by one label. No stable: the very first release. */
export interface Arms {
  readonly label: string;
  readonly canary: string | null;
  readonly stable: string | null;
}

/** How one SLO counts: selectors of all requests and of the good (or bad) ones among them. */
export interface Sli {
  readonly slo: string;
  /** What stands in for an SLO is scraped with it: where one of them is there, the other counted nothing. */
  readonly standsInFor?: string;
  readonly total: readonly Counter[];
  readonly part: readonly Counter[];
  readonly partIs: 'good' | 'bad';
}

/** SLOs whose counters are scraped together. */
const together = (sli: Sli): string => sli.standsInFor ?? sli.slo;

interface CountedInterval {
  readonly at: number;
  readonly counts: Readonly<
    Record<string, { readonly canary: Counted | null; readonly stable: Counted | null }>
  >;
}

type ArmName = 'canary' | 'stable';

/** The SLI's own selectors, narrowed to the arms by their label: what is asked of Prometheus. */
export function armSelectors(slis: readonly Sli[], arms: Arms): Selector[] {
  const revisions = [arms.canary, arms.stable].filter((r): r is string => r !== null);
  return slis
    .flatMap((sli) => [...sli.total, ...sli.part])
    .flatMap((selector) => revisions.map((revision) => withMatcher(selector, arms.label, '=', revision)));
}

/** One selector for any number of releases of one source. */
export const batchSelector = (selectors: readonly Selector[]): string => coverSelector(selectors);

/** A short, stable name of a series: cursors stand in the ledger, one per series. */
export const seriesKey = (labels: Labels): string =>
  sha256(
    Object.keys(labels)
      .sort()
      .map((name) => `${name}=${labels[name]}`)
      .join(','),
  ).slice(0, 16);

interface Reader {
  readonly slo: string;
  readonly side: 'total' | 'part';
  /** -1 where the counter is taken off. */
  readonly sign: 1 | -1;
  readonly test: LabelTest;
}

function readersOf(slis: readonly Sli[]): Reader[] {
  const compile =
    (slo: string, side: Reader['side']) =>
    (counter: Counter): Reader => {
      const test = selectorTest(counter);
      invariant(test.ok, 'the declaration checked every selector');
      return { slo, side, sign: counter.minus ? -1 : 1, test: test.value };
    };
  return slis.flatMap((sli) => [
    ...sli.total.map(compile(sli.slo, 'total')),
    ...sli.part.map(compile(sli.slo, 'part')),
  ]);
}

interface Increment {
  readonly at: number;
  readonly delta: number;
  readonly key: string;
  readonly value: number;
  readonly arm: ArmName;
  readonly reader: Reader;
}

/** What a counter can show: no count is negative, and beyond this one more request would change nothing. */
const isCount = (value: number): boolean => value >= 0 && value <= Number.MAX_SAFE_INTEGER;

/** A counter that fell was reset: it began again at 0. */
const deltaOf = (before: number, now: number): number => (now >= before ? now - before : now);

interface Reading {
  readonly increments: Increment[];
  readonly notANumber: boolean;
  readonly newest: number;
}

/**
 * Differences between successive stored samples of each series, after its cursor.
 * A series without a cursor is new: it counts from 0, unless this is the baseline.
 */
function read(
  series: readonly Series[],
  readers: readonly Reader[],
  arms: Arms,
  cursors: Cursors,
  baseline: boolean,
): Reading {
  const increments: Increment[] = [];
  let notANumber = false;
  let newest = 0;
  for (const one of series) {
    const revision = one.labels[arms.label];
    const arm = revision === arms.canary ? 'canary' : revision === arms.stable ? 'stable' : null;
    if (arm === null || revision === undefined) continue;
    const mine = readers.filter((reader) => reader.test(one.labels));
    if (mine.length === 0) continue;
    const key = seriesKey(one.labels);
    let last = cursors[key];
    for (const [at, value] of one.samples) {
      if (last && at <= last[0]) continue;
      if (!isCount(value)) {
        notANumber = true;
        continue;
      }
      const delta = last ? deltaOf(last[1], value) : baseline ? 0 : value;
      for (const reader of mine) increments.push({ at, delta, key, value, arm, reader });
      last = [at, value];
      newest = Math.max(newest, at);
    }
  }
  return { increments: increments.sort((a, b) => a.at - b.at), notANumber, newest };
}

/** An arm brought a sample of the total, of this SLI or of one that is scraped with it. */
function isScraped(increments: readonly Increment[], slis: readonly Sli[], sli: Sli, arm: ArmName): boolean {
  const names = slis.filter((other) => together(other) === together(sli)).map((other) => other.slo);
  return increments.some((i) => i.arm === arm && i.reader.side === 'total' && names.includes(i.reader.slo));
}

/** Sums one group of increments; an arm without a new sample of its total is missing. */
function sum(
  increments: readonly Increment[],
  slis: readonly Sli[],
  zero: Readonly<Record<ArmName, boolean>>,
): CountedInterval['counts'] {
  const counts: Record<string, { canary: Counted | null; stable: Counted | null }> = {};
  for (const sli of slis) {
    const arm = (name: ArmName): Counted | null => {
      const mine = increments.filter((i) => i.reader.slo === sli.slo && i.arm === name);
      const seen = mine.filter((i) => i.reader.side === 'total');
      if (seen.length === 0)
        return zero[name] || isScraped(increments, slis, sli, name) ? { total: 0, bad: 0 } : null;
      const count = (all: number, { delta, reader }: Increment) => all + delta * reader.sign;
      const total = Math.max(0, seen.reduce(count, 0));
      const part = mine.filter((i) => i.reader.side === 'part').reduce(count, 0);
      // What is absent is derived from the total: no good request seen means all of them were bad.
      return { total, bad: Math.min(total, Math.max(0, sli.partIs === 'bad' ? part : total - part)) };
    };
    counts[sli.slo] = { canary: arm('canary'), stable: arm('stable') };
  }
  return counts;
}

const advance = (increments: readonly Increment[]): Record<string, [number, number]> => {
  const cursors: Record<string, [number, number]> = {};
  for (const { key, at, value } of increments) cursors[key] = [at, value];
  return cursors;
};

export interface CloseRequest {
  readonly series: readonly Series[];
  readonly slis: readonly Sli[];
  readonly arms: Arms;
  readonly cursors: Cursors;
  /** End of the interval closed last, or the opening of the release. */
  readonly closedAt: number;
  readonly intervalMs: number;
  /** What is scraped oftener than it is judged is pooled: an interval stays open until it is as long as this. */
  readonly leastMs?: number;
  /** Time between two scrapes, where it is shorter than an interval. */
  readonly scrapeMs?: number;
  readonly now: number;
  /** Arms that are known to have no traffic: no sample of theirs is a zero, not a gap. */
  readonly zero: Readonly<Record<ArmName, boolean>>;
}

interface Closed {
  readonly intervals: readonly CountedInterval[];
  readonly cursors: Readonly<Record<string, [number, number]>>;
  readonly trouble: 'NO_DATA' | 'STALE_DATA' | 'NOT_A_NUMBER' | null;
}

/** Intervals wait this many scrapes for the slower arm before it counts as missing. */
const PATIENCE_INTERVALS = 2.5;
/** Samples older than this many scrapes are no news. */
const STALE_INTERVALS = 3;

/**
 * Closes every interval that is complete. An interval is complete once both arms brought a sample;
 * arms are scraped at different moments, so it stays open a little for the slower one.
 */
export function closeIntervals(request: CloseRequest): Closed {
  const { series, slis, arms, cursors, closedAt, intervalMs, now, zero } = request;
  const { increments, notANumber } = read(series, readersOf(slis), arms, cursors, false);
  const intervals: CountedInterval[] = [];
  let consumed: Increment[] = [];
  let open: Increment[] = [];
  let from = closedAt;
  const close = (at: number) => {
    intervals.push({ at, counts: sum(open, slis, zero) });
    consumed = [...consumed, ...open];
    open = [];
    from = at;
  };
  const complete = () =>
    slis.every((sli) => {
      const has = (arm: ArmName) => zero[arm] || isScraped(open, slis, sli, arm);
      return has('canary') && has('stable');
    });
  // Samples lie before the look that brings them: an interval is as long as the time between two looks.
  const last = increments.at(-1)?.at ?? closedAt;
  const longEnough = (at: number) => (at === last ? now : at) - from >= (request.leastMs ?? 0);
  for (const group of slices(increments, closedAt, intervalMs)) {
    open.push(...group);
    const at = group.at(-1)!.at;
    if ((complete() && longEnough(at)) || at - from > PATIENCE_INTERVALS * intervalMs) close(at);
  }
  if (open.length > 0 && now - from > PATIENCE_INTERVALS * intervalMs) close(open.at(-1)!.at);
  return {
    intervals,
    cursors: advance(consumed),
    trouble: troubleOf(request, notANumber, intervals.length > 0),
  };
}

/** Groups of increments, one a scrape interval when several were missed, else all together. */
function slices(increments: readonly Increment[], from: number, intervalMs: number): Increment[][] {
  const newest = increments.at(-1)?.at ?? from;
  if (newest - from <= 1.75 * intervalMs) return increments.length > 0 ? [[...increments]] : [];
  const groups = new Map<number, Increment[]>();
  for (const increment of increments) {
    const slot = Math.floor((increment.at - from - 1) / intervalMs);
    const group = groups.get(slot);
    if (group) group.push(increment);
    else groups.set(slot, [increment]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}

function troubleOf(request: CloseRequest, notANumber: boolean, closed: boolean): Closed['trouble'] {
  if (notANumber) return 'NOT_A_NUMBER';
  if (closed) return null;
  const { series, arms, now, closedAt } = request;
  const scrapeMs = request.scrapeMs ?? request.intervalMs;
  const samples = series
    .filter((s) => s.labels[arms.label] === arms.canary || s.labels[arms.label] === arms.stable)
    .map((s) => s.samples.at(-1)?.[0] ?? 0);
  if (now - closedAt <= STALE_INTERVALS * scrapeMs) return null;
  if (samples.length === 0) return 'NO_DATA';
  return now - Math.max(...samples) > STALE_INTERVALS * scrapeMs ? 'STALE_DATA' : null;
}

interface BaselineCounts {
  readonly history: Readonly<Record<string, (Counted | null)[]>>;
  readonly cursors: Readonly<Record<string, [number, number]>>;
}

/** The stable version's counts before a release, one per scrape interval, gaps as null. */
export function baselineCounts(
  series: readonly Series[],
  slis: readonly Sli[],
  arms: Arms,
  intervalMs: number,
): BaselineCounts {
  const { increments } = read(series, readersOf(slis), arms, {}, true);
  const first = increments[0]?.at;
  const history: Record<string, (Counted | null)[]> = Object.fromEntries(slis.map((sli) => [sli.slo, []]));
  if (first === undefined) return { history, cursors: {} };
  const groups = new Map<number, Increment[]>();
  for (const increment of increments) {
    const slot = Math.round((increment.at - first) / intervalMs);
    const group = groups.get(slot);
    if (group) group.push(increment);
    else groups.set(slot, [increment]);
  }
  const last = Math.max(...groups.keys());
  // The first samples only set the marks: there is no difference before them.
  for (let slot = 1; slot <= last; slot++) {
    const counts = sum(groups.get(slot) ?? [], slis, { canary: true, stable: false });
    for (const sli of slis) history[sli.slo]!.push(counts[sli.slo]!.stable);
  }
  return { history, cursors: advance(increments) };
}
