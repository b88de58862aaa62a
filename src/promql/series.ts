import { fail, ok, type Result } from '../kit/result.ts';
import type { Labels } from './match.ts';
import { readExpression } from './read.ts';

const EXPECTED = 'expected one series, as name{label="value"}';

/** One series as it is written in a test: its labels, its name among them; or why it is none. */
export function readSeries(text: string): Result<Labels, string> {
  const read = readExpression(text);
  if (!read.ok) return fail(`PromQL ${read.error.message}; ${EXPECTED}`);
  if (read.value.kind !== 'selector') return fail(EXPECTED);
  const { metric, matchers } = read.value.selector;
  const labels: Record<string, string> = metric === '' ? {} : { __name__: metric };
  for (const { label, op, value } of matchers) {
    if (op !== '=') return fail(`a series has one value of "${label}", not ${op}"${value}"; ${EXPECTED}`);
    if (Object.hasOwn(labels, label)) return fail(`the label "${label}" is given twice; ${EXPECTED}`);
    labels[label] = value;
  }
  return labels['__name__'] === undefined ? fail(`the metric is not named; ${EXPECTED}`) : ok(labels);
}
