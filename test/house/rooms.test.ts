import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');
/** Top to bottom: a room imports only rooms above it, and itself. */
const ROOMS = [
  'kit',
  'promql',
  'ledger',
  'declaration',
  'runtime',
  'delivery',
  'gitops',
  'governance',
  'controller',
  'embedded',
  'api',
  'server',
  'cli',
] as const;
const PLANES = ['declaration', 'runtime', 'delivery', 'gitops', 'governance', 'promql'];
/** Packages that do IO have no place in a plane's own files. */
const IO_PACKAGES = /^(node:|undici|execa|pino|hono|@hono|kysely|commander|prom-client|cockatiel)/;

interface Found {
  readonly file: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources = globSync('**/*.ts', { cwd: SRC })
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file): Found => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const { module } = parseSync(file, text);
    const statics = module.staticImports.map((i) => i.moduleRequest.value);
    const exports = module.staticExports.flatMap((e) =>
      e.entries.flatMap((x) => x.moduleRequest?.value ?? []),
    );
    const dynamic = module.dynamicImports.map((i) =>
      text.slice(i.moduleRequest.start + 1, i.moduleRequest.end - 1),
    );
    return { file, text, imports: [...statics, ...exports, ...dynamic] };
  });

const roomOf = (file: string): string => file.split('/')[0]!;
const targetOf = (from: string, request: string): string => relative(SRC, join(SRC, dirname(from), request));
const isOwn = (file: string): boolean => !/\/(adapters|render|import)\//.test(file);

/** The comments and strings of a file do not count as code. */
const codeOf = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");

describe('rooms', () => {
  it('HOUSE-1: a room imports only rooms above it, types included', () => {
    const wrong = sources.flatMap(({ file, imports }) =>
      imports
        .filter((request) => request.startsWith('.'))
        .map((request) => targetOf(file, request))
        .filter((target) => {
          if (file === 'main.ts') return false;
          // The demo drives the shop's own parts; the command line is the only room that may.
          if (target.startsWith('..')) return !(roomOf(file) === 'cli' && target.startsWith('../shop/'));
          return (
            ROOMS.indexOf(roomOf(target) as never) > ROOMS.indexOf(roomOf(file) as never) ||
            target === 'main.ts'
          );
        })
        .map((target) => `${file} → ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it('HOUSE-1: gitops and delivery never import governance', () => {
    const wrong = sources.filter(
      ({ file, imports }) =>
        /^(gitops|delivery)\//.test(file) && imports.some((i) => targetOf(file, i).startsWith('governance')),
    );
    expect(wrong).toEqual([]);
  });

  it('HOUSE-1: every folder of src is a known room', () => {
    const rooms = new Set(sources.map(({ file }) => roomOf(file)).filter((room) => room !== 'main.ts'));
    for (const room of rooms) expect(ROOMS).toContain(room);
  });

  it('HOUSE-2: plane roots stay pure: no IO package, no clock, no environment, no randomness, no timers', () => {
    const impure =
      /\b(Date\.now|new Date\(\)|Math\.random|process\.|setTimeout|setInterval|performance\.|fetch\(|toLocale|Intl\.)/;
    const wrong = sources
      .filter(({ file }) => PLANES.includes(roomOf(file)) && isOwn(file))
      .flatMap(({ file, imports, text }) => [
        ...imports.filter((i) => IO_PACKAGES.test(i)).map((i) => `${file} imports ${i}`),
        ...(impure.test(codeOf(text)) ? [`${file} uses ${impure.exec(codeOf(text))?.[0]}`] : []),
        ...imports
          .filter((i) => i.startsWith('.') && /\/(adapters)\//.test(targetOf(file, i)))
          .map((i) => `${file} imports an adapter, ${i}`),
      ]);
    expect(wrong).toEqual([]);
  });

  it('HOUSE-3: no mutable state at module level', () => {
    const wrong = sources
      .filter(({ file }) => file !== 'main.ts')
      .flatMap(({ file, text }) => (/^(let|var) /m.test(text) ? [file] : []));
    expect(wrong).toEqual([]);
  });

  it('HOUSE-4: only main.ts chooses adapters', () => {
    const chosen =
      /(ledger\/adapters\/(sqlite|memory)|gitops\/adapters\/git\/desired|runtime\/adapters\/prometheus\/http)/;
    const wrong = sources
      .filter(({ file }) => file !== 'main.ts' && !/\/adapters\//.test(file))
      .flatMap(({ file, imports }) =>
        imports.filter((i) => chosen.test(targetOf(file, i))).map((i) => `${file} → ${i}`),
      );
    expect(wrong).toEqual([]);
  });

  it('HOUSE-5: type-strippable syntax only: no enum, no namespace, no parameter property', () => {
    const wrong = sources.filter(({ text }) =>
      /^\s*(export )?(const )?(enum|namespace) /m.test(codeOf(text)),
    );
    expect(wrong.map((s) => s.file)).toEqual([]);
  });

  it('HOUSE-6: the console imports api, delivery names and kit, and nothing that does IO', () => {
    const files = globSync('**/*.{ts,tsx}', { cwd: join(ROOT, 'console/src') });
    const wrong = files.flatMap((file) => {
      const { module } = parseSync(file, readFileSync(join(ROOT, 'console/src', file), 'utf8'));
      return module.staticImports
        .map((i) => i.moduleRequest.value)
        .filter((i) => i.includes('/src/') && !/src\/(api\/|kit\/|delivery\/machine\.ts)/.test(i))
        .map((i) => `${file} → ${i}`);
    });
    expect(wrong).toEqual([]);
  });
});

describe('the specification', () => {
  const rules = [...readFileSync(join(ROOT, 'SPEC.md'), 'utf8').matchAll(/^- \*\*([A-Z]+-\d+)\*\*/gm)].map(
    (m) => m[1]!,
  );
  const tests = globSync(
    [
      'src/**/*.test.ts',
      'shop/**/*.test.ts',
      'test/**/*.test.ts',
      'test/contract/*/*contract.ts',
      'test/cluster/story/*.ts',
    ],
    { cwd: ROOT },
  );
  const titles = tests.flatMap((file) =>
    [
      ...readFileSync(join(ROOT, file), 'utf8').matchAll(
        /\b(?:it|step)(?:\.each\([\s\S]*?\)|\.skipIf\([^)]*\))?\(\s*(['"`])([^\n]*?)\1/g,
      ),
    ].map((m) => ({ file, title: m[2]! })),
  );

  it('HOUSE-7: every rule has a number of its own', () => expect(new Set(rules).size).toBe(rules.length));

  it('HOUSE-7: every test title begins with a rule of SPEC.md', () => {
    const wrong = titles.filter(({ title }) => !rules.includes(/^([A-Z]+-\d+): /.exec(title)?.[1] ?? ''));
    expect(wrong).toEqual([]);
  });

  it('HOUSE-7: every rule has a test', () => {
    const tested = new Set(titles.map(({ title }) => /^([A-Z]+-\d+)/.exec(title)?.[1]));
    expect(rules.filter((rule) => !tested.has(rule))).toEqual([]);
  });
});
