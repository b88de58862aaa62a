import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchGolden } from '../../test/golden/golden.ts';
import { compile } from '../controller/compile.ts';
import { problemLine } from '../kit/problem.ts';
import { compileDeclaration } from './compile.ts';
import { jsonSchema } from './schema.ts';

const FOLDER = join(import.meta.dirname, '../../test/golden/declaration');
const files = (kind: string) => readdirSync(join(FOLDER, kind)).filter((name) => name.endsWith('.yaml'));
const read = (kind: string, name: string) => [
  { file: name, text: readFileSync(join(FOLDER, kind, name), 'utf8') },
];

describe('declarations', () => {
  it.each(files('bad'))('DECL-1: bad/%s is refused, with every line that is wrong', (name) => {
    const compiled = compile(read('bad', name));
    expect(compiled.ok).toBe(false);
    if (compiled.ok) return;
    matchGolden(
      join(FOLDER, 'bad', name.replace('.yaml', '.out')),
      `${compiled.error.map(problemLine).join('\n')}\n`,
    );
  });

  it.each(files('good'))('DECL-2: good/%s becomes a platform', (name) => {
    const compiled = compile(read('good', name));
    expect(compiled).toMatchObject({ ok: true });
    if (!compiled.ok) return;
    const { digest: _, ...platform } = compiled.value;
    matchGolden(
      join(FOLDER, 'good', name.replace('.yaml', '.out')),
      `${JSON.stringify(platform, null, 2)}\n`,
    );
  });

  it('DECL-8: ten thousand SLOs in one file are read, and one wrong one among them is found at its line', () => {
    const one = (i: number, target: string) =>
      `apiVersion: openslo/v1\nkind: SLO\nmetadata: { name: s${i} }\nspec:\n  service: api\n  indicator: { spec: { ratioMetric: { counter: true, bad: { metricSource: { spec: { query: 'b{i="${i}"}' } } }, total: { metricSource: { spec: { query: r } } } } } }\n  timeWindow: [{ duration: 30d, isRolling: true }]\n  budgetingMethod: Occurrences\n  objectives: [{ target: ${target} }]\n`;
    const head = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: api }\n';
    const all = (wrong: number) =>
      [head, ...Array.from({ length: 10_000 }, (_, i) => one(i, i === wrong ? '1.5' : '0.99'))].join('---\n');
    const right = compile([{ file: 'many.yaml', text: all(-1) }], { platform: 'optional' });
    expect(right.ok && right.value.slos.length).toBe(10_000);
    const wrong = compile([{ file: 'many.yaml', text: all(7_000) }], { platform: 'optional' });
    expect(!wrong.ok && wrong.error.map((p) => [p.line, p.path])).toEqual([
      [4 + 7_000 * 10 + 9, 'spec.objectives[0]'],
    ]);
  });

  it('DECL-9: the quick reader and the careful one read the same', () => {
    for (const kind of ['good', 'bad'] as const)
      for (const name of files(kind)) {
        const { text } = read(kind, name)[0]!;
        // An anchor that nobody uses changes nothing, and takes the careful way.
        const careful = text.replace('metadata: {', 'metadata: &unused {');
        const outcome = (t: string) => {
          const compiled = compile([{ file: name, text: t }], { platform: 'optional' });
          return compiled.ok ? compiled.value.digest : compiled.error.map(problemLine);
        };
        if (careful !== text) expect(outcome(careful)).toEqual(outcome(text));
      }
  });

  it('DECL-3: a platform is frozen through and through', () => {
    const compiled = compileDeclaration(read('good', 'smallest.yaml'));
    if (!compiled.ok) throw new Error('good/smallest compiles');
    expect(Object.isFrozen(compiled.value)).toBe(true);
    expect(Object.isFrozen(compiled.value.services[0]!.strategy.steps)).toBe(true);
  });

  it('DECL-3: the digest follows the content, not the text', () => {
    const [file] = read('good', 'smallest.yaml');
    const digest = (text: string) => {
      const compiled = compileDeclaration([{ file: 'x.yaml', text }]);
      return compiled.ok ? compiled.value.digest : 'refused';
    };
    expect(digest(`# a comment\n${file!.text}`)).toBe(digest(file!.text));
    expect(digest(file!.text.replace('0.999', '0.998'))).not.toBe(digest(file!.text));
  });

  it('DECL-4: the committed JSON Schema is the one generated', () =>
    matchGolden(
      join(import.meta.dirname, '../../schema/declaration.json'),
      `${JSON.stringify(jsonSchema(), null, 2)}\n`,
    ));
});
