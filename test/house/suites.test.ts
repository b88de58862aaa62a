import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { filesOf, stageOf, TEST_STAGES, testFiles } from '../../scripts/stages.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Everything that a file of tests imports, through whatever helpers of the tests stand between. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.startsWith('test/') && !file.endsWith('.test.ts')) return seen;
  const { module } = parseSync(file, readFileSync(join(ROOT, file), 'utf8'));
  for (const { moduleRequest } of module.staticImports)
    if (moduleRequest.value.startsWith('.'))
      reach(relative(ROOT, join(ROOT, dirname(file), moduleRequest.value)), seen);
  return seen;
}

describe('the stages of the tests', () => {
  it('SUITE-1: every file of tests runs in one stage, and every stage has files', () => {
    const run = TEST_STAGES.flatMap((stage) => filesOf(stage, ROOT));
    expect(run.toSorted()).toEqual(testFiles(ROOT));
    for (const stage of TEST_STAGES) {
      expect(filesOf(stage, ROOT), stage.name).not.toEqual([]);
      for (const taken of stage.takes) expect(existsSync(join(ROOT, taken)), taken).toBe(true);
    }
  });

  it('SUITE-1: a stage that names a file takes it from one that names its folder', () => {
    expect(stageOf('test/e2e/good-and-bad.test.ts').suite).toBe('test');
    expect(stageOf('test/e2e/another.test.ts').suite).toBe('rest');
    expect(stageOf('test/another/new.test.ts').name).toBe('quick');
    expect(stageOf('test/simple/new.test.ts').name).toBe('quick');
  });

  it('SUITE-2: `npm test` needs no program that only Go can build', () => {
    const needs = testFiles(ROOT)
      .filter((file) => stageOf(file).suite === 'test')
      .filter((file) => {
        const reached = reach(file);
        return reached.has('test/tools.ts') || reached.has('scripts/tools.mjs');
      });
    expect(needs).toEqual([]);
  });
});
