import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLifecycle } from '../../src/app/lifecycle.ts';
import { listen } from '../../src/app/listener.ts';
import { CliError, EXIT, type Io } from '../../src/cli/io.ts';
import { report } from '../../src/cli/report.ts';
import { LedgerUnavailable } from '../../src/ledger/port.ts';
import { temporaryFolder } from '../folder.ts';
import { runCli } from './run.ts';

/** A folder with a file, a dead link and links in a circle. */
function place(): string {
  const cwd = temporaryFolder('paths');
  writeFileSync(join(cwd, 'file'), 'x');
  symlinkSync('nowhere', join(cwd, 'dead'));
  symlinkSync('circle', join(cwd, 'circle'));
  mkdirSync(join(cwd, 'links'));
  symlinkSync('../nowhere.yaml', join(cwd, 'links/slos.yaml'));
  mkdirSync(join(cwd, 'shop'));
  return cwd;
}

describe('a path that cannot be used', () => {
  it.each([
    [['init', 'file'], 1, /FILES_EXIST: file is a file; nothing was written\nNext: choose an empty folder/],
    [
      ['init', 'file/below', '--service', 'checkout'],
      2,
      /NOT_A_FOLDER: .*file.*: a file is where a folder is needed\nNext: name a folder/,
    ],
    [
      ['validate', '/dev/null'],
      2,
      /NOT_A_FILE: \/dev\/null is neither a file nor a folder\nNext: name the folder/,
    ],
    [
      ['validate', 'dead'],
      2,
      /DEAD_LINK: dead is a link to nowhere, and there is nothing\nNext: make the link/,
    ],
    [
      ['validate', 'links'],
      2,
      /DEAD_LINK: links\/slos.yaml is a link to ..\/nowhere.yaml, and there is nothing\nNext/,
    ],
    [['validate', 'file/below'], 2, /NOT_A_FOLDER[\s\S]*Next: name a folder/],
    [['replay', '.', '--file', 'shop'], 2, /Next: /],
    [['ledger', 'verify', '--file', 'shop'], 2, /FILE_UNREADABLE[\s\S]*Next: name an export/],
    [['judge', '--trace', 'shop'], 2, /Next: /],
  ])('CLI-30: %j is told with what to do, as no fault of ours', async (args, exit, said) => {
    const answer = await runCli(args, { cwd: place() });
    expect(answer).toMatchObject({ exit, err: expect.stringMatching(said) });
  });

  it('CLI-30: a work folder that is a file, and a port that is none, too', async () => {
    const cwd = place();
    await runCli(['init', 'shop', '--example', 'shop'], { cwd });
    const work = await runCli(['serve', 'shop', '--work', 'file', '--port', '0'], { cwd });
    expect(work).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/NOT_A_FOLDER[\s\S]*Next: name a folder/),
    });
    const port = await runCli(['serve', 'shop', '--port', 'x'], { cwd });
    expect(port).toMatchObject({ exit: 2, err: expect.stringMatching(/BAD_PORT[\s\S]*Next: choose one/) });
  });
});

describe('a file that is given to a command', () => {
  const commands = [
    ['gate', '--input'],
    ['judge', '--trace'],
    ['ledger', 'verify', '--file'],
    ['ledger', 'verify', '--public-key'],
    ['replay', 'shop', '--file'],
  ];
  it.each(
    commands.flatMap((command) => [
      [command, 'folder', 'a folder is where a file is needed'],
      [command, 'nowhere', 'there is no such file or folder'],
      [command, 'file/below', 'a file is where a folder is needed'],
      [command, 'circle', 'links lead from it back to itself'],
    ]),
  )('CLI-63: %j %s: %s', async (command, file, said) => {
    const cwd = place();
    mkdirSync(join(cwd, 'folder'));
    rmSync(join(cwd, 'shop'), { recursive: true });
    await runCli(['init', 'shop', '--example', 'shop'], { cwd });
    const { exit, err } = await runCli([...command, file as string], { cwd });
    expect(exit).toBe(2);
    expect(err).toMatch(new RegExp(`^[A-Z_]+: ${file}: ${said}\\nNext: .+`));
    expect(err).not.toMatch(/\bE[A-Z]{4,}\b|syscall/);
  });

  it('CLI-63: the file of a token, and a link of a declaration to a folder', async () => {
    const cwd = place();
    const env = { SLUICE_TOKEN_FILE: cwd };
    const token = await runCli(['status', '--server', 'http://127.0.0.1:1'], { cwd, env });
    expect(token).toMatchObject({
      exit: 2,
      err: `BAD_TOKEN_FILE: ${cwd}: a folder is where a file is needed\nNext: name a file that holds a token in SLUICE_TOKEN_FILE\n`,
    });
    symlinkSync('../links', join(cwd, 'shop/more.yaml'));
    expect(await runCli(['validate', 'shop'], { cwd })).toMatchObject({
      exit: 2,
      err: expect.stringMatching(
        /^FILE_UNREADABLE: shop\/more.yaml: a folder is where a file is needed\nNext: fix it/,
      ),
    });
  });
});

