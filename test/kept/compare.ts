import type { Json } from './folds.ts';

type Fields = { readonly [key: string]: Json };
const isObject = (value: Json | undefined): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Text with a blank in it is written for people: its words may change, what it names and counts may not. */
const isProse = (value: Json): value is string => typeof value === 'string' && /\s/.test(value);

/** Numbers, codes and digests of a sentence. `5.20` and `5.2` are one number. */
export function factsIn(text: string): Set<string> {
  const codes = text.match(/\b(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|d-[0-9a-f]{16}|sha256:[0-9a-f]+)\b/g) ?? [];
  const rest = codes.reduce((left, code) => left.replaceAll(code, ' '), text);
  const numbers = (rest.match(/\d+(?:\.\d+)?/g) ?? []).map((number) => String(Number(number)));
  return new Set([...codes, ...numbers]);
}

const lostFacts = (kept: string, now: string, path: string): string[] => {
  const told = factsIn(now);
  return [...factsIn(kept)]
    .filter((fact) => !told.has(fact))
    .map((fact) => `${path} no longer tells ${fact}: ${kept}`);
};

/** What tells one item of a list from the others, wherever in the list it is; null: only its place does. */
function identityOf(item: Json): string | null {
  if (!isObject(item)) return null;
  for (const key of ['id', 'seq', 'decision', 'number', 'run', 'lane'])
    if (typeof item[key] === 'string' || typeof item[key] === 'number') return `${key} ${item[key]}`;
  const place = ['service', 'environment', 'slo', 'weight'].flatMap((key) =>
    item[key] === undefined || isObject(item[key]) ? [] : [`${key} ${item[key]}`],
  );
  return place.length > 0 ? place.join(', ') : null;
}

/** Which lists may hold more than was kept, by the path to them. */
type Grows = (path: string) => boolean;

/** Things with names, wherever they stand in the list. */
function lostNamed(kept: readonly Json[], now: readonly Json[], path: string, grows: Grows): string[] {
  return kept.flatMap((item) => {
    const name = identityOf(item);
    const found = now.find((other) => identityOf(other) === name);
    return found === undefined ? [`${path} has no ${name}`] : lost(item, found, grows, `${path}[${name}]`);
  });
}

/** Things without names, such as rows of a table: in their order, with others between them where there may be more. */
function lostRows(kept: readonly Json[], now: readonly Json[], path: string, grows: Grows): string[] {
  if (!grows(path)) return kept.flatMap((item, i) => lost(item, now[i], grows, `${path}[${i}]`));
  let from = 0;
  return kept.flatMap((item, i) => {
    const at = now.findIndex((other, j) => j >= from && lost(item, other, grows, path).length === 0);
    if (at < 0) return [`${path}[${i}] is gone: ${JSON.stringify(item).slice(0, 200)}`];
    from = at + 1;
    return [];
  });
}

function lostItems(kept: readonly Json[], now: readonly Json[], path: string, grows: Grows): string[] {
  if (kept.length > 0 && kept.every(isProse))
    return lostFacts(kept.join('\n'), now.filter((x) => typeof x === 'string').join('\n'), path);
  if (kept.length !== now.length && !grows(path))
    return [`${path} has ${now.length} items, and had ${kept.length}: ${JSON.stringify(now).slice(0, 200)}`];
  const names = kept.map(identityOf);
  if (new Set(names).size === kept.length && !names.includes(null)) return lostNamed(kept, now, path, grows);
  if (kept.every((item) => typeof item === 'string'))
    return kept.filter((item) => !now.includes(item)).map((item) => `${path} has no ${item}`);
  return lostRows(kept, now, path, grows);
}

const never: Grows = () => false;

/** Evidence is defined to so many parts: another order of the same sums differs behind them. */
const PRECISION = 1e-9;
const isSameFraction = (kept: Json, now: Json): boolean =>
  typeof kept === 'number' &&
  typeof now === 'number' &&
  !Number.isInteger(kept) &&
  Math.abs(now - kept) <= PRECISION * Math.max(1, Math.abs(kept));

/**
 * What a value no longer holds of one that was kept: numbers, states, names. It may hold more fields and say it in
 * other words; lists hold as many items as they did, but for those that may grow.
 */
export function lost(kept: Json, now: Json | undefined, grows: Grows = never, path = ''): string[] {
  if (now === undefined) return [`${path} is gone`];
  if (isList(kept)) return isList(now) ? lostItems(kept, now, path, grows) : [`${path} is no list any more`];
  if (isObject(kept)) {
    if (!isObject(now)) return [`${path} is no object any more`];
    return Object.entries(kept).flatMap(([key, value]) => lost(value, now[key], grows, `${path}.${key}`));
  }
  if (isProse(kept) && typeof now === 'string') return lostFacts(kept, now, path);
  if (kept === now || isSameFraction(kept, now)) return [];
  return [`${path} is ${JSON.stringify(now)}, and was ${JSON.stringify(kept)}`];
}

/** A value without some fields, however deep they are. */
export function without(value: Json, fields: ReadonlySet<string>): Json {
  if (isList(value)) return value.map((item) => without(item, fields));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !fields.has(key))
      .map(([key, item]) => [key, without(item, fields)]),
  );
}
