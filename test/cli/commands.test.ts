import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { createParts } from '../../src/app/parts.ts';
import type { Context } from '../../src/cli/command.ts';
import type { Io } from '../../src/cli/io.ts';
import { COMMANDS, main } from '../../src/main.ts';
import { temporaryFolder } from '../folder.ts';

const ROOT = join(import.meta.dirname, '../..');

function testIo() {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: {},
    cwd: ROOT,
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  };
  return { io, out, err };
}

async function sluice(args: readonly string[]) {
  const { io, out, err } = testIo();
  const exit = await main(args, io);
  return { exit, out: out.join(''), err: err.join('') };
}

interface Declared {
  readonly path: string;
  readonly description: string;
}

/** A command and everything below it, as they declare themselves. */
const withSubcommands = (command: CommandUnknownOpts, path: string): Declared[] => [
  { path, description: command.description() },
  ...command.commands.flatMap((c) => withSubcommands(c, `${path} ${c.name()}`)),
];

const context: Context = { io: testIo().io, parts: createParts(ROOT), run: async () => {} };
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
    const args = line.split(' ').map((a) => (a === 'init' ? ['init', temporaryFolder('closed-pipe')] : [a]));
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