describe('a declaration without its Platform', () => {
  it.each([
    ['emptied', ''],
    ['comments alone', '# nothing\n\n'],
    ['empty documents', '---\n---\n'],
  ])('CLI-33: is not valid where a file is %s', async (_, text) => {
    const cwd = place();
    await runCli(['init', 'shop', '--example', 'shop'], { cwd });
    writeFileSync(join(cwd, 'shop/platform.yaml'), text);
    const answer = await runCli(['validate', 'shop'], { cwd });
    expect(answer).toMatchObject({
      exit: 2,
      out: '',
      err: expect.stringMatching(/^shop\/platform.yaml:1: the file declares nothing.*\(restore what it held/),
    });
    const json = await runCli(['validate', 'shop', '--json'], { cwd });
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, error: { code: 'NOTHING_DECLARED' } });
    rmSync(join(cwd, 'shop/platform.yaml'));
    expect(await runCli(['validate', 'shop'], { cwd })).toMatchObject({ exit: 0 });
  });
});

describe('exit codes', () => {
  const said: string[] = [];
  const io: Io = {
    out: () => undefined,
    err: (text) => void said.push(text),
    env: {},
    cwd: '/',
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  };
  const page = readFileSync(join(import.meta.dirname, '../../docs/exit-codes.md'), 'utf8');
  const rowOf = (exit: number): string => new RegExp(`^\\| ${exit} \\|.*$`, 'm').exec(page)?.[0] ?? '';

  it.each([
    'LEDGER_LOCKED',
    'LEDGER_FULL',
    'LEDGER_READ_ONLY',
    'LEDGER_FAILED',
    'LEDGER_DAMAGED',
    'LEDGER_BROKEN',
    'LEDGER_NEWER',
  ] as const)('CLI-32: %s is 3 wherever it is met, as the page of exit codes says', (code) => {
    expect(report(io, new LedgerUnavailable(code, 'x'), false)).toBe(EXIT.unreachable);
    expect(said.pop()).toMatch(new RegExp(`${code}: x\nNext: \\w`));
    expect(rowOf(3)).toContain(code);
  });

  it('CLI-32: a port that is taken is 3, an address of another machine 2', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    const lifecycle = createLifecycle(() => undefined);
    const codeOf = async (host: string, at: number) =>
      listen(host, at, lifecycle).then(
        () => null,
        (thrown: unknown) => (thrown instanceof CliError ? [thrown.failure.code, thrown.exit] : thrown),
      );
    expect(await codeOf('127.0.0.1', port)).toEqual(['PORT_TAKEN', 3]);
    expect(await codeOf('192.0.2.1', 0)).toEqual(['BAD_HOST', 2]);
    expect(rowOf(3)).toContain('PORT_TAKEN');
    expect(rowOf(2)).toContain('BAD_HOST');
    server.close();
  });
});

describe('where a path begins', () => {
  it('CLI-56: in the folder the process was started in, also where an npm script changed it', () => {
    const asked = temporaryFolder('asked');
    writeFileSync(join(asked, 'slos.yaml'), 'not: a declaration\n');
    const started = temporaryFolder('started');
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, '../../src/main.ts'), 'validate', '.'],
      // What npm says of the folder in which it was called.
      { cwd: started, env: { ...process.env, INIT_CWD: asked }, encoding: 'utf8' },
    );
    expect(stderr).not.toContain('slos.yaml');
    expect(stderr).toContain('no declaration was found below .');
    expect(status).toBe(2);
  });
});
