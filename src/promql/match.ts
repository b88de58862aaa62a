import { fail, ok, type Result } from '../kit/result.ts';
import type { Matcher, Selector } from './expression.ts';
import { isPlainLabel } from './print.ts';
import { escapeRegex, quote } from './scope.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelTest = (labels: Labels) => boolean;

/** Prometheus anchors its regular expressions at both ends; a leading (?i) or (?s) becomes a flag. */
function regexOf(pattern: string): RegExp {
  const flags = /^\(\?([is]+)\)/.exec(pattern);
  const body = flags ? pattern.slice(flags[0].length) : pattern;
  return new RegExp(`^(?:${body})$`, flags ? `${flags[1]}u` : 'u');
}

function testOf(m: Matcher): LabelTest {
  if (m.op === '=') return (labels) => (labels[m.label] ?? '') === m.value;
  if (m.op === '!=') return (labels) => (labels[m.label] ?? '') !== m.value;
  const regex = regexOf(m.value);
  return m.op === '=~'
    ? (labels) => regex.test(labels[m.label] ?? '')
    : (labels) => !regex.test(labels[m.label] ?? '');
}

/** A predicate that accepts exactly the series that Prometheus would select. */
export function selectorTest(selector: Selector): Result<LabelTest, string> {
  try {
    const tests = selector.matchers.map(testOf);
    return ok((labels) => labels['__name__'] === selector.metric && tests.every((t) => t(labels)));
  } catch (thrown) {
    return fail(`the regular expression cannot be read: ${(thrown as Error).message}`);
  }
}

const alternation = (values: Iterable<string>): string =>
  [...new Set(values)].sort().map(escapeRegex).join('|');

/**
 * One selector that covers many: its text does select every series of each. It does not grow into
 * more than one query, however many releases are in flight; the surplus is sorted out by `selectorTest`.
 */
export function coverSelector(selectors: readonly Selector[]): string {
  const parts = [`__name__=~${quote(alternation(selectors.map((s) => s.metric)))}`];
  const equalities = (s: Selector) =>
    new Map(s.matchers.filter((m) => m.op === '=').map((m) => [m.label, m.value]));
  const maps = selectors.map(equalities);
  for (const label of maps[0]?.keys() ?? []) {
    if (!maps.every((map) => map.has(label))) continue;
    const values = [...new Set(maps.map((map) => map.get(label)!))];
    const name = isPlainLabel(label) ? label : quote(label);
    parts.push(
      values.length === 1 ? `${name}=${quote(values[0]!)}` : `${name}=~${quote(alternation(values))}`,
    );
  }
  return `{${parts.join(',')}}`;
}
