import { escapeRegex, selectorText } from '../../promql/scope.ts';
import type { Arms } from '../counts.ts';
import type { Series } from '../port.ts';
import type { LatencySli } from './latency-sli.ts';

/** Requests of both arms by how long they took. */
export interface Distribution {
  /** Upper bounds of the buckets, in milliseconds, ascending; null, the last one: no bound. */
  readonly bounds: readonly (number | null)[];
  /** Requests in each bucket alone; null: this arm has no complete histogram. */
  readonly canary: readonly number[] | null;
  readonly stable: readonly number[] | null;
  /** Whether the threshold is one of the bounds. */
  readonly thresholdIsBound: boolean;
}

/** A page draws so many: of more, neighbours are put together. */
export const MOST_BUCKETS = 24;

/** What is asked of Prometheus: every bucket of both arms, counted over a span that ends when it is asked. */
export function distributionQuery({ buckets }: LatencySli, arms: Arms, spanMs: number): string {
  const revisions = [arms.canary, arms.stable].filter((r): r is string => r !== null);
  const value = revisions.map(escapeRegex).join('|');
  const selector = selectorText(buckets, [{ label: arms.label, op: '=~', value }]);
  return `sum by (le, ${arms.label}) (increase(${selector}[${Math.max(1, Math.ceil(spanMs))}ms]))`;
}

/** Requests up to each bound, of one arm; null: one is no number, or those without a bound are missing. */
function cumulativeOf(series: readonly Series[]): ReadonlyMap<number, number> | null {
  const found = new Map<number, number>();
  for (const { labels, samples } of series) {
    const le = labels['le'];
    const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le || Number.NaN);
    const value = samples.at(-1)?.[1] ?? Number.NaN;
    if (Number.isNaN(bound) || !Number.isFinite(value) || value < 0) return null;
    // `1` and `1.0` are one bound, by two versions of Prometheus.
    found.set(bound, (found.get(bound) ?? 0) + value);
  }
  return found.has(Number.POSITIVE_INFINITY) ? found : null;
}

/** Bounds that all arms have: up to each of them, what is counted is exact for every arm. */
function sharedBounds(arms: readonly ReadonlyMap<number, number>[]): number[] {
  const [first, ...others] = arms;
  return [...(first?.keys() ?? [])]
    .filter((bound) => others.every((arm) => arm.has(bound)))
    .sort((a, b) => a - b);
}

/** At most so many bounds; the threshold and the last one always stay. */
function thinned(bounds: readonly number[], threshold: number): number[] {
  const every = Math.ceil(bounds.length / (MOST_BUCKETS - 2));
  return bounds.filter(
    (bound, i) => i % every === 0 || bound === threshold || bound === Number.POSITIVE_INFINITY,
  );
}

/** Requests in each bucket alone. A bucket that was scraped before a lower one may seem smaller: it is not. */
function alone(arm: ReadonlyMap<number, number>, bounds: readonly number[]): number[] {
  let before = 0;
  return bounds.map((bound) => {
    const upTo = Math.max(before, arm.get(bound) ?? 0);
    const here = upTo - before;
    before = upTo;
    return here;
  });
}

/** Reads the answer to `distributionQuery`. */
export function readDistribution(series: readonly Series[], sli: LatencySli, arms: Arms): Distribution {
  const armOf = (revision: string | null) =>
    revision === null ? null : cumulativeOf(series.filter(({ labels }) => labels[arms.label] === revision));
  const [canary, stable] = [armOf(arms.canary), armOf(arms.stable)];
  const all = sharedBounds([canary, stable].filter((arm) => arm !== null));
  const bounds = thinned(all, sli.threshold);
  return {
    bounds: bounds.map((bound) => (bound === Number.POSITIVE_INFINITY ? null : bound * sli.unitMs)),
    canary: canary && alone(canary, bounds),
    stable: stable && alone(stable, bounds),
    thresholdIsBound: bounds.includes(sli.threshold),
  };
}
