import { parseSelectorSum, type Selector } from '../src/promql/parse.ts';
import type { Sli } from '../src/runtime/counts.ts';

/** The selectors of a query that is known to be one. */
export function selectors(query: string): readonly Selector[] {
  const parsed = parseSelectorSum(query);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** An SLI of all requests of a metric, those without a 5xx good. */
export const goodSli = (metric: string, match: string): Sli => ({
  slo: 's',
  total: selectors(`${metric}{${match}}`),
  part: selectors(`${metric}{${match},code!~"5.."}`),
  partIs: 'good',
});
