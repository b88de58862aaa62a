import type { Platform } from '../declaration/platform.ts';
import { canonicalText } from '../kit/canonical.ts';
import type { Relaxed } from './facts.ts';
import { DERIVED, DIRECTIONS, type Direction, NAMED_LISTS, RECORDS } from './setting-directions.ts';

/** One setting that differs between two declarations. */
interface SettingChange {
  /** Such as `environments[prod].burn.fast.threshold`. */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly effect: 'tightens' | 'relaxes';
}

/** The place of a comparison: the path to report, and the one in `DIRECTIONS`. */
interface At {
  readonly path: string;
  readonly pattern: string;
}

type Fields = Readonly<Record<string, unknown>>;

const child = (at: At, key: string): At =>
  RECORDS.has(at.pattern)
    ? { path: `${at.path}{${key}}`, pattern: `${at.pattern}{}` }
    : { path: at.path ? `${at.path}.${key}` : key, pattern: at.pattern ? `${at.pattern}.${key}` : key };

const entry = (at: At, name: string): At => ({ path: `${at.path}[${name}]`, pattern: `${at.pattern}[]` });

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (value === undefined ? '' : canonicalText(value));
const same = (a: unknown, b: unknown): boolean => a === b || textOf(a) === textOf(b);

/** Whether every entry of the first is one of the second. */
function isWithin(some: readonly unknown[], all: readonly unknown[]): boolean {
  const known = new Set(all.map(textOf));
  return some.every((item) => known.has(textOf(item)));
}

const bounded = (value: unknown, none: number): number | null =>
  value === null ? none : typeof value === 'number' ? value : null;

/** Whether a number became stricter; a value that is not a number never counts as stricter. */
const grew = (from: number | null, to: number | null): boolean => from !== null && to !== null && to > from;

function tightensList(from: unknown, to: unknown, more: boolean): boolean {
  if (Array.isArray(from) && Array.isArray(to)) return more ? isWithin(from, to) : isWithin(to, from);
  // Whether something is there at all.
  if (from === null || to === null) return more ? from === null : to === null;
  return false;
}

/** Names that something applies to; null is all of them. */
const tightensScope = (from: unknown, to: unknown): boolean =>
  to === null || (Array.isArray(from) && Array.isArray(to) && isWithin(from, to));

/** Of scopes: fewer of them, or what was for everything is limited to names. A limit that goes is never stricter. */
const tightensGrant = (from: unknown, to: unknown): boolean =>
  Array.isArray(from) && tightensList(from, isFields(to) ? to['scopes'] : to, false);

function tightens(direction: Direction | undefined, from: unknown, to: unknown): boolean {
  if (direction === undefined) return false;
  if (typeof direction === 'object') {
    const [before, after] = [from, to].map((word) => direction.ranks.indexOf(String(word)));
    return before! >= 0 && after! > before!;
  }
  const number = (value: unknown) => (typeof value === 'number' ? value : null);
  switch (direction) {
    case 'higher':
      return grew(number(from), number(to));
    case 'lower':
      return grew(number(to), number(from));
    case 'floor':
      return grew(bounded(from, Number.NEGATIVE_INFINITY), bounded(to, Number.NEGATIVE_INFINITY));
    case 'ceiling':
      return grew(bounded(to, Number.POSITIVE_INFINITY), bounded(from, Number.POSITIVE_INFINITY));
    case 'on':
      return from === false && to === true;
    case 'more':
      return tightensList(from, to, true);
    case 'fewer':
      return tightensList(from, to, false);
    case 'scope':
      return tightensScope(from, to);
    case 'grant':
      return tightensGrant(from, to);
    case 'text':
      return false;
  }
}

/** Entries by their names; null where they do not all have names of their own. */
function byName(list: unknown): Map<string, unknown> | null {
  if (!Array.isArray(list)) return null;
  const named = new Map<string, unknown>();
  for (const item of list) {
    const name = isFields(item) ? item['name'] : null;
    if (typeof name !== 'string' || named.has(name)) return null;
    named.set(name, item);
  }
  return named;
}

