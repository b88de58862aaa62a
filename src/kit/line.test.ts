import { expect, it } from 'vitest';
import { oneLine } from './line.ts';
import { problemLine } from './problem.ts';

it.each([
  ['overrides', 'checkout \u202e0.1.1\u202c', 'checkout  0.1.1 '],
  ['embeddings and isolates', 'a\u202ab\u2067c\u2069d', 'a b c d'],
  ['marks', 'a\u200fb\u061cc', 'a b c'],
])('KIT-16: text of others turns no direction of writing: %s', (_, text, expected) => {
  expect(oneLine(text)).toBe(expected);
});

it.each([
  ['line breaks', 'a\n::error::b\r\nc', 'a ::error::b c'],
  ['breaks that only some know', 'a\u2028b\u2029c\u0085d\vE', 'a b c d E'],
  ['what steers a terminal', 'a\u001b[2Jb\u0000c\u007fd', 'a [2Jb c d'],
  ['other letters', 'Prüfung – ✓', 'Prüfung – ✓'],
])('KIT-11: text of others stays within its line: %s', (_, text, expected) => {
  expect(oneLine(text)).toBe(expected);
  const problem = { code: 'X', file: 'f', line: 1, path: text, message: text, next: text };
  expect(problemLine(problem)).toBe(`f:1: ${expected}: ${expected} (${expected})`);
});
