import canonicalize from 'canonicalize';
import { invariant } from './result.ts';

/** JSON has no NaN and no infinities: they travel as tagged strings, so that a hash covers them too. */
const tag = (value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map(tag);
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, v]) => v !== undefined)
        .map(([k, v]) => [k, tag(v)]),
    );
  return value;
};

const untag = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && '$number' in value && Object.keys(value).length === 1
    ? Number((value as { $number: string }).$number)
    : value;

/** RFC 8785 text of a value. The same value always gives the same text. */
export function canonicalText(value: unknown): string {
  const text = canonicalize(tag(value));
  invariant(typeof text === 'string', 'a canonical value has a text');
  return text;
}

/** Reads a canonical text back, numbers that JSON cannot say included. */
export const fromCanonical = (text: string): unknown => JSON.parse(text, untag);
