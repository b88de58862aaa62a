import { ok, type Result } from '../kit/result.ts';
import { type Matcher, type MatchOp, type PromqlProblem, parseTree, type Selector } from './parse.ts';

/** A string literal that cannot break out of its quotes. */
export const quote = (value: string): string =>
  `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;

/** A literal inside a regular expression (RE2 and JavaScript agree on these). */
export const escapeRegex = (value: string): string => value.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');

const plainLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const matcherText = (m: Matcher): string =>
  `${plainLabel.test(m.label) ? m.label : quote(m.label)}${m.op}${quote(m.value)}`;

/** The text of a selector, matchers in the order given. */
export function selectorText(selector: Selector, extra: readonly Matcher[] = []): string {
  const all = [...selector.matchers, ...extra];
  return all.length === 0 ? selector.metric : `${selector.metric}{${all.map(matcherText).join(',')}}`;
}

export const withMatcher = (selector: Selector, label: string, op: MatchOp, value: string): Selector => ({
  metric: selector.metric,
  matchers: [...selector.matchers, { label, op, value }],
});

/**
 * Inserts a matcher into every vector selector of an expression, by its syntax tree:
 * `sum(rate(a{x="1"}[5m])) / b` with revision="r" → `sum(rate(a{x="1",revision="r"}[5m])) / b{revision="r"}`.
 */
export function scopeQuery(
  query: string,
  label: string,
  op: MatchOp,
  value: string,
): Result<string, PromqlProblem> {
  const tree = parseTree(query);
  if (!tree.ok) return tree;
  const text = matcherText({ label, op, value });
  const inserts: { at: number; text: string }[] = [];
  const visit = (node: typeof tree.value): void => {
    if (node.name === 'VectorSelector') {
      let matchers: typeof node | null = null;
      for (let c = node.firstChild; c; c = c.nextSibling) if (c.name === 'LabelMatchers') matchers = c;
      if (!matchers) inserts.push({ at: node.to, text: `{${text}}` });
      else {
        const inside = query.slice(matchers.from + 1, matchers.to - 1).trim();
        const comma = inside === '' || inside.endsWith(',') ? '' : ',';
        inserts.push({ at: matchers.to - 1, text: `${comma}${text}` });
      }
      return;
    }
    for (let c = node.firstChild; c; c = c.nextSibling) visit(c);
  };
  visit(tree.value);
  let out = query;
  for (const insert of inserts.sort((a, b) => b.at - a.at))
    out = out.slice(0, insert.at) + insert.text + out.slice(insert.at);
  return ok(out);
}
