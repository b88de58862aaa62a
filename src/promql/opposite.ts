import type { Counter } from './counters.ts';
import type { Matcher } from './expression.ts';
import type { IndicatorQuery, PartIs } from './indicator.ts';

/** Bad requests that are called good ones, or good ones that are called bad: by their labels, or by their counter. Pure. */

type Counted = Extract<IndicatorQuery, { kind: 'counters' }>;

export const textOf = ({ label, op, value }: Matcher): string => `${label}${op}"${value}"`;

const GOOD = /^(2(\.\.|xx|\d\d|\.\*|\.\+)|ok|success|successful|succeeded|passed)$/i;
const BAD = /^(5(\.\.|xx|\d\d|\.\*|\.\+)|error|errors|fail|failed|failure)$/i;
/** Labels that are true, or false, of what went well; and of what did not. */
const WENT_WELL = /^(ok|success|successful|succeeded|passed|accurate|healthy)$/i;
const WENT_WRONG = /^(error|failed|failure)$/i;

/** What a value of a label calls the requests that have it; null: it does not say. */
function calls(label: string, value: string): PartIs | null {
  const is = GOOD.test(value) ? 'good' : BAD.test(value) ? 'bad' : null;
  if (is !== null || !/^(true|false)$/i.test(value)) return is;
  const well = WENT_WELL.test(label) ? true : WENT_WRONG.test(label) ? false : null;
  if (well === null) return null;
  return well === /^true$/i.test(value) ? 'good' : 'bad';
}

/** What a matcher leaves, where all of its alternatives say the same. */
function leaves({ label, op, value }: Matcher): PartIs | null {
  const alternatives = value.replace(/^\((?:\?:)?([^()]*)\)$/, '$1').split('|');
  const said = new Set(alternatives.map((one) => calls(label, one)));
  const [is] = [...said];
  if (said.size !== 1 || !is || op === '!=' || op === '!~') return null;
  return is;
}

/** Words of a counter's name; one that turns the others round leaves nothing said. */
const GOOD_WORD = /^(ok|success|successes|successful|succeeded|passed)$/;
const BAD_WORD = /^(error|errors|fail|fails|failed|failure|failures)$/;
const TURNS_ROUND = /^(no|non|not|without|free)$/;

/** What the name of a counter calls its requests; null: nothing, or both. */
function named(metric: string): PartIs | null {
  const words = metric.toLowerCase().split(/[^a-z0-9]+/);
  const [well, wrong] = [GOOD_WORD, BAD_WORD].map((word) => words.some((w) => word.test(w)));
  if (well === wrong || words.some((w) => TURNS_ROUND.test(w))) return null;
  return well ? 'good' : 'bad';
}

/** What tells the requests of this counter from the others of the total: as a text, and what it calls them. */
function sayings(some: Counter, total: readonly Counter[]): readonly { text: string; is: PartIs }[] {
  const everywhere = new Set(total.flatMap((c) => c.matchers).map(textOf));
  const labels = some.matchers.filter((m) => !everywhere.has(textOf(m)));
  const name = total.every((c) => c.metric === some.metric) ? null : named(some.metric);
  return [
    ...labels.flatMap((m) => {
      const is = leaves(m);
      return is === null ? [] : [{ text: `with ${textOf(m)}`, is }];
    }),
    ...(name === null ? [] : [{ text: `of ${some.metric}`, is: name }]),
  ];
}

/** Bad ones that are called good, or good ones that are called bad. */
export function opposite({ part, total, partIs }: Counted): string | null {
  if (part.some((c) => c.minus)) return null;
  const called = part.map((c) => sayings(c, total));
  if (called.some((said) => said.length === 0 || said.some(({ is }) => is === partIs))) return null;
  const texts = called.flatMap((said) => said.map(({ text }) => text)).join(', ');
  const like = partIs === 'bad' ? 'those that went well' : 'those that failed';
  return `requests ${texts} are counted as ${partIs}: these read like ${like}`;
}
