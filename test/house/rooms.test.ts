import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { adapterChoice, adapterWays } from './adapters.ts';
import { sourcesIn } from './files.ts';
import { loaders } from './loaders.ts';
import { moduleState, plannerPurity, purity } from './purity.ts';
import {
  consoleImports,
  consoleReach,
  cycles,
  foreignJson,
  isPlanner,
  OWN_JSON,
  packages,
  type Rule,
  reachedFrom,
  roomOrder,
  typeStripping,
} from './rules.ts';
import type { SourceFile } from './syntax.ts';

const ROOT = join(import.meta.dirname, '../..');
const within = (folder: string, files: readonly SourceFile[]): SourceFile[] =>
  files.map(({ file, text }) => ({ file: `${folder}/${file}`, text }));
const filesIn = (folder: string): SourceFile[] => sourcesIn(join(ROOT, folder));
const SOURCES = filesIn('src');
const CONSOLE = filesIn('console/src');
/** What is loaded together with Sluice's own: the command line drives the shop. */
const WITH_SHOP = [...SOURCES, ...within('../shop', filesIn('shop'))];
const WITH_SCRIPTS = [...WITH_SHOP, ...within('../scripts', filesIn('scripts'))];
/** It requires a file of its own name, of those that it unpacks. */
const UNPACKER = 'scripts/package/start.cjs';
/** Everything, by its path from the root. */
const ALL = ['src', 'console/src', 'shop', 'scripts', 'bench', 'test']
  .flatMap((folder) => within(folder, filesIn(folder)))
  .filter(({ file }) => file !== UNPACKER);

/** The rules are planted with what they are to find in rules.test.ts; here they are asked about what there is. */
const holds = (rule: Rule, files: readonly SourceFile[] = SOURCES) => {
  expect(files.length).toBeGreaterThan(10);
  expect(rule(files)).toEqual([]);
};

describe('the sources', () => {
  it('HOUSE-1: a room imports only rooms above it', () => holds(roomOrder, WITH_SHOP));
  it('HOUSE-3: nothing at module level changes', () => holds(moduleState, reachedFrom(WITH_SHOP, SOURCES)));
  it('HOUSE-4: adapters are chosen in wiring/ alone', () => holds(adapterChoice, WITH_SCRIPTS));
  it('HOUSE-19: adapters are used in wiring/ and passed on by nobody', () => holds(adapterWays, WITH_SHOP));
  it('HOUSE-20: files are loaded by import alone', () => holds(loaders, WITH_SHOP));
  it('HOUSE-5: types can be taken away', () => holds(typeStripping, WITH_SHOP));
  it('HOUSE-6: the console imports api, kit and the names of the machine', () =>
    holds(consoleImports, CONSOLE));
  it('HOUSE-9: places without IO know nothing of the machine', () => holds(purity));
  it('HOUSE-21: planners of the controller know nothing of it either', () => holds(plannerPurity));
  it('HOUSE-10: no file imports itself by way of others', () => holds(cycles, ALL));
  it('HOUSE-15: what the console reaches runs in a browser', () =>
    holds(consoleReach, [...within('src', SOURCES), ...within('console/src', CONSOLE)]));
  it('HOUSE-16: JSON of others is read in one way', () => holds(foreignJson));
  it('HOUSE-11: packages are imported where they belong', () => holds(packages, WITH_SHOP));
});

describe('files that are asked about', () => {
  it('HOUSE-1: planted, a file is read whatever its ending is', () => {
    const folder = temporaryFolder('endings');
    mkdirSync(join(folder, 'kit/deep'), { recursive: true });
    const names = ['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs'].map((end) => `kit/deep/a.${end}`);
    for (const name of [...names, 'kit/a.test.ts', 'kit/a.json']) {
      const text = name.includes('.c') ? "require('../../cli/b.ts');" : "import '../../cli/b.ts';";
      writeFileSync(join(folder, name), text);
    }
    const found = sourcesIn(folder);
    expect(found.map(({ file }) => file)).toEqual([...names].sort());
    expect(roomOrder(found)).toHaveLength(names.length);
  });

  it('HOUSE-21: ARCHITECTURE.md names the folders with a planner, and each has one that is asked about', () => {
    const page = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
    const row = page.split('\n').find((line) => line.startsWith('| `src/controller/`'))!;
    const folders = [...row.matchAll(/`(\w+)\/`/g)].map((m) => m[1]!).filter((name) => name !== 'flow');
    expect(folders.length).toBeGreaterThan(3);
    const planners = SOURCES.map(({ file }) => file).filter(isPlanner);
    for (const folder of folders)
      expect(planners.some((file) => file.startsWith(`controller/${folder}/`))).toBe(true);
  });

  it('HOUSE-16: each file that may read JSON by itself is there, and does so', () => {
    const reading = new Set(
      SOURCES.filter(({ text }) => /JSON\.parse|\.json\(\)/.test(text)).map(({ file }) => file),
    );
    expect([...OWN_JSON].filter((file) => !reading.has(file))).toEqual([]);
  });

  it('HOUSE-3: what src loads of the shop is among them, and its program is not', () => {
    const files = reachedFrom(WITH_SHOP, SOURCES).map(({ file }) => file);
    expect(files).toContain('../shop/profile.ts');
    expect(files).not.toContain('../shop/service.ts');
  });

  it('HOUSE-4: those of the shop and of the scripts are among them', () => {
    const files = new Set(WITH_SCRIPTS.map(({ file }) => file));
    for (const file of ['main.ts', '../shop/service.ts', '../scripts/bundle.ts', '../scripts/tools.mjs'])
      expect(files).toContain(file);
  });
});