/** Entries that are there on one side only, and what differs in those that are there on both. */
function compareEntries(
  at: At,
  from: ReadonlyMap<string, unknown>,
  to: ReadonlyMap<string, unknown>,
  place: (at: At, key: string) => At,
): SettingChange[] {
  const more = DIRECTIONS[at.pattern] === 'more';
  const fewer = DIRECTIONS[at.pattern] === 'fewer';
  return [...new Set([...from.keys(), ...to.keys()])].flatMap((key): SettingChange[] => {
    const here = place(at, key);
    const [before, after] = [from.get(key), to.get(key)];
    if (from.has(key) && to.has(key)) return compare(here, before, after);
    // Names to which something applies: left out, it applies to all.
    if (DIRECTIONS[here.pattern] === 'scope') return compare(here, before ?? null, after ?? null);
    const stricter = from.has(key) ? fewer : more;
    return [
      { path: here.path, from: before ?? null, to: after ?? null, effect: stricter ? 'tightens' : 'relaxes' },
    ];
  });
}

const fieldsOf = (at: At, value: Fields): Map<string, unknown> =>
  new Map(Object.entries(value).filter(([key]) => at.pattern !== '' || !DERIVED.has(key)));

/** Compares two values of one setting, key by key. A change that is not known to be stricter relaxes. */
function compare(at: At, from: unknown, to: unknown): SettingChange[] {
  const [before, after] = NAMED_LISTS.has(at.pattern) ? [byName(from), byName(to)] : [null, null];
  if (before && after) return compareEntries(at, before, after, entry);
  if (isFields(from) && isFields(to)) return compareEntries(at, fieldsOf(at, from), fieldsOf(at, to), child);
  if (same(from, to) || DIRECTIONS[at.pattern] === 'text') return [];
  const effect = tightens(DIRECTIONS[at.pattern], from, to) ? 'tightens' : 'relaxes';
  return [{ path: at.path, from: from ?? null, to: to ?? null, effect }];
}

/** Every difference between two declarations, and whether it is known to be stricter. */
export const settingChanges = (before: Platform, after: Platform): SettingChange[] =>
  compare({ path: '', pattern: '' }, before, after);

const SHOWN_LENGTH = 120;
/** What is relaxed beyond these is counted, not named. */
const MAX_RELAXED = 100;

/** A value as it is told: itself where it is short, else the beginning of its text. */
function shown(value: unknown): Relaxed['from'] {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value : canonicalText(value);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH).toWellFormed()}…`;
}

const wordOf = (value: Relaxed['from']): string => (value === null ? 'nothing' : String(value));

/** The scope of a setting: an SLO, a service or an environment by its path, otherwise everything. */
function scopeOf(path: string): Pick<Relaxed, 'slo' | 'service' | 'environment'> {
  const [, list, name] = /^(slos|services|environments)\[([^\]]*)\]/.exec(path) ?? [];
  return {
    slo: list === 'slos' ? name! : '*',
    service: list === 'services' ? name! : '*',
    environment: list === 'environments' ? name! : '*',
  };
}

const EVERYBODY = { slo: '*', service: '*', environment: '*' } as const;

/** Every setting that would be less strict than before, with its path and both values. Fails closed: an unclassified setting counts. */
export function relaxedIn(before: Platform, after: Platform): Relaxed[] {
  const found = settingChanges(before, after).filter((change) => change.effect === 'relaxes');
  const named = found.slice(0, MAX_RELAXED).map(({ path, ...change }): Relaxed => {
    const [from, to] = [shown(change.from), shown(change.to)];
    return { path, ...scopeOf(path), what: `${wordOf(from)} → ${wordOf(to)}`, from, to };
  });
  const rest = found.length - named.length;
  if (rest === 0) return named;
  return [...named, { path: '…', ...EVERYBODY, what: `${rest} more settings`, from: null, to: null }];
}
