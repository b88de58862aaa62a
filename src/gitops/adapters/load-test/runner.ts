import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../../../io/daemon.ts';
import { writeAtomic } from '../../../io/files.ts';
import { findInstance, which } from '../../../io/os.ts';
import type { LoadPort, LoadRun, LoadSeen } from '../../load.ts';
import { k6Script } from '../../render/k6/script.ts';
import { filesOf, type KeptRun, keptOf, type RunFiles } from './files.ts';
import { outcomeOf } from './outcome.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface RunnerOptions {
  /** Folder of ours: one run per environment below it. */
  readonly directory: string;
  readonly env: Env;
  /** Path of k6; null: it is not here. */
  readonly k6: string | null;
  /** Where a service answers in an environment. */
  addressOf(environment: string, service: string): string | null;
  now(): number;
}

/** k6 on PATH, or as `npm run tools` builds it. */
export function findK6(env: Env): string | null {
  if (env['SLUICE_K6'] !== undefined) return env['SLUICE_K6'] || null;
  const onPath = which('k6', env);
  if (onPath) return onPath;
  const cache = env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache');
  const tools = env['SLUICE_TOOLS'] ?? join(cache, 'sluice', 'tools');
  const built = existsSync(tools) ? readdirSync(tools).filter((name) => name.startsWith('k6-')) : [];
  const found = built.map((name) => join(tools, name, 'k6')).find((file) => existsSync(file));
  return found ?? null;
}

const NOT_BUILT = 'k6 is not here';

/** The command of a run, with the files that it reads. */
function commandOf(k6: string | null, at: RunFiles, run: LoadRun, tool: KeptRun['tool']): string[] {
  if (tool === 'k6') {
    writeAtomic(at.script, k6Script(run.plan));
    return [k6!, 'run', '--quiet', '--no-usage-report', '--address', '', at.script];
  }
  writeAtomic(at.plan, JSON.stringify(run.plan));
  const own = join(import.meta.dirname, `generate.${import.meta.filename.endsWith('.ts') ? 'ts' : 'mjs'}`);
  return [process.execPath, own, '--plan', at.plan, '--summary', at.summary];
}

async function start(options: RunnerOptions, run: LoadRun, own: string | null): Promise<void> {
  const { environment, targets } = run.plan;
  const at = filesOf(options.directory, environment);
  mkdirSync(at.home, { recursive: true });
  for (const file of [at.summary, at.log]) rmSync(file, { force: true });
  const addresses = Object.fromEntries(
    targets.map(({ service }) => [service, options.addressOf(environment, service)]),
  );
  const note = own ?? (options.k6 ? '' : NOT_BUILT);
  const tool = note ? ('sluice' as const) : ('k6' as const);
  const command = commandOf(options.k6, at, run, tool);
  // Written first: killed in between, it is a run that broke off, and another one begins.
  writeAtomic(at.run, JSON.stringify({ ...run, tool, note } satisfies KeptRun));
  const { env } = options;
  const variables = { SLUICE_TARGETS: JSON.stringify(addresses), SLUICE_SUMMARY: at.summary };
  await startDaemon({ instance: at.home, command, log: at.log, env, own: variables });
}

function stop({ home }: RunFiles): void {
  const pid = findInstance(home);
  if (pid === undefined) return;
  try {
    // Both tools write their summary on the way out.
    process.kill(pid, 'SIGINT');
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Runs k6, or our own generator, as a process that outlives the server: found again by the process table. */
export function loadRunner(options: RunnerOptions): LoadPort {
  const files = (environment: string) => filesOf(options.directory, environment);
  return {
    current: async (environment) => keptOf(files(environment)),
    start: (run, own) => start(options, run, own),
    async observe({ plan }): Promise<LoadSeen> {
      const at = files(plan.environment);
      return findInstance(at.home) === undefined ? outcomeOf(at, plan, options.now()) : 'running';
    },
    stop: async (run) => stop(files(run.plan.environment)),
    clear: async (run) => rmSync(files(run.plan.environment).run, { force: true }),
  };
}
