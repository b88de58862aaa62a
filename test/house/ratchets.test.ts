import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { asFindings, keptList, measured, shrunk, sourceFiles } from './ratchets.ts';
import { against, type Findings, longFiles, longFunctions, unusedExports } from './sizes.ts';

type Files = Readonly<Record<string, string>>;

const sourcesOf = (files: Files) => Object.entries(files).map(([file, text]) => ({ file, text }));
const lines = (count: number): string => 'f();\n'.repeat(count);
/** A body that makes a function of so many lines. */
const body = (count: number): string => `{\n${lines(count - 2)}}`;

describe('what is too large, or of no use', () => {
  const [kept, found] = [keptList(), measured()];

  it('HOUSE-12: no file is above 400 lines but those that are listed, and none of them grew', () =>
    expect(against(kept.files, found.files)).toEqual([]));

  it('HOUSE-13: no function is above 70 lines but those that are listed, and none of them grew', () =>
    expect(against(kept.functions, found.functions)).toEqual([]));

  it('HOUSE-14: no export is without an importer but those that are listed', () =>
    expect(against(asFindings(kept.exports), asFindings(found.exports))).toEqual([]));

  it('HOUSE-12: they are looked for in every room, in the console and beside them', () => {
    const folders = new Set(sourceFiles().sources.map(({ file }) => file.split('/').slice(0, 2).join('/')));
    for (const folder of [
      'src/kit',
      'src/delivery',
      'src/server',
      'console/src',
      'shop/service.ts',
      'src/main.ts',
    ])
      expect(folders).toContain(folder);
  });
});

describe('files that are measured', () => {
  it('HOUSE-12: planted, they are found whatever their ending is, and what only describes a script is none', () => {
    const root = temporaryFolder('measured');
    mkdirSync(join(root, 'src/kit'), { recursive: true });
    const names = ['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs'].map((end) => `src/kit/a.${end}`);
    const alone = 'src/kit/b.d.ts';
    for (const name of [...names, alone, 'src/kit/a.d.mts', 'src/kit/a.test.mts'])
      writeFileSync(join(root, name), lines(401));
    const { sources } = sourceFiles(root);
    expect(sources.map(({ file }) => file)).toEqual([...names, alone].sort());
    expect(Object.keys(longFiles(sources))).toHaveLength(names.length + 1);
  });
});

describe('a kept list', () => {
  it.each<[string, Findings, Findings, readonly string[]]>([
    ['is what there is', { a: 5 }, { a: 5 }, []],
    ['lacks something', {}, { a: 5 }, ['a (5) is new: make it smaller, or use it']],
    ['holds something that grew', { a: 5 }, { a: 6 }, ['a has grown from 5 to 6']],
    ['holds something that shrank', { a: 5 }, { a: 4 }, ['a has shrunk from 5 to 4: lower it in the list']],
    ['holds what is gone', { a: 5 }, {}, ['a is no longer among them: take it off the list']],
  ])('HOUSE-12: planted, it %s', (_, kept, found, wrong) => expect(against(kept, found)).toEqual(wrong));

  it('HOUSE-12: written anew it is no longer than it was, and nothing in it is larger', () =>
    expect(shrunk({ a: 5, b: 5, c: 5 }, { a: 6, b: 4, d: 9 })).toEqual({ a: 5, b: 4 }));
});

