import { fail, ok, type Result } from '../kit/result.ts';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/g;
const HIGHEST = 0x10ffff;
const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/**
 * The value of a string literal, by the rules of Go that Prometheus follows. What it would refuse is refused here:
 * an unknown escape such as `\d`, and bytes that are no character. Quotes are part of `literal`.
 */
export function readString(literal: string): Result<string, string> {
  const quote = literal[0]!;
  const body = literal.slice(1, -1);
  if (literal.length < 2 || !literal.endsWith(quote)) return fail('a string is not closed');
  if (quote === '`') return ok(body);
  let wrong: string | null = null;
  const value = body.replace(ESCAPE, (text, x, u, long, octal, one: string | undefined) => {
    if (one !== undefined) {
      const simple = one === quote ? quote : SIMPLE[one];
      if (simple === undefined) wrong ??= `unknown escape ${text}: write \\${text}, or use backquotes`;
      return simple ?? text;
    }
    const code = octal === undefined ? Number.parseInt(x ?? u ?? long, 16) : Number.parseInt(octal, 8);
    const byte = x !== undefined || octal !== undefined;
    if (code > HIGHEST || isSurrogate(code) || (byte && code > 0x7f)) wrong ??= `${text} is not a character`;
    return wrong === null ? String.fromCodePoint(code) : text;
  });
  return wrong === null ? ok(value) : fail(wrong);
}

/** A string literal that cannot break out of its quotes. */
export const quote = (value: string): string =>
  `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
