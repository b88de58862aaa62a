import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceFile } from './syntax.ts';
import {
  type Text,
  textsOfCode,
  textsOfComments,
  textsOfData,
  textsOfMarkdown,
  textsOfPlain,
  textsOfRego,
} from './texts.ts';
import { FORBIDDEN, wrongWords } from './vocabulary.ts';

const ROOT = join(import.meta.dirname, '../..');
const TESTS = /\.test\.tsx?$|_test\.rego$/;

const filesOf = (...patterns: string[]): SourceFile[] =>
  globSync(patterns, { cwd: ROOT, exclude: (name) => name === 'node_modules' || name === 'dist' })
    .filter((file) => !TESTS.test(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

const wrong = (texts: readonly Text[]): string[] => {
  expect(texts.length).toBeGreaterThan(3);
  return texts.flatMap(({ file, line, text }) =>
    wrongWords(text).map((words) => `${file}:${line}: ${words} (${text})`),
  );
};

describe('what people read has no word that puzzles them', () => {
  it.each<[string, readonly string[], (file: SourceFile) => Text[]]>([
    ['messages of the program', ['src/**/*.ts', 'shop/*.ts', 'scripts/**/*.{ts,mjs,cjs}'], textsOfCode],
    ['the console', ['console/src/**/*.{ts,tsx}'], textsOfCode],
    ['documents', ['*.md', 'docs/**/*.md', 'policy/**/*.md', 'charts/**/*.md'], textsOfMarkdown],
    ['the policy', ['policy/**/*.rego'], textsOfRego],
    [
      'values of charts, and examples',
      ['charts/*/values.yaml', 'examples/**/*.yaml', 'action.yml'],
      textsOfComments,
    ],
    [
      'descriptions',
      ['charts/**/*.schema.json', 'charts/*/Chart.yaml', 'schema/*.json', 'action.yml'],
      textsOfData,
    ],
    ['notes of charts', ['charts/*/templates/NOTES.txt'], textsOfPlain],
  ])('WORDS-1: %s', (_, patterns, texts) => expect(wrong(filesOf(...patterns).flatMap(texts))).toEqual([]));
});

describe('the table of words', () => {
  it.each(FORBIDDEN.map(({ planted, say }) => [planted, say]))('WORDS-2: planted: %s', (planted, say) =>
    expect(wrongWords(planted).join()).toContain(say),
  );
});

describe('texts are found by syntax', () => {
  const texts = (found: readonly Text[]): string[] => found.map(({ text }) => text);

  it.each<[string, string, readonly string[]]>([
    ['a string', "const a = 'it stands';", ['it stands']],
    ['a template, with its values', 'const a = `$' + '{b} % of $' + '{c}`;', ['{} % of {}']],
    ['a text of a component', 'const a = <p>it {b} % stands</p>;', ['{} % stands']],
    ['an attribute of one', 'const a = <p title="it stands" />;', ['it stands']],
    ['no name that a machine reads', "const a = { stands: 'stands' };", []],
    ['nothing that is imported', "import a from 'it stands';", []],
  ])('WORDS-3: in code: %s', (_, text, found) =>
    expect(texts(textsOfCode({ file: 'a.tsx', text }))).toEqual(found),
  );

  it('WORDS-3: in Markdown: prose and comments of code, without code', () =>
    expect(
      texts(textsOfMarkdown({ file: 'a.md', text: 'it `stands` here\n```sh\nstands # at last\n```\n' })),
    ).toEqual(['it `…` here', 'at last']));

  it('WORDS-3: in Rego: strings and comments', () =>
    expect(
      texts(textsOfRego({ file: 'a.rego', text: '# description: a b\nx := ["stands", " it stands"]' })),
    ).toEqual([' it stands', 'description: a b']));

  it('WORDS-3: in data: what describes it', () =>
    expect(
      texts(textsOfData({ file: 'a.json', text: '{"a": {"description": "it is"}, "b": "it is"}' })),
    ).toEqual(['it is']));

  it('WORDS-3: in YAML: comments', () =>
    expect(texts(textsOfComments({ file: 'a.yaml', text: 'a: 1 # it stands\n# b' }))).toEqual([
      'it stands',
      'b',
    ]));
});
