import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { createParts } from '../../src/app/parts.ts';
import type { CommandContext } from '../../src/cli/command.ts';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { COMMANDS } from '../../src/main.ts';
import { temporaryFolder } from '../folder.ts';
import { runCli, testIo } from './run.ts';

const ROOT = join(import.meta.dirname, '../..');

const sluice = (args: readonly string[]) => runCli(args);

interface Declared {
  readonly path: string;
  readonly description: string;
  readonly options: readonly string[];
  /** What its options and arguments say of themselves, by how they are written. */
  readonly described: readonly (readonly [string, string])[];
}

/** A command and everything below it, as they declare themselves. */
const withSubcommands = (command: CommandUnknownOpts, path: string): Declared[] => [
  {
    path,
    description: command.description(),
    options: command.options.map((o) => o.long ?? ''),
    described: [
      ...command.options.map((o) => [o.flags, o.description] as const),
      ...command.registeredArguments.map((a) => [`<${a.name()}>`, a.description] as const),
    ],
  },
  ...command.commands.flatMap((c) => withSubcommands(c, `${path} ${c.name()}`)),
];

const context: CommandContext = {
  io: testIo().io,
  parts: createParts(ROOT, join(ROOT, 'src/main.ts')),
  commands: COMMANDS,
  version: '0.0.0',
  run: async () => {},
};
const declared = (
  await Promise.all(
    COMMANDS.map(async ([name, description, load]) => {
      const command = new Command(name).description(description);
      (await load()).define(command, context);
      return withSubcommands(command, name);
    }),
  )
).flat();

