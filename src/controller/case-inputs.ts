import type { SloCase } from '../declaration/cases.ts';
import type { Platform } from '../declaration/platform.ts';
import { didYouMean } from '../kit/nearest.ts';
import type { Selector } from '../promql/expression.ts';
import { selectorTest } from '../promql/match.ts';
import { selectorText } from '../promql/scope.ts';
import { readSeries } from '../promql/series.ts';
import { selectorsOfSlo } from './live-check.ts';

/** A series of a case that no SLO reads: its place among the inputs, and what was probably meant. */
interface UnreadInput {
  readonly index: number;
  readonly message: string;
}

const MAX_NAMED = 3;

function meantBy(metric: string, selectors: readonly Selector[]): string {
  const same = [...new Set(selectors.filter((s) => s.metric === metric).map((s) => selectorText(s)))];
  if (same.length === 0) return didYouMean(metric, [...new Set(selectors.map((s) => s.metric))].sort());
  const more = same.length > MAX_NAMED ? `, and ${same.length - MAX_NAMED} more` : '';
  return `of this metric they read ${same.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/**
 * Input series that no SLO of the declaration reads: what is expected would hold or fail whatever their values are, and
 * the likely cause is a name or a label that is mistyped.
 */
export function unreadInputs(one: SloCase, platform: Platform): UnreadInput[] {
  const selectors = platform.slos.flatMap(selectorsOfSlo);
  const tests = selectors.flatMap((s) => {
    const test = selectorTest(s);
    return test.ok ? [test.value] : [];
  });
  return one.input.flatMap(({ series }, index) => {
    const read = readSeries(series);
    if (!read.ok || tests.some((test) => test(read.value))) return [];
    const { __name__: metric = '' } = read.value;
    return [{ index, message: `no SLO reads ${series}: ${meantBy(metric, selectors)}` }];
  });
}
