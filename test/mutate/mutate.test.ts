import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Mutant, mutantsOf, mutated } from '../../scripts/mutate/mutants.ts';
import { reportOf } from '../../scripts/mutate/report.ts';
import { sampleOf } from '../../scripts/mutate/sample.ts';
import type { Survivor, Tried } from '../../scripts/mutate/survivors.ts';
import { TARGETS } from '../../scripts/mutate/targets.ts';
import { LEAST_PER_FILE, openTrial, type Trial, tryTarget } from '../../scripts/mutate/trial.ts';

const ROOT = join(import.meta.dirname, '../..');
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
/** A code with each of its mutants in it. */
const all = (text: string, operator?: string): string[] =>
  mutantsOf('a.ts', text)
    .filter((m) => operator === undefined || m.operator === operator)
    .map((m) => mutated(text, m));

describe('mutants', () => {
  it.each<[string, string, string, string[]]>([
    ['comparison', 'less', 'f(a < b);', ['f(a <= b);', 'f(a >= b);']],
    ['comparison', 'at least', 'f(a >= b);', ['f(a > b);', 'f(a < b);']],
    ['comparison', 'equal', 'f(a === b);', ['f(a !== b);']],
    ['comparison', 'a sign inside a text', "f('<' < b);", ["f('<' <= b);", "f('<' >= b);"]],
    ['arithmetic', 'a sum', 'f(a + 1);', ['f(a - 1);']],
    ['arithmetic', 'a share', 'f(a / b);', ['f(a * b);']],
    ['arithmetic', 'a sum that is kept', 'let a = 1; a += 2;', ['let a = 1; a -= 2;']],
    ['arithmetic', 'a step', 'let a = 1; f(a++);', ['let a = 1; f(a--);']],
    ['arithmetic', 'a text', "f('a' + b);", []],
    ['arithmetic', 'a longer text', 'f(`a` + b + c);', []],
    ['boolean', 'both', 'f(a && b);', ['f(a || b);']],
    ['boolean', 'a default', 'f(a ?? b);', ['f(a && b);']],
    ['boolean', 'not', 'f(!a);', ['f(a);']],
    ['boolean', 'a truth', 'f(true);', ['f(false);']],
    ['boolean', 'a condition', 'if (a) f();', ['if (true) f();', 'if (false) f();']],
    ['boolean', 'a choice', 'f(a ? 1 : 2);', ['f(true ? 1 : 2);', 'f(false ? 1 : 2);']],
    ['return', 'a value', 'function f() { return 1; }', ['function f() { return undefined; }']],
    ['return', 'a value of an arrow', 'const f = () => ({ a });', ['const f = () => undefined;']],
    ['return', 'nothing', 'function f() { return; }', []],
    ['removed statement', 'a call', 'function f() { g(); }', ['function f() { ; }']],
    ['removed statement', 'a refusal', 'function f() { throw e; }', ['function f() { ; }']],
    [
      'removed statement',
      'a case, and what is inside',
      'function f() { if (a) g(); }',
      ['function f() { ; }', 'function f() { if (a) ; }'],
    ],
    ['removed statement', 'a call of the module itself', 'g();', []],
  ])('MUTATE-1: planted, %s: %s', (operator, _, text, mutants) =>
    expect(all(text, operator)).toEqual(mutants),
  );

  it.each([
    ['a type', 'type A = B extends true ? 1 : 2;'],
    ['a type of a value', 'let a: true | false;'],
    ['a type in front of a call', 'f<true>(a as false);'],
  ])('MUTATE-1: planted, nothing is changed in %s', (_, text) => expect(all(text)).toEqual([]));

  it('MUTATE-1: what stands in the clothes of a type is code', () =>
    expect(all('f((a < b) as boolean, (c!) > d);', 'comparison')).toHaveLength(4));
});

describe('a sample', () => {
  const file = TARGETS[0]!.files[0]!;
  const mutants = mutantsOf(file, textOf(file));

  it('MUTATE-2: is the same for the same seed, and another for another', () => {
    const places = (seed: number) => sampleOf(mutants, 20, seed).map((m) => `${m.start} ${m.to}`);
    expect(places(1)).toEqual(places(1));
    expect(places(1)).not.toEqual(places(2));
  });

  it('MUTATE-2: holds every operator that the file has', () =>
    expect(new Set(sampleOf(mutants, 20, 1).map((m) => m.operator))).toEqual(
      new Set(mutants.map((m) => m.operator)),
    ));

  it('MUTATE-2: every file that is named is there, and gives twenty mutants or all it has, each once', () => {
    for (const target of TARGETS) {
      for (const path of target.tests) expect(existsSync(join(ROOT, path)), path).toBe(true);
      for (const path of target.files) {
        const found = mutantsOf(path, textOf(path));
        const sample = sampleOf(found, LEAST_PER_FILE, 1);
        expect(sample.length, path).toBe(Math.min(20, found.length));
        expect(new Set(sample).size, path).toBe(sample.length);
      }
    }
  });
});

