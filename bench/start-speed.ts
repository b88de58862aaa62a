import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layOut, ROOT } from '../scripts/package/contents.ts';

/** What a command of the installed package costs before it has done anything of its own: CPU seconds, medians in turn. */
const RUNS = 9;

export interface StartSpeed {
  /** A process of the same runtime that does nothing. */
  readonly nothing: number;
  readonly version: number;
  readonly validate: number;
  readonly gate: number;
}

/** User and system seconds of one command, as the shell that waits for it is told by the kernel. */
function cpuSeconds(command: readonly string[], env: NodeJS.ProcessEnv): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const { stderr } = spawnSync('bash', ['-c', script, 'time', ...command], { encoding: 'utf8', env });
  const [user = Number.NaN, system = Number.NaN] = stderr.trim().split(' ').map(Number);
  return user + system;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Measures the bundle as it is packed, with the cache that a second run finds. */
export async function startSpeed(): Promise<StartSpeed> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-start-'));
  try {
    await layOut(join(folder, 'package'), { minify: true });
    mkdirSync(join(folder, 'cache'));
    writeFileSync(join(folder, 'empty.mjs'), '');
    writeFileSync(join(folder, 'package/package.json'), '{ "type": "module" }\n');
    const env = { PATH: process.env['PATH'], XDG_CACHE_HOME: join(folder, 'cache') };
    const sluice = [process.execPath, join(folder, 'package/dist/main.mjs')];
    const facts = join(ROOT, 'policy/samples/budget.denied.json');
    const commands = {
      nothing: [process.execPath, join(folder, 'empty.mjs')],
      version: [...sluice, '--version'],
      validate: [...sluice, 'validate', join(ROOT, 'examples/shop')],
      gate: [...sluice, 'gate', '--input', facts],
    };
    const names = Object.keys(commands) as (keyof typeof commands)[];
    for (const name of names) cpuSeconds(commands[name], env);
    const runs = Array.from({ length: RUNS }, () =>
      Object.fromEntries(names.map((name) => [name, cpuSeconds(commands[name], env)])),
    );
    const of = (name: keyof typeof commands): number => median(runs.map((run) => run[name]!));
    return { nothing: of('nothing'), version: of('version'), validate: of('validate'), gate: of('gate') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