describe('sizes', () => {
  it.each<[string, Files, Findings]>([
    ['a file of 400 lines', { 'a.ts': lines(400) }, {}],
    ['a file of 401 lines', { 'a.ts': lines(401) }, { 'a.ts': 401 }],
    ['empty lines at the end', { 'a.ts': `${lines(400)}\n\n` }, {}],
  ])('HOUSE-12: planted: %s', (_, files, found) => expect(longFiles(sourcesOf(files))).toEqual(found));

  it.each<[string, string, Findings]>([
    ['70 lines', `function a() ${body(70)}`, {}],
    ['71 lines', `function a() ${body(71)}`, { 'x.ts a': 71 }],
    ['71 lines behind an arrow', `const a = () => ${body(71)};`, { 'x.ts a': 71 }],
    ['71 lines of a method', `const o = { a() ${body(71)} };`, { 'x.ts a': 71 }],
    ['71 lines of a class', `class O { a() ${body(71)} }`, { 'x.ts a': 71 }],
    ['71 lines that are handed on', `list.map(() => ${body(71)});`, { 'x.ts callback of map': 71 }],
    ['71 lines without a name', `export default () => ${body(71)};`, { 'x.ts anonymous': 71 }],
    ['two of a name', `{ const a = () => ${body(71)}; } { const a = () => ${body(80)}; }`, { 'x.ts a': 80 }],
    ['one inside another', `function a() {\nfunction b() ${body(71)}\n}`, { 'x.ts a': 73, 'x.ts b': 71 }],
    ['a table of 100 lines', `const a = [\n${'1,\n'.repeat(100)}];`, {}],
  ])('HOUSE-13: planted, a function of %s', (_, text, found) =>
    expect(longFunctions([{ file: 'x.ts', text }])).toEqual(found),
  );
});

describe('exports', () => {
  const unused = (files: Files, tests: Files = {}) =>
    Object.keys(unusedExports(sourcesOf(files), sourcesOf({ ...files, ...tests })));

  it.each<[string, string, readonly string[]]>([
    ['a value', 'export const a = 1;', ['x/a.ts a']],
    ['a function', 'export function a() {}', ['x/a.ts a']],
    ['a class', 'export class a {}', ['x/a.ts a']],
    ['a type', 'export type a = 1;', ['x/a.ts a']],
    ['an interface', 'export interface a {}', ['x/a.ts a']],
    ['several at once', 'export const a = 1, b = 2;', ['x/a.ts a', 'x/a.ts b']],
    ['what is taken apart', 'export const { a, b: { c }, ...d } = e;', ['x/a.ts a', 'x/a.ts c', 'x/a.ts d']],
    ['what is named later', 'const a = 1; export { a as b };', ['x/a.ts b']],
    ['nothing', 'const a = 1;', []],
    ['what is passed on', "export { a } from './b.ts';", []],
  ])('HOUSE-14: planted, nobody imports %s', (_, text, found) =>
    expect(unused({ 'x/a.ts': text })).toEqual(found),
  );

  it.each<[string, Files]>([
    ['by name', { 'x/b.ts': "import { a } from './a.ts';" }],
    ['by another name', { 'x/b.ts': "import { a as b } from './a.ts';" }],
    ['as a type', { 'y/b.ts': "import type { a } from '../x/a.ts';" }],
    ['in a type', { 'y/b.ts': "type B = import('../x/a.ts').a;" }],
    ['with all others', { 'x/b.ts': "import * as all from './a.ts';" }],
    ['when it is needed', { 'x/b.ts': "const b = () => import('./a.ts');" }],
    ['to pass it on', { 'x/b.ts': "export { a } from './a.ts';" }],
    ['to pass all on', { 'x/b.ts': "export * from './a.ts';" }],
  ])('HOUSE-14: planted, an export is imported %s', (_, tests) =>
    expect(unused({ 'x/a.ts': 'export const a = 1;' }, tests)).toEqual([]),
  );

  it.each<[string, string]>([
    ['the same name of another file', "import { a } from './c.ts';"],
    ['another name of the file', "import { b } from './a.ts';"],
    ['the file for what it does', "import './a.ts';"],
    ['the same name of a package', "import { a } from 'a';"],
  ])('HOUSE-14: planted, somebody imports %s', (_, text) =>
    expect(unused({ 'x/a.ts': 'export const a = 1;' }, { 'x/b.ts': text })).toEqual(['x/a.ts a']),
  );
});
