import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFleet } from './fleet.ts';
import { slothProgram } from './sloth-program.ts';

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
  /** The same services by routes, with alerts declared for every SLO. */
  readonly grouped1000: Run;
  readonly groupedCheck1000: Run;
  /** Null: no Sloth on PATH, and none built. */
  readonly sloth1000: Run | null;
  /** Recording and alerting rules for each SLO of 1,000 services. */
  readonly rulesPerSlo: {
    readonly ours: number;
    /** What each further SLO adds to a declaration of some. */
    readonly further: number;
    readonly sloth: number | null;
  };
}

const SLOS_A_SERVICE = 2;

/** Rules of every file below a folder, for each SLO. */
function rulesPerSlo(folder: string, services: number): number {
  const rules = globSync('**/*.{yml,yaml}', { cwd: folder })
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .reduce((sum, text) => sum + (text.match(/^ *(- )?(record|alert):/gm)?.length ?? 0), 0);
  return rules / (SLOS_A_SERVICE * services);
}

/** Whole commands, start and all; ours and the other in turn, so that a busy machine is busy for both. */
export async function renderSpeed(): Promise<RenderSpeed> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-fleet-'));
  try {
    const large = writeFleet(directory, 1_000);
    const small = writeFleet(directory, 100);
    const sloth = slothProgram();
    const main = join(ROOT, 'src/main.ts');
    const runs: Record<Exclude<keyof RenderSpeed, 'rulesPerSlo'>, Run[]> = {
      render1000: [],
      render100: [],
      check1000: [],
      grouped1000: [],
      groupedCheck1000: [],
      sloth1000: [],
    };
    const rules: { ours: number; further: number; sloth: number | null } = {
      ours: 0,
      further: 0,
      sloth: null,
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
      const grouped = [main, 'render', large.grouped, '--out', `${out}-grouped`];
      runs.grouped1000.push(await run(process.execPath, grouped));
      runs.groupedCheck1000.push(await run(process.execPath, [...grouped, '--check']));
      rules.ours = rulesPerSlo(out, 1_000);
      rules.further = (1_000 * rules.ours - 100 * rulesPerSlo(`${out}-100`, 100)) / 900;
      if (sloth) rules.sloth = rulesPerSlo(other, 1_000);
    }
    return {
      render1000: median(runs.render1000),
      render100: median(runs.render100),
      check1000: median(runs.check1000),
      grouped1000: median(runs.grouped1000),
      groupedCheck1000: median(runs.groupedCheck1000),
      rulesPerSlo: rules,
      sloth1000: sloth ? median(runs.sloth1000) : null,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
