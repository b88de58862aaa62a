import canonicalize from 'canonicalize';
import { isPlain } from './json.ts';
import { invariant } from './result.ts';

/** JSON has no NaN and no infinities: they travel as tagged strings, so that a hash covers them too. */
const tag = (value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map(tag);
  if (value !== null && typeof value === 'object') {
    // A Date, a Map or bytes would all become {}: different values of one text.
    invariant(isPlain(value), 'a canonical value is plain data');
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, v]) => v !== undefined)
        .map(([k, v]) => [k, tag(v)]),
    );
  }
  return value;
};

const TAGGED: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** Only what `tag` writes is a number: any other object with such a key is somebody's own. */
const untag = (_key: string, value: unknown): unknown => {
  if (value === null || typeof value !== 'object' || !('$number' in value)) return value;
  const name = value.$number;
  return typeof name === 'string' && Object.hasOwn(TAGGED, name) && Object.keys(value).length === 1
    ? TAGGED[name]
    : value;
};

/**
 * RFC 8785 text of a value. The same value always gives the same text. Throws on what is no JSON, such as half of a
 * character or a cycle: texts of others are checked (`asJson`) or made whole (`wellFormed`) where they come in.
 */
export function canonicalText(value: unknown): string {
  const text = canonicalize(tag(value));
  invariant(typeof text === 'string', 'a canonical value has a text');
  return text;
}

/** Only a text that says so holds a tagged number: the reviver costs six times what parsing does. */
const TAG = '"$number"';

/** Reads a canonical text back, numbers that JSON cannot say included. */
export const fromCanonical = (text: string): unknown =>
  text.includes(TAG) ? JSON.parse(text, untag) : JSON.parse(text);
