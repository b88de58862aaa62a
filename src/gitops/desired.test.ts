import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BROKEN_FILES } from '../../test/attacks.ts';
import { digestOf } from '../kit/digest.ts';
import { problemLine } from '../kit/problem.ts';
import { parseDesired, withArtefact } from './desired.ts';

const FILE = 'environments/prod/checkout.yaml';
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const VALID = `# what runs in prod
service: checkout
version: &v "1.1.0" # the version
digest: ${digest('b')}
chart: service@1.2.0
values:
  image: { tag: *v, pullPolicy: Always }
  replicas: 3
  env: [{ name: MODE, value: "on" }]
`;

describe('a desired-state file', () => {
  it.each(Object.entries(BROKEN_FILES))(
    'COMMIT-9: %s is a problem of that file, with its line',
    (_, text) => {
      const parsed = parseDesired(FILE, text, 'checkout');
      if (parsed.ok) throw new Error(JSON.stringify(parsed.value));
      expect(parsed.error.length).toBeLessThan(30);
      for (const problem of parsed.error) {
        expect(problem).toMatchObject({ code: 'DESIRED_STATE', file: FILE });
        expect(problem.line).toBeGreaterThan(0);
        expect(problem.next).toMatch(/^write one document/);
        expect(problemLine(problem).length).toBeLessThan(1_000);
        expect(() => digestOf(problem)).not.toThrow();
      }
    },
  );

  it('COMMIT-9: the line is that of what is wrong', () => {
    const line = (name: string) => {
      const parsed = parseDesired(FILE, BROKEN_FILES[name]!, 'checkout');
      return parsed.ok ? 0 : parsed.error[0]!.line;
    };
    expect(line('an alias without its anchor')).toBe(4);
    expect(line('half of a character')).toBe(4);
    expect(line('two documents')).toBe(5);
    expect(line('a version that is an object')).toBe(2);
  });

  it('COMMIT-13: a version is a word, and what it may hold is said at its line', () => {
    const read = (version: string) =>
      parseDesired(
        FILE,
        `service: checkout\nversion: ${JSON.stringify(version)}\ndigest: ${digest('b')}\n`,
        'checkout',
      );
    for (const version of ['1', 'v1.2.0-rc.1+build_7', '_x', `1${'x'.repeat(127)}`])
      expect(read(version)).toMatchObject({ ok: true, value: { version } });
    for (const version of [
      '../elsewhere',
      'a/b',
      '',
      '.hidden',
      '-x',
      'a b',
      '1\n::error::',
      '1\r',
      '1\n',
      'ä',
      `1${'x'.repeat(128)}`,
      '{port}',
    ])
      expect(read(version), version).toMatchObject({
        ok: false,
        error: [
          {
            line: 2,
            path: 'version',
            message: expect.stringMatching(/^expected a version: letters, digits/),
          },
        ],
      });
  });

  it('COMMIT-9: any bytes give a revision or problems, and a revision can be digested', () => {
    const check = (text: string) => {
      const parsed = parseDesired(FILE, text, 'checkout');
      if (parsed.ok) expect(digestOf(parsed.value)).toMatch(/^sha256:/);
      else expect(parsed.error.every((p) => p.line > 0 && p.message.length > 0)).toBe(true);
    };
    const bytes = fc.uint8Array({ maxLength: 300 }).map((b) => new TextDecoder().decode(b));
    const insert = fc.oneof(
      fc.constantFrom(
        '*x',
        '&x ',
        '!!binary ',
        '"\\uD800"',
        '.nan',
        '{',
        '[',
        '---\n',
        '\u0000',
        '<<: *v',
        '? ',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const mutated = fc
      .array(fc.tuple(fc.nat(VALID.length), fc.nat(12), insert), { minLength: 1, maxLength: 4 })
      .map((edits) =>
        edits.reduce((t, [at, cut, piece]) => t.slice(0, at) + piece + t.slice(at + cut), VALID),
      );
    fc.assert(fc.property(fc.oneof(bytes, mutated, mutated), check), { numRuns: 3_000 });
  });

  it('COMMIT-9: whatever the file, writing another artefact into it gives one that asks for it', () => {
    const insert = fc.constantFrom('&x ', '*v', '- ', '>-\n  ', '|\n  ', '"', "'", '# ', '\n', '{', ' ');
    const mutated = fc
      .array(fc.tuple(fc.nat(VALID.length), fc.nat(4), insert), { maxLength: 3 })
      .map((edits) =>
        edits.reduce((t, [at, cut, piece]) => t.slice(0, at) + piece + t.slice(at + cut), VALID),
      );
    const configs = fc.constantFrom(undefined, { replicas: 5 }, {});
    const check = (text: string, config: { replicas?: number } | undefined) => {
      const before = parseDesired(FILE, text, 'checkout');
      const wanted = { version: '2.0.0', digest: digest('c'), ...(config ? { config } : {}) };
      const after = parseDesired(FILE, withArtefact(text, 'checkout', wanted), 'checkout');
      expect(after).toMatchObject({ ok: true, value: { version: '2.0.0', digest: digest('c') } });
      if (config && after.ok) expect(after.value.config).toEqual(config);
      if (!config && before.ok && after.ok && !text.includes('*v'))
        expect(after.value.config).toEqual(before.value.config);
    };
    fc.assert(fc.property(mutated, configs, check), { numRuns: 500 });
  });

  it('COMMIT-9: an anchor in what is replaced makes the file be written whole', () => {
    const text = `service: checkout\nvalues: { a: &v "1" }\nversion: *v\ndigest: ${digest('a')}\n`;
    const made = withArtefact(text, 'checkout', { version: '2', digest: digest('b'), config: { b: 1 } });
    expect(parseDesired(FILE, made, 'checkout')).toMatchObject({
      ok: true,
      value: { version: '2', digest: digest('b'), config: { b: 1 } },
    });
  });
});
