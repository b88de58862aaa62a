import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A copy of the sources in which files may be changed. */
interface Workspace {
  readonly directory: string;
  remove(): void;
}

/** Copies what Git knows, and what is new: built things and packages are not changed, and shared. */
export function copyOf(root: string): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-mutate-'));
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (listed.status !== 0) throw new Error(`git cannot list ${root}: ${listed.stderr}`);
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    cpSync(join(root, file), join(directory, file));
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

export interface TestRun {
  readonly outcome: 'passed' | 'failed' | 'late';
  readonly ms: number;
  /** The end of what was printed. */
  readonly tail: string;
}

const TAIL = 4_000;

/** Runs files of tests in a copy, up to the first that fails. `limitMs`: what does not end by then is ended. */
export function runTests(directory: string, tests: readonly string[], limitMs: number): Promise<TestRun> {
  const vitest = join(directory, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--bail=1', '--reporter=dot', '--maxWorkers=1', ...tests];
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    // A process group of its own: vitest's workers end with it.
    const child = spawn(process.execPath, args, {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let tail = '';
    const keep = (chunk: Buffer) => {
      tail = `${tail}${chunk}`.slice(-TAIL);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid!, 'SIGKILL');
    }, limitMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      const outcome = late ? 'late' : code === 0 ? 'passed' : 'failed';
      resolve({ outcome, ms: performance.now() - begun, tail });
    });
  });
}
