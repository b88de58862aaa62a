import { type Matcher, mapSelectors } from '../../promql/expression.ts';
import { printExpression } from '../../promql/print.ts';
import { readExpression } from '../../promql/read.ts';
import { escapeRegex } from '../../promql/scope.ts';
import type { CanaryNames } from './flagger-providers.ts';

/**
 * Flagger asks about the canary alone, which serves nobody between two releases; the budget of a service counts what
 * its users get, from the primary too. In the query of an objective each name of the canary becomes one of both, as in
 * Flagger's own counters (`flagger-providers.ts`). Pure.
 */

/** Words that stand for a name until its matcher is read: nobody writes them. */
const MARKS = { target: 'flaggertargetname', service: 'flaggerservicename' } as const;

/** The names by which a query is filled in, so that those of the canary are found again. */
export const markedNames = (names: CanaryNames): CanaryNames => ({ ...names, ...MARKS });

const MARKED = new RegExp(`(${MARKS.target}|${MARKS.service})(-canary|-primary)?`, 'g');

const nameIn = (mark: string, names: CanaryNames): string =>
  mark === MARKS.target ? names.target : names.service;

/** Every mark as the name it stands for. */
export const unmarked = (text: string, names: CanaryNames): string =>
  text.replace(MARKED, (_, mark: string, end = '') => nameIn(mark, names) + end);

/** Whether it is a name of the canary alone: a target is its workload, a service has both behind it. */
const isCanary = (mark: string, end: string | undefined): boolean =>
  end === '-canary' || (end === undefined && mark === MARKS.target);

const bothOf = (mark: string, end: string | undefined, names: CanaryNames): string => {
  const name = escapeRegex(nameIn(mark, names));
  if (end === '-canary') return `${name}-(canary|primary)`;
  return isCanary(mark, end) ? `${name}(-primary)?` : `${name}${end ?? ''}`;
};

function widened(matcher: Matcher, names: CanaryNames): Matcher {
  const found = [...matcher.value.matchAll(MARKED)];
  if (!found.some(([, mark, end]) => isCanary(mark!, end)))
    return { ...matcher, value: unmarked(matcher.value, names) };
  const regex = matcher.op.endsWith('~');
  let value = '';
  let from = 0;
  for (const { 0: text, 1: mark, 2: end, index } of found) {
    const before = matcher.value.slice(from, index);
    value += (regex ? before : escapeRegex(before)) + bothOf(mark!, end, names);
    from = index + text.length;
  }
  const rest = matcher.value.slice(from);
  const op = matcher.op === '=' ? '=~' : matcher.op === '!=' ? '!~' : matcher.op;
  return { label: matcher.label, op, value: value + (regex ? rest : escapeRegex(rest)) };
}

/** A query with marks as one about canary and primary together; null: it names no canary. */
export function ofBoth(marked: string, names: CanaryNames): string | null {
  const read = readExpression(marked);
  if (!read.ok) return null;
  const both = mapSelectors(read.value, (selector) => ({
    ...selector,
    matchers: selector.matchers.map((matcher) => widened(matcher, names)),
  }));
  const text = unmarked(printExpression(both), names);
  return text === unmarked(printExpression(read.value), names) ? null : text;
}