describe('a trial', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const folderWith = (files: Readonly<Record<string, string>>): string => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-mutate-test-'));
    folders.push(directory);
    mkdirSync(join(directory, 'src'));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
    return directory;
  };
  const SOURCE = 'export const isAdult = (age: number): boolean => age >= 18;\n';
  const target = { name: 'ages', files: ['src/ages.ts'], tests: ['src/ages.test.ts'] };
  const options = { perFile: 20, seed: 1, say: () => {} };

  it('MUTATE-3: a mutant that tests notice is killed, one that they do not survives; the file is as it was', async () => {
    const directory = folderWith({
      'src/ages.ts': SOURCE,
      'src/ages.test.ts': `import { expect, it } from 'vitest';
        import { isAdult } from './ages.ts';
        it('knows the old from the young', () => { expect([isAdult(30), isAdult(3)]).toEqual([true, false]); });`,
    });
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    const tried = await tryTarget(openTrial({ ...options, directory }), target);
    expect(Object.fromEntries(tried.map((t) => [`${t.from} → ${t.to}`, t.outcome]))).toEqual({
      '>= → <': 'killed',
      '>= → >': 'survived',
      'age >= 18 → undefined': 'killed',
    });
    expect(readFileSync(join(directory, 'src/ages.ts'), 'utf8')).toBe(SOURCE);
  });

  it('MUTATE-3: tests that do not end notice it, too; tests that fail without a change try nothing', async () => {
    const directory = folderWith({ 'src/ages.ts': SOURCE });
    const run: Trial['run'] = async () => {
      const changed = readFileSync(join(directory, 'src/ages.ts'), 'utf8') !== SOURCE;
      return { outcome: changed ? 'late' : 'passed', ms: 1, tail: '' };
    };
    const tried = await tryTarget({ ...options, directory, run }, target);
    expect(new Set(tried.map((t) => t.outcome))).toEqual(new Set(['late']));
    const fails = async () => ({ outcome: 'failed' as const, ms: 1, tail: 'expected 1 to be 2' });
    await expect(tryTarget({ ...options, directory, run: fails }, target)).rejects.toThrow(
      /expected 1 to be 2/,
    );
  });
});

describe('a report', () => {
  const mutant: Mutant = { file: 'a.ts', line: 3, operator: 'comparison', from: '<', to: '<=', start: 9 };
  const tried = (outcome: Tried['outcome'], more: Partial<Tried> = {}): Tried => ({
    ...mutant,
    outcome,
    code: 'if (a < b) f();',
    ...more,
  });
  const killed = (count: number) => Array.from({ length: count }, () => tried('killed', { to: '>=' }));
  const kept: Survivor = {
    file: 'a.ts',
    operator: 'comparison',
    line: 'if (a < b) f();',
    from: '<',
    to: '<=',
    why: 'a and b are never equal',
  };

  it('MUTATE-4: counts by file, and names what survived with its line and operator', () => {
    const { text, ok } = reportOf([...killed(3), tried('survived'), tried('late', { file: 'b.ts' })], []);
    expect(ok).toBe(false);
    expect(text).toContain('| a.ts | 4 | 3 | 1 | 25% |');
    expect(text).toContain('| b.ts | 1 | 1 | 0 | 0% |');
    expect(text).toContain('| all | 5 | 4 | 1 | 20% |');
    expect(text).toContain('a.ts:3 comparison: "<" → "<=" in "if (a < b) f();"');
  });

  it.each<[string, readonly Tried[], readonly Survivor[], boolean]>([
    ['all are killed', killed(5), [], true],
    ['one of ten survives, explained', [...killed(9), tried('survived')], [kept], true],
    ['one of ten survives, and nobody says why', [...killed(9), tried('survived')], [], false],
    [
      'one survives that looks like an explained one',
      [...killed(9), tried('survived', { to: '>' })],
      [kept],
      false,
    ],
    ['too many survive, explained or not', [...killed(8), tried('survived')], [kept], false],
    ['an explained one is killed by now', [...killed(9), tried('killed')], [kept], false],
    ['an explained one was not tried', killed(5), [kept], true],
  ])('MUTATE-4: %s', (_, all, list, ok) => expect(reportOf(all, list).ok).toBe(ok));

  it('MUTATE-4: an explanation is of code that is there', () => {
    const list = JSON.parse(textOf('scripts/mutate/survivors.json')) as Survivor[];
    for (const { file, line, from, why } of list) {
      expect(textOf(file)).toContain(line);
      expect(line).toContain(from.split('\n')[0]!.trim());
      expect(why.length).toBeGreaterThan(20);
    }
  });
});
