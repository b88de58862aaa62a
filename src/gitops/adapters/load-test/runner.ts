import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startDaemon } from '../../../io/daemon.ts';
import { readJson, writeAtomic } from '../../../io/files.ts';
import { findInstance, which } from '../../../io/os.ts';
import { messageOf } from '../../../kit/result.ts';
import type { LoadPort, LoadRun, LoadSeen } from '../../load.ts';
import { k6Script } from '../../render/k6/script.ts';
import { type LoadSummary, readK6 } from './summary.ts';

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

interface Kept extends LoadRun {
  readonly tool: 'k6' | 'sluice';
  readonly note: string;
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

/** Runs k6, or our own generator, as a process that outlives the server: found again by the process table. */
export function loadRunner(options: RunnerOptions): LoadPort {
  const home = (environment: string) => join(options.directory, environment);
  const files = (environment: string) => ({
    run: join(home(environment), 'run.json'),
    script: join(home(environment), 'script.js'),
    plan: join(home(environment), 'plan.json'),
    summary: join(home(environment), 'summary.json'),
    log: join(home(environment), 'load.log'),
  });
  const keptOf = (environment: string) => readJson<Kept>(files(environment).run) ?? null;

  function commandOf(run: LoadRun, tool: Kept['tool']): string[] {
    const at = files(run.plan.environment);
    if (tool === 'k6') {
      writeAtomic(at.script, k6Script(run.plan));
      return [options.k6!, 'run', '--quiet', '--no-usage-report', '--address', '', at.script];
    }
    writeAtomic(at.plan, JSON.stringify(run.plan));
    const own = join(import.meta.dirname, 'generate.ts');
    return [process.execPath, own, '--plan', at.plan, '--summary', at.summary];
  }

  const lastLine = (log: string): string =>
    (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').at(-1) : '')?.slice(0, 200) ?? '';

  return {
    current: async (environment) => keptOf(environment),
    async start(run, own) {
      const { environment, targets } = run.plan;
      const at = files(environment);
      mkdirSync(home(environment), { recursive: true });
      for (const file of [at.summary, at.log]) rmSync(file, { force: true });
      const addresses = Object.fromEntries(
        targets.map(({ service }) => [service, options.addressOf(environment, service)]),
      );
      const note = own ?? (options.k6 ? '' : NOT_BUILT);
      const tool = note ? ('sluice' as const) : ('k6' as const);
      const command = commandOf(run, tool);
      // Written first: killed in between, it is a run that broke off, and another one begins.
      writeAtomic(at.run, JSON.stringify({ ...run, tool, note } satisfies Kept));
      const env = {
        ...options.env,
        SLUICE_TARGETS: JSON.stringify(addresses),
        SLUICE_SUMMARY: at.summary,
      };
      await startDaemon({ instance: home(environment), command, log: at.log, env });
    },
    async observe(run): Promise<LoadSeen> {
      const { environment } = run.plan;
      const at = files(environment);
      if (findInstance(home(environment)) !== undefined) return 'running';
      const { tool, note } = keptOf(environment) ?? { tool: 'k6', note: '' };
      const broken = (why: string): LoadSeen => ({
        tool,
        outcome: 'broken',
        requests: 0,
        failed: 0,
        p95Ms: null,
        thresholds: [],
        endedAt: options.now(),
        note: why,
      });
      if (!existsSync(at.summary)) return broken(lastLine(at.log) || 'it ended without a summary');
      try {
        const text = readFileSync(at.summary, 'utf8');
        const summary = tool === 'k6' ? readK6(text, run.plan) : (JSON.parse(text) as LoadSummary);
        if (summary.requests === 0) return broken('it sent no request');
        const outcome = summary.thresholds.every((t) => t.ok) ? 'passed' : 'failed';
        const endedAt = Math.round(statSync(at.summary).mtimeMs);
        return { tool, outcome, ...summary, thresholds: [...summary.thresholds], endedAt, note };
      } catch (thrown) {
        return broken(`its summary cannot be read: ${messageOf(thrown)}`);
      }
    },
    async stop(run) {
      const pid = findInstance(home(run.plan.environment));
      if (pid !== undefined)
        try {
          // Both tools write their summary on the way out.
          process.kill(pid, 'SIGINT');
        } catch {
          // It ended by itself meanwhile.
        }
    },
    clear: async (run) => rmSync(files(run.plan.environment).run, { force: true }),
  };
}
