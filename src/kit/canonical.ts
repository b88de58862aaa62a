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

const untag = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && '$number' in value && Object.keys(value).length === 1
    ? Number((value as { $number: string }).$number)
    : value;

/**
 * RFC 8785 text of a value. The same value always gives the same text. Throws on what is no JSON, such as half of a
 * character or a cycle: texts of others are checked (`asJson`) or made whole (`wellFormed`) where they come in.
 */
export function canonicalText(value: unknown): string {
  const text = canonicalize(tag(value));
  invariant(typeof text === 'string', 'a canonical value has a text');
  return text;
}

/** Reads a canonical text back, numbers that JSON cannot say included. */
export const fromCanonical = (text: string): unknown => JSON.parse(text, untag);
