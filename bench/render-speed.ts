import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { which } from '../src/io/os.ts';
import { writeFleet } from './fleet.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = 3;
const KIB = 1_024;

interface Run {
  readonly seconds: number;
  readonly megabytes: number;
}

/** The most memory a process ever held; the kernel counts it. */
const peakOf = (child: ChildProcess): number => {
  const file = `/proc/${child.pid}/status`;
  if (!existsSync(file)) return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / KIB;
};

function run(command: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(command, args, { stdio: 'ignore' });
    let peak = 0;
    const watch = setInterval(() => {
      try {
        peak = Math.max(peak, peakOf(child));
      } catch {
        // It has ended meanwhile.
      }
    }, 20);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearInterval(watch);
      if (code === 0) resolve({ seconds: (performance.now() - begun) / 1_000, megabytes: peak });
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}`));
    });
  });
}

const median = (runs: readonly Run[]): Run =>
  [...runs].sort((a, b) => a.seconds - b.seconds)[Math.floor(runs.length / 2)]!;

export interface RenderSpeed {
  readonly render1000: Run;
  readonly render100: Run;
  readonly check1000: Run;
  /** Null: no `sloth` on PATH. */
  readonly sloth1000: Run | null;
}

/** Whole commands, start and all; ours and the other in turn, so that a busy machine is busy for both. */
export async function renderSpeed(): Promise<RenderSpeed> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-fleet-'));
  try {
    const large = writeFleet(directory, 1_000);
    const small = writeFleet(directory, 100);
    const sloth = which('sloth', process.env);
    const main = join(ROOT, 'src/main.ts');
    const runs: { render1000: Run[]; render100: Run[]; check1000: Run[]; sloth1000: Run[] } = {
      render1000: [],
      render100: [],
      check1000: [],
      sloth1000: [],
    };
    for (let i = 0; i < ROUNDS; i++) {
      const out = join(directory, `out-${i}`);
      const other = join(directory, `sloth-out-${i}`);
      mkdirSync(other);
      runs.render1000.push(await run(process.execPath, [main, 'render', large.openslo, '--out', out]));
      if (sloth) runs.sloth1000.push(await run(sloth, ['generate', '-i', large.sloth, '-o', other]));
      runs.check1000.push(
        await run(process.execPath, [main, 'render', large.openslo, '--out', out, '--check']),
      );
      runs.render100.push(
        await run(process.execPath, [main, 'render', small.openslo, '--out', `${out}-100`]),
      );
    }
    return {
      render1000: median(runs.render1000),
      render100: median(runs.render100),
      check1000: median(runs.check1000),
      sloth1000: sloth ? median(runs.sloth1000) : null,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
