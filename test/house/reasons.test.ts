import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MOVE_REASONS, REASONS } from '../../src/delivery/reasons.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (patterns: string[], but: (file: string) => boolean): string =>
  globSync(patterns, { cwd: ROOT })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !but(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');

const isTest = (file: string) => /\.test\.ts$/.test(file);
/** Lists in which every reason stands, whether or not anything gives it. */
const LISTS = ['src/delivery/reasons.ts', 'src/delivery/machine.ts'];
const SOURCES = read(['src/**/*.ts'], (file) => isTest(file) || LISTS.includes(file));
const TESTS = read(
  ['{src,test}/**/*.{ts,json,jsonl,out}'],
  (file) => !isTest(file) && file.startsWith('src/'),
);

const unnamed = (text: string, reasons: readonly string[]): string[] =>
  reasons.filter((reason) => !new RegExp(`\\b${reason}\\b`).test(text));

describe('reason codes', () => {
  it.each([
    ['of verdicts', REASONS],
    ['of moves', Object.keys(MOVE_REASONS)],
  ])('HOUSE-18: %s: each is given somewhere, and a test names it', (_, reasons) => {
    expect(unnamed(SOURCES, reasons)).toEqual([]);
    expect(unnamed(TESTS, reasons)).toEqual([]);
  });

  it('HOUSE-18: one that nothing gives is found', () =>
    expect(unnamed("'A_REASON'", ['A_REASON', 'B'])).toEqual(['B']));
});
