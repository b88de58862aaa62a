import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../wait.ts';
import { type Fence, ROOT } from './pages.ts';

/** How long a release of the tutorial takes on a quiet machine. */
const RELEASE_MS = 60_000;
const ASK_EVERY_MS = 1_000;
const SAID_MS = 20_000;
const OUTPUT = 16 * 1024 * 1024;

/** A folder in which the blocks of a page are carried out, in order, as a reader would. */
export interface Reader {
  /** What to call a block in a test's title; null: nothing is done with it. */
  title(fence: Fence): string | null;
  follow(fence: Fence): Promise<void>;
  stop(): Promise<void>;
}

const collapsed = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Whether some output has a line of the page; numbers of ports differ from run to run. */
export function shows(output: string, line: string): boolean {
  const pattern = collapsed(line)
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/127\\\.0\\\.0\\\.1:\d+/g, '127\\.0\\.0\\.1:\\d+');
  return new RegExp(pattern).test(collapsed(output));
}

/** The name of a file in brackets, after the language. */
const fileOf = ({ info }: Fence): string | undefined => /^\[([^\]]+)\]/.exec(info)?.[1];
/** What a block's last command ends with, where that is not 0. */
const exitOf = ({ info }: Fence): number => Number(/^exits (\d+)$/.exec(info)?.[1] ?? 0);
const untilOf = ({ info }: Fence): string | undefined => /^until (.+)$/.exec(info)?.[1];

/** `sluice` from the sources, with a free port for a server: tests run beside other servers. */
function installed(home: string): string {
  const bin = join(home, '.bin');
  mkdirSync(bin);
  const program = `${process.execPath} ${join(ROOT, 'src/main.ts')}`;
  writeFileSync(
    join(bin, 'sluice'),
    `#!/bin/sh\n[ "$1" = serve ] && exec ${program} "$@" --port 0\nexec ${program} "$@"\n`,
  );
  chmodSync(join(bin, 'sluice'), 0o755);
  return bin;
}

/** Follows a page in an empty folder. */
export function readerIn(home: string): Reader {
  const bin = installed(home);
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}:/usr/sbin`, HOME: home, NO_COLOR: '1' };
  const background: ChildProcess[] = [];
  let output = '';
  const shell = (text: string, exit: number): string => {
    // With a socket as its input a shell takes itself for a remote one, and reads the machine's own settings.
    const done = spawnSync('bash', ['--norc', '-euo', 'pipefail', '-c', text], {
      cwd: home,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      maxBuffer: OUTPUT,
    });
    if (done.status !== exit)
      throw new Error(`${text}\nended with ${done.status}:\n${done.stdout}${done.stderr}`);
    return done.stdout + done.stderr;
  };
  const begin = (text: string): void => {
    const child = spawn('bash', ['-c', `exec ${text}`], {
      cwd: home,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    background.push(child);
  };
  return {
    title(fence) {
      if (fileOf(fence)) return `write ${fileOf(fence)}`;
      if (fence.language === 'text') return `see: ${fence.text.split('\n')[0]}`;
      return fence.language === 'sh' && fence.info !== 'norun' ? fence.text.split('\n').at(-1)! : null;
    },
    async follow(fence) {
      const file = fileOf(fence);
      if (file) return writeFileSync(join(home, file), `${fence.text}\n`);
      if (fence.language === 'text')
        return void (await until(`${fence.text}, not ${output}`, SAID_MS, () =>
          fence.text.split('\n').every((line) => shows(output, line)),
        ));
      if (fence.info === 'background') return begin(fence.text);
      const wanted = untilOf(fence);
      if (wanted === undefined) output = shell(fence.text, exitOf(fence));
      else
        await until(
          wanted,
          RELEASE_MS,
          () => {
            // Before the server answers, the command says that there is none.
            output = spawnSync('sh', ['-c', fence.text], { cwd: home, env, encoding: 'utf8' }).stdout;
            if (new RegExp(wanted).test(output)) return true;
            throw new Error(`last: ${output}`);
          },
          ASK_EVERY_MS,
        );
    },
    async stop() {
      for (const child of background) {
        child.kill('SIGINT');
        if (child.exitCode === null) await once(child, 'exit');
      }
    },
  };
}
