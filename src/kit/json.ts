import { fail, ok, type Result } from './result.ts';

/** A value that JSON can say exactly: what may be digested, recorded and sent. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What makes a value no JSON, and where in it. */
interface NotJson {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** How deep and how large a value may be; its size is one for each value, and one for each character of its texts. */
export interface JsonLimits {
  readonly depth: number;
  readonly size: number;
}

/** Why a key may not be one of ours; null: it may. */
export function wrongKey(key: string): string | null {
  // It would set a prototype where somebody copies the object with an assignment.
  if (key === '__proto__') return 'a key may not be named "__proto__"';
  // Numbers that JSON cannot say travel under it: see canonical.ts.
  if (key === '$number') return 'a key may not be named "$number"';
  return key.isWellFormed() ? null : 'a key holds half of a character (a lone surrogate)';
}

/** Why a scalar cannot be said in JSON without loss; null: it can. */
export function wrongScalar(value: unknown): string | null {
  if (typeof value === 'string')
    return value.isWellFormed() ? null : 'the text holds half of a character (a lone surrogate)';
  if (typeof value === 'boolean' || value === null) return null;
  if (typeof value !== 'number') return `${typeof value} is not a kind of value that JSON has`;
  if (!Number.isFinite(value)) return `${value} is not a number that JSON has`;
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? 'a whole number of this size is not exact: write it in quotes'
    : null;
}

/** Whether an object is made of nothing but its own fields. */
export const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** A value of unknown origin as JSON, or the first thing in it that is none. Total, for cycles and deep nesting too. */
export function asJson(value: unknown, limits: JsonLimits): Result<Json, NotJson> {
  let size = 0;
  const open = new Set<object>();
  const inKey = (holder: object, key: string): NotJson | null => {
    if (Array.isArray(holder)) return null;
    size += key.length;
    const message = wrongKey(key);
    return message === null ? null : { path: [], message };
  };
  const visit = (one: unknown, depth: number): NotJson | null => {
    const wrong = (message: string | null) => (message === null ? null : { path: [], message });
    size += typeof one === 'string' ? one.length + 1 : 1;
    if (size > limits.size)
      return wrong(`it is larger than ${limits.size} values and characters, aliases included`);
    if (typeof one !== 'object' || one === null) return wrong(wrongScalar(one));
    if (depth > limits.depth) return wrong(`it is nested deeper than ${limits.depth} levels`);
    if (!Array.isArray(one) && !isPlain(one)) return wrong('expected plain data');
    if (open.has(one)) return wrong('it contains itself: an alias is used inside its own anchor');
    open.add(one);
    for (const [key, inner] of Object.entries(one)) {
      const found = inKey(one, key) ?? visit(inner, depth + 1);
      if (found) return { ...found, path: [Array.isArray(one) ? Number(key) : key, ...found.path] };
    }
    open.delete(one);
    return null;
  };
  const found = visit(value, 1);
  return found ? fail(found) : ok(value as Json);
}

/**
 * Plain data with every text made whole: half of a character, as a title cut in its middle has it, becomes U+FFFD.
 * For words of others that are only shown; what decides is refused instead.
 */
export function wellFormed<T>(value: T): T {
  const visit = (one: unknown): unknown => {
    if (typeof one === 'string') return one.toWellFormed();
    if (Array.isArray(one)) return one.map(visit);
    if (one === null || typeof one !== 'object') return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key.toWellFormed(), visit(inner)]));
  };
  return visit(value) as T;
}

/** Only an escape can be half of a character: bytes that are none are replaced where they are decoded. */
const HALF = /\\u[dD][89a-fA-F]/;

/**
 * JSON that somebody else says of things that are only seen and shown: half of a character in it becomes U+FFFD, so
 * that it can be recorded. Throws as `JSON.parse` does, and on what is nested too deep to be read.
 */
export function parseForeign(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return HALF.test(text) ? wellFormed(value) : value;
}

/** Nobody orders or declares anything that is nested deeper. */
const ORDER_DEPTH = 64;

/** What makes the texts of a JSON text no text; null: nothing does, or it is no JSON, which others tell. */
export function halfCharacterIn(text: string): NotJson | null {
  if (!HALF.test(text)) return null;
  try {
    const read = asJson(JSON.parse(text), { depth: ORDER_DEPTH, size: Number.POSITIVE_INFINITY });
    return read.ok ? null : read.error;
  } catch {
    return null;
  }
}
