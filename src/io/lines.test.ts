import { describe, expect, it } from 'vitest';
import { linesOf } from './lines.ts';

const all = async (pieces: readonly (string | Uint8Array)[]): Promise<string[]> => {
  async function* given() {
    yield* pieces;
  }
  const lines: string[] = [];
  for await (const line of linesOf(given())) lines.push(line);
  return lines;
};

describe('the lines of a text in pieces', () => {
  it('LEDGER-29: a line feed ends them and nothing else does, wherever the text is cut', async () => {
    const text = 'a\u2028b\u2029c\u0085d\u000be\fg\rh\n\nü\r\nlast';
    const lines = ['a\u2028b\u2029c\u0085d\u000be\fg\rh', '', 'ü', 'last'];
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++)
      expect(await all([bytes.subarray(0, at), bytes.subarray(at)]), `bytes cut at ${at}`).toEqual(lines);
    for (let at = 0; at <= text.length; at++)
      expect(await all([text.slice(0, at), text.slice(at)]), `text cut at ${at}`).toEqual(lines);
    expect(await all([`${text}\n`])).toEqual(lines);
    expect(await all([])).toEqual([]);
  });
});
