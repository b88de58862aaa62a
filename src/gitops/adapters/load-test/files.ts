import { join } from 'node:path';
import { readJson } from '../../../io/files.ts';
import type { LoadRun } from '../../load.ts';

/** A run as it is kept while it is under way. */
export interface KeptRun extends LoadRun {
  readonly tool: 'k6' | 'sluice';
  /** Why the tool is another one than k6; empty: it is k6. */
  readonly note: string;
}

/** Files of the run of one environment. */
export interface RunFiles {
  /** The folder, which is also the name of its process. */
  readonly home: string;
  readonly run: string;
  readonly script: string;
  readonly plan: string;
  readonly summary: string;
  readonly log: string;
}

export function filesOf(directory: string, environment: string): RunFiles {
  const home = join(directory, environment);
  return {
    home,
    run: join(home, 'run.json'),
    script: join(home, 'script.js'),
    plan: join(home, 'plan.json'),
    summary: join(home, 'summary.json'),
    log: join(home, 'load.log'),
  };
}

export const keptOf = ({ run }: Pick<RunFiles, 'run'>): KeptRun | null => readJson<KeptRun>(run) ?? null;
