import type { Counter } from './counters.ts';
import type { Matcher } from './expression.ts';
import type { IndicatorQuery } from './indicator.ts';
import { selectorTest } from './match.ts';
import { meanOf } from './unlike.ts';

/** Whether matchers of one label let a value through; a pattern that cannot be read does. */
function lets(matchers: readonly Matcher[], { label, value }: Matcher): boolean {
  const test = selectorTest({ metric: '', matchers: matchers.filter((m) => m.label === label) });
  return !test.ok || test.value({ __name__: '', [label]: value });
}

/** Whether no series is in both: one asks for a value that the other excludes. How far buckets reach is no such value. */
function areApart(a: Counter, b: Counter): boolean {
  const one = ({ matchers }: Counter, { matchers: others }: Counter) =>
    matchers.some((m) => m.op === '=' && m.label !== 'le' && !lets(others, m));
  return one(a, b) || one(b, a);
}

/**
 * Why one number of counters over another is no share of requests, whatever bound it has; null: it may be one. Where
 * somebody declares it as an objective that is their word; where only a number and a bound are known it is not.
 */
export function whyNoShare(query: IndicatorQuery): string | null {
  if (query.kind !== 'counters') return null;
  if (meanOf(query.part, query.total)) return 'it is a mean of observed values, not a share of requests';
  const pairs = query.part.flatMap((p) =>
    query.total.filter((t) => t.metric === p.metric).map((t) => areApart(p, t)),
  );
  return pairs.length > 0 && pairs.every((apart) => apart)
    ? 'it compares requests with others, and is not a share of them'
    : null;
}
