/** Requests of both versions by how long they took, with what is wrong with them. */
export interface DistributionView {
  /** `partial`: an arm or the threshold is missing; `stale`: Prometheus answered before, and not the last time. */
  readonly state: 'ready' | 'partial' | 'stale' | 'missing';
  /** Why it is not ready; null: it is. */
  readonly why: string | null;
  /** The end of the time that was counted, in milliseconds since 1970; null where it is missing. */
  readonly at: number | null;
  readonly spanMs: number;
  /** Upper bounds of the buckets in milliseconds, ascending; the last one is null: it has none. */
  readonly bounds: readonly (number | null)[];
  /** Requests in each bucket alone; null: this version has no complete histogram. */
  readonly canary: readonly number[] | null;
  readonly stable: readonly number[] | null;
}

/** A time as people write it: 0.5 ms, 300 ms, 2.5 s. */
export function timeText(ms: number): string {
  const [value, unit] = ms < 1_000 ? [ms, 'ms'] : [ms / 1_000, 's'];
  return `${Number(value.toPrecision(4))} ${unit}`;
}

/** A share of requests in two digits: never 0% of what is some, never 100% of what is not all. */
export function shareText(part: number, whole: number): string {
  if (part <= 0) return '0%';
  if (part >= whole) return '100%';
  const percent = (100 * part) / whole;
  if (percent < 0.01) return 'less than 0.01%';
  if (percent > 99.9) return 'more than 99.9%';
  return `${Number(percent.toPrecision(percent >= 10 ? 3 : 2))}%`;
}

/** One bucket as it is drawn: the share of each version's requests that are in it. */
export interface Bar {
  readonly name: string;
  /** Null: nothing is known of this version. */
  readonly canary: number | null;
  readonly stable: number | null;
  /** All requests in it took longer than the threshold. */
  readonly slow: boolean;
}

const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);

/** A span of times; a unit that both ends share is written once. */
function nameOf(from: number | null, to: number | null): string {
  if (to === null) return `> ${timeText(from ?? 0)}`;
  if (from === null) return `≤ ${timeText(to)}`;
  const [low, high] = [timeText(from), timeText(to)];
  const unit = high.slice(high.indexOf(' '));
  return `${low.endsWith(unit) ? low.slice(0, -unit.length) : low} – ${high}`;
}

/** Buckets as bars, without those at both ends in which there is nothing; the threshold is always between two. */
export function barsOf(view: DistributionView, thresholdMs: number): Bar[] {
  const { bounds, canary, stable } = view;
  const share = (counts: readonly number[] | null, i: number): number | null => {
    if (counts === null) return null;
    const all = sum(counts);
    return all > 0 ? counts[i]! / all : 0;
  };
  const isBound = bounds.includes(thresholdMs);
  const bars = bounds.map((bound, i): Bar => {
    const from = i === 0 ? null : bounds[i - 1]!;
    return {
      name: nameOf(from, bound),
      canary: share(canary, i),
      stable: share(stable, i),
      slow: isBound && (bound === null || bound > thresholdMs),
    };
  });
  const differs = (bar: Bar, beside: Bar | undefined) => beside !== undefined && beside.slow !== bar.slow;
  const isKept = (bar: Bar, i: number): boolean =>
    (bar.canary ?? 0) > 0 || (bar.stable ?? 0) > 0 || differs(bar, bars[i + 1]) || differs(bar, bars[i - 1]);
  const first = bars.findIndex(isKept);
  const last = bars.findLastIndex(isKept);
  return first < 0 ? [] : bars.slice(first, last + 1);
}

/** Where the threshold is drawn: before this bar; null: it is at none of the bounds. */
export function thresholdPlace(bars: readonly Bar[]): number | null {
  const place = bars.findIndex((bar) => bar.slow);
  return place < 0 ? null : place;
}

/** What a drawing shows, for readers by ear. */
export function distributionText(view: DistributionView, thresholdMs: number): string {
  const place = view.bounds.indexOf(thresholdMs);
  const over = (counts: readonly number[] | null): string => {
    if (counts === null) return 'not known';
    const all = sum(counts);
    return all > 0 ? shareText(sum(counts.slice(place + 1)), all) : 'no requests';
  };
  if (place < 0) return `Requests by the time that they took; no bucket ends at ${timeText(thresholdMs)}`;
  return `Slower than ${timeText(thresholdMs)}: new version ${over(view.canary)}, stable ${over(view.stable)}`;
}
