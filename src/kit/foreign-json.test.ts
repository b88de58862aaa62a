import { describe, expect, it } from 'vitest';
import { canonicalText } from './canonical.ts';
import { halfCharacterIn, parseForeign } from './json.ts';

describe('half of a character in the JSON of others', () => {
  it.each([
    ['a text', '{"a":"x\\ud800y"}', { a: 'x\ufffdy' }],
    ['a key', '{"\\uDFFF":1}', { '\ufffd': 1 }],
    ['a text deep within', '[[{"a":["\\uDbff"]}]]', [[{ a: ['\ufffd'] }]]],
    ['both halves of one character', '{"a":"\\ud83d\\ude00"}', { a: '\u{1f600}' }],
    ['no text at all', '[1, null, true]', [1, null, true]],
  ])('KIT-9: what is only shown is made whole, so that it can be recorded: %s', (_, text, expected) => {
    expect(parseForeign(text)).toEqual(expected);
    expect(canonicalText(parseForeign(text))).toBeTypeOf('string');
  });

  it.each([
    ['{"reason":"x\\ud800"}', ['reason']],
    ['{"a":{"b":["\\udc00"]}}', ['a', 'b', 0]],
    ['{"\\ud800":1}', ['\ud800']],
  ])('KIT-9: what is ordered is refused, at its place: %s', (text, path) =>
    expect(halfCharacterIn(text)).toMatchObject({ path, message: expect.stringContaining('half of a') }),
  );

  it.each(['{"a":"\\ud83d\\ude00"}', '{"a":"\\u00e9"}', 'no JSON \\ud800', '{}', '"\\\\ud800"'])(
    'KIT-9: what is whole, or no JSON, is nothing to be refused: %s',
    (text) => expect(halfCharacterIn(text)).toBeNull(),
  );

  it('KIT-9: however deep it is nested, it is refused or read', () => {
    const deep = `${'['.repeat(100_000)}"\\ud800"${']'.repeat(100_000)}`;
    expect(halfCharacterIn(deep)).toMatchObject({ message: expect.stringContaining('nested deeper') });
  });
});
