import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moduleState, purity } from './purity.ts';
import {
  adapterChoice,
  consoleImports,
  consoleReach,
  cycles,
  foreignJson,
  packages,
  type Rule,
  roomOrder,
  typeStripping,
} from './rules.ts';
import type { SourceFile } from './syntax.ts';

const ROOT = join(import.meta.dirname, '../..');
const filesIn = (folder: string, pattern: string): SourceFile[] =>
  globSync(pattern, { cwd: join(ROOT, folder) })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => ({ file, text: readFileSync(join(ROOT, folder, file), 'utf8') }));
const SOURCES = filesIn('src', '**/*.ts');
const CONSOLE = filesIn('console/src', '**/*.{ts,tsx}');
const within = (folder: string, files: readonly SourceFile[]): SourceFile[] =>
  files.map(({ file, text }) => ({ file: `${folder}/${file}`, text }));

/** The rules are planted with what they are to find in rules.test.ts; here they are asked about what there is. */
const holds = (rule: Rule, files: readonly SourceFile[] = SOURCES) => {
  expect(files.length).toBeGreaterThan(10);
  expect(rule(files)).toEqual([]);
};

describe('the sources', () => {
  it('HOUSE-1: a room imports only rooms above it', () => holds(roomOrder));
  it('HOUSE-3: nothing at module level changes', () => holds(moduleState));
  it('HOUSE-4: adapters are chosen in wiring/ alone', () => holds(adapterChoice));
  it('HOUSE-5: types can be taken away', () => holds(typeStripping));
  it('HOUSE-6: the console imports api, kit and the names of the machine', () =>
    holds(consoleImports, CONSOLE));
  it('HOUSE-9: places without IO know nothing of the machine', () => holds(purity));
  it('HOUSE-10: no file imports itself by way of others', () => holds(cycles));
  it('HOUSE-15: what the console reaches runs in a browser', () =>
    holds(consoleReach, [...within('src', SOURCES), ...within('console/src', CONSOLE)]));
  it('HOUSE-16: JSON of others is read in one way', () => holds(foreignJson));
  it('HOUSE-11: packages are imported where they belong', () => holds(packages));
});