describe('commands', () => {
  it.each(declared.map((d) => [d.path, d.description]))('CLI-16: sluice %s says what it does', (_, what) =>
    expect(what).toMatch(/\w/),
  );

  it.each(declared.map((d) => [d.path, d] as const))(
    'CLI-40: sluice %s begins with a verb, and its help ends with two examples that use its options',
    async (path, { description, options }) => {
      expect(description).toMatch(/^[A-Z][a-z]+ /);
      const [first, second] = EXAMPLES[path] ?? [];
      expect((await sluice([...path.split(' '), '--help'])).out).toContain(
        `\nExamples:\n  ${first}\n  ${second}\n`,
      );
      for (const example of [first, second]) {
        expect(example).toMatch(new RegExp(`^sluice ${path}( |$)`));
        if (declared.some((d) => d.path.startsWith(`${path} `))) continue;
        for (const [option] of example!.matchAll(/--[a-z-]+/g)) expect(options).toContain(option);
      }
    },
  );

  it.each(declared.map((d) => [d.path, d] as const))(
    'CLI-50: every option and argument of sluice %s says what it is',
    (_, { described }) => {
      for (const [what, said] of described)
        expect([what, said]).toEqual([what, expect.stringMatching(/\w{2}/)]);
    },
  );

  it.each([
    ['statsu', 'Did you mean status?'],
    ['ledger verfy', 'Did you mean verify?'],
    ['release aborrt checkout prod', 'Did you mean abort?'],
    ['status --pipelin', 'Did you mean --pipeline?'],
    ['explain slo checkout-availabilty examples/shop', 'did you mean "checkout-availability"?'],
    ['render examples/shop --out x --format kubernets', 'kubernetes'],
  ])('CLI-50: sluice %s is told what was meant', async (line, said) => {
    const { exit, err } = await sluice(line.split(' '));
    expect([exit, err]).toEqual([2, expect.stringContaining(said)]);
  });

  it('CLI-40: there is no example of a command that does not exist', () =>
    expect(Object.keys(EXAMPLES).sort()).toEqual(declared.map((d) => d.path).sort()));

  it('CLI-16: the help lists every command with what it does, and a wrong name is told the nearest one', async () => {
    const help = await sluice(['--help']);
    expect([help.exit, help.err]).toEqual([0, '']);
    const told = help.out.replace(/\s+/g, ' ');
    for (const [name, description] of COMMANDS) expect(told).toContain(` ${name} ${description} `);
    const wrong = await sluice(['statsu']);
    expect([wrong.exit, wrong.out]).toEqual([2, '']);
    expect(wrong.err).toContain('Did you mean status?');
  });

  it.each(COMMANDS.map(([name]) => [name]))('CLI-16: help %s is %s --help', async (name) => {
    const asked = await sluice(['help', name]);
    expect(asked).toEqual(await sluice([name, '--help']));
    expect([asked.exit, asked.err]).toEqual([0, '']);
    expect(asked.out).toMatch(new RegExp(`^Usage: sluice ${name} `));
  });

  const misused = [
    '',
    'no-such-command',
    'help no-such-command',
    'ledger',
    'ledger no-such-command',
    'promote only-one-argument',
    'render --format',
    ...declared.map(({ path }) => `${path} --no-such-option`),
  ];
  it.each(misused.map((line) => [line]))(
    'CLI-6: a wrong use, sluice %s --json, is one document',
    async (line) => {
      const { exit, out, err } = await sluice([...line.split(' ').filter(Boolean), '--json']);
      expect([exit, err]).toEqual([2, '']);
      expect(JSON.parse(out)).toMatchObject({
        schema: 'sluice.dev/error/v1',
        error: { code: 'USAGE', message: expect.any(String), next: expect.any(String) },
      });
    },
  );

  it('CLI-17: a handler takes its options as they are declared, without a cast', () => {
    const handlers: string[] = [];
    const casts: string[] = [];
    for (const file of globSync('src/cli/**/*.ts', { cwd: ROOT })) {
      const source = readFileSync(join(ROOT, file), 'utf8');
      const spans: { start: number; end: number }[] = [];
      const found: { start: number; end: number }[] = [];
      new Visitor({
        CallExpression({ callee, end }) {
          if (callee.type === 'MemberExpression' && !callee.computed && callee.property.name === 'action')
            spans.push({ start: callee.property.start, end });
        },
        TSAsExpression: ({ start, end }) => void found.push({ start, end }),
      }).visit(parseSync(file, source).program);
      handlers.push(...spans.map(() => file));
      const inside = found.filter((f) => spans.some((s) => s.start <= f.start && f.end <= s.end));
      casts.push(...inside.map((f) => `${file}: ${source.slice(f.start, f.end)}`));
      if (/\bas typeof o\b/.test(source)) casts.push(`${file}: as typeof o`);
    }
    expect(handlers.length).toBeGreaterThanOrEqual(COMMANDS.length);
    expect(casts).toEqual([]);
  });
});

/** Runs Node once the reader of its output has gone: a shell waits until then. */
async function withClosedPipe(...args: string[]) {
  const child = spawn('sh', ['-c', 'read -r go; exec "$0" "$@"', process.execPath, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  await once(child.stdout, 'close');
  child.stdin.end('go\n');
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code, err };
}

describe('a reader that went away', () => {
  it.each([['schema'], ['--help'], ['init --json']])('CLI-18: sluice %s ends quietly', async (line) => {
    const main = join(ROOT, 'src/main.ts');
    const args = line
      .split(' ')
      .map((a) => (a === 'init' ? ['init', temporaryFolder('closed-pipe'), '--example', 'shop'] : [a]));
    expect(await withClosedPipe(main, ...args.flat())).toEqual({ code: 0, err: '' });
  });

  it('CLI-18: what runs on is told to stop', async () => {
    const script = `
      const { processIo } = await import(process.argv[1]);
      const io = processIo();
      const alive = setInterval(() => io.out('more'), 10);
      io.signal.addEventListener('abort', () => {
        clearInterval(alive);
        io.err('stopped');
      });`;
    const module = join(ROOT, 'src/cli/process.ts');
    const ended = await withClosedPipe('--input-type=module', '--eval', script, module);
    expect(ended).toEqual({ code: 0, err: 'stopped' });
  });
});
