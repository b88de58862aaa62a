import type { Matcher, Selector } from './expression.ts';

const WHOLE = /^(\d+)(?:\.0+)?$/;

/**
 * The bucket `le="1"` is stored as `1` by Prometheus 2 and as `1.0` by Prometheus 3, which rewrites what is scraped:
 * a matcher that names one finds both. Nothing is changed of bounds that are no whole numbers.
 */
const anyForm = (m: Matcher): Matcher => {
  const whole = m.label === 'le' && m.op === '=' ? WHOLE.exec(m.value)?.[1] : undefined;
  return whole === undefined ? m : { label: 'le', op: '=~', value: `${whole}(\\.0)?` };
};

export const anyBucketForm = (selector: Selector): Selector => ({
  metric: selector.metric,
  matchers: selector.matchers.map(anyForm),
});

interface Bound {
  readonly family: string;
  readonly le: number;
}

/** How far a counter of a histogram reaches: up to a bound, or all of it. */
export function boundOf({ metric, matchers }: Selector): Bound | null {
  const le = matchers.find((m) => m.label === 'le' && m.op === '=')?.value;
  if (metric.endsWith('_count')) return { family: metric.slice(0, -'_count'.length), le: Infinity };
  if (!metric.endsWith('_bucket') || le === undefined) return null;
  return { family: metric.slice(0, -'_bucket'.length), le: le === '+Inf' ? Infinity : Number(le) };
}
