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
