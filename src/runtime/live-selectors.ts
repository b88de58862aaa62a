import { nearest } from '../kit/nearest.ts';
import type { Matcher, Selector } from '../promql/parse.ts';
import { selectorText } from '../promql/scope.ts';

/** What there is of one selector in a Prometheus, as far as it was asked. */
export interface SeenSelector {
  /** Series that it selects now. */
  readonly series: number;
  /** Series of its metric, whatever their labels. */
  readonly ofMetric: number;
  /** Every metric there is: asked only where its own has no series. */
  readonly metrics: readonly string[];
  /** Names of labels that series of its metric have. */
  readonly labels: readonly string[];
  /** By label: values among the series that all other matchers select. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** Something that a live Prometheus says about a declaration. */
export interface Finding {
  readonly code: string;
  /** `wrong`: a number would be wrong or absent; `note`: it may be as it should. */
  readonly level: 'wrong' | 'note';
  readonly message: string;
  readonly next?: string;
}

const quoted = (values: readonly string[]): string => {
  const shown = values.slice(0, 6).map((v) => `"${v}"`);
  return shown.join(', ') + (values.length > shown.length ? `, … (${values.length})` : '');
};

const meant = (word: string, all: readonly string[], what: string): string => {
  const near = nearest(word, all);
  return near === undefined ? `${what}: ${quoted([...all].sort())}` : `did you mean "${near}"?`;
};

/** Literal alternatives of a regular expression: `a|b` or `(a|b)`; null where it is more than that. */
function alternatives(pattern: string): string[] | null {
  const inside = /^\((?:\?:)?(.*)\)$/.exec(pattern)?.[1] ?? pattern;
  const parts = inside.split('|').map((part) => part.replace(/\\\./g, '\u0000'));
  return parts.every((part) => /^[\w\u0000 /:@-]+$/.test(part))
    ? parts.map((part) => part.replaceAll('\u0000', '.'))
    : null;
}

const matches = (m: Matcher, values: readonly string[]): boolean => {
  if (m.op === '=') return values.includes(m.value);
  try {
    const regex = new RegExp(`^(?:${m.value})$`, 'u');
    return values.some((value) => regex.test(value));
  } catch {
    // What JavaScript cannot read, Prometheus may: the number of series has the word.
    return true;
  }
};

/** A bound of a histogram that no bucket has: the nearest ones, or the same number as it is stored. */
function bound(m: Matcher, values: readonly string[]): Finding | null {
  if (m.op === '!=' || m.op === '!~' || matches(m, values)) return null;
  // A whole bound is looked for as both versions of Prometheus store it; its number comes first.
  const wanted = /^[+-]?[\d.]+/.exec(m.value)?.[0] ?? m.value;
  const number = Number(wanted);
  const same = values.find((value) => Number(value) === number);
  const near = values
    .filter((value) => Number.isFinite(Number(value)))
    .sort((a, b) => Math.abs(Number(a) - number) - Math.abs(Number(b) - number))
    .slice(0, 2)
    .sort((a, b) => Number(a) - Number(b));
  const has = values.length === 0 ? 'it has no buckets' : `the nearest are ${quoted(near)}`;
  return {
    code: 'UNKNOWN_BOUND',
    level: 'wrong',
    message: `no bucket has le="${wanted}"`,
    next: same === undefined ? has : `it is stored as "${same}": write le="${same}"`,
  };
}

/** A value that no series has. Of bad ones that may be as it should: nothing has failed yet. */
function value(m: Matcher, values: readonly string[], side: Side): Finding | null {
  if (m.op === '!=' || m.op === '!~' || matches(m, values)) return null;
  const words = m.op === '=' ? [m.value] : (alternatives(m.value) ?? []);
  const [word] = words;
  const near = words.map((one) => nearest(one, values)).find((one) => one !== undefined);
  return {
    code: 'UNKNOWN_VALUE',
    level: side === 'bad' && near === undefined ? 'note' : 'wrong',
    message:
      side === 'bad' && near === undefined
        ? `no series has ${m.label}${m.op}"${m.value}": right if nothing has failed yet`
        : `no series has ${m.label}${m.op}"${m.value}"`,
    next: word === undefined ? `there are ${quoted([...values].sort())}` : meant(word, values, 'there are'),
  };
}

/** What a selector is there for: bad ones may be absent, all others must be there. */
export type Side = 'good' | 'bad' | 'total' | 'query';

const matcherFindings = (m: Matcher, seen: SeenSelector, side: Side): Finding | null => {
  // A matcher that wants a label to be absent or empty is content with a label that nobody has.
  const content = m.op === '=' ? m.value === '' : m.op === '=~' && matches(m, ['']);
  if (content) return null;
  if (!seen.labels.includes(m.label)) {
    const none = m.op === '!=' || m.op === '!~' ? 'it keeps nothing out' : 'it selects nothing';
    return {
      code: 'UNKNOWN_LABEL',
      level: 'wrong',
      message: `no series has a label "${m.label}": ${none}`,
      next: meant(m.label, seen.labels, 'there are'),
    };
  }
  const values = seen.values.get(m.label) ?? [];
  return m.label === 'le' ? bound(m, values) : value(m, values, side);
};

/** Everything that is wrong with a selector, given what there is. Nothing: it selects what it says. */
export function selectorFindings(selector: Selector, seen: SeenSelector, side: Side): Finding[] {
  const text = selectorText(selector);
  if (seen.ofMetric === 0 && seen.metrics.includes(selector.metric))
    return [
      {
        code: 'NO_SAMPLES',
        level: 'wrong',
        message: `"${selector.metric}" had series within the last hour and has none now`,
        next: 'see the targets page of Prometheus: is what exposes it down?',
      },
    ];
  if (seen.ofMetric === 0)
    return [
      {
        code: 'UNKNOWN_METRIC',
        level: 'wrong',
        message: `no series is named "${selector.metric}"`,
        next: meant(selector.metric, seen.metrics, 'nothing near it is there'),
      },
    ];
  const found = selector.matchers.flatMap((m) => matcherFindings(m, seen, side) ?? []);
  if (found.length > 0 || seen.series > 0)
    return found.map((f) => ({ ...f, message: `${text}: ${f.message}` }));
  return [
    {
      code: 'NO_SERIES',
      level: side === 'bad' ? 'note' : 'wrong',
      message: `${text} selects no series${side === 'bad' ? ': right if nothing has failed yet' : ''}`,
      next: 'each label is there, but no series has all of them',
    },
  ];
}
