import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeAtomic } from '../../../io/files.ts';
import { findInstance, isInstance } from '../../../io/os.ts';
import type { Revision } from '../../events.ts';
import type { ProcessOptions } from '../../process-port.ts';

/** What is kept on disk of one running version: enough to adopt it after a restart of ours. */
export interface KeptProcess {
  readonly service: string;
  readonly revision: Revision;
  readonly port: number;
  /** `starting` until its process was seen, so that nothing is started twice; `stopped` by an orderly end of ours. */
  readonly phase: 'starting' | 'started' | 'stopped';
  readonly pid: number | null;
}

/** What is known of the processes of one environment beside their files. */
export interface ProcessesState {
  readonly options: ProcessOptions;
  /** Ids of versions that answered once. */
  readonly ready: Set<string>;
  /** How a version ended, by its id. */
  readonly exits: Map<string, string>;
  /** When a version was last started again, by its id, in milliseconds since 1970. */
  readonly revivals: Map<string, number>;
}

const TARGETS = 'targets.json';

/** Names a version of a service among the files of its environment. */
export const idOf = (service: string, revision: string): string => `${service}.${revision}`;

export const fileOf = ({ options }: ProcessesState, id: string): string =>
  join(options.directory, `${id}.json`);
export const instanceOf = ({ options }: ProcessesState, id: string): string => join(options.directory, id);

export const keptOf = (state: ProcessesState, id: string): KeptProcess | undefined =>
  readJson<KeptProcess>(fileOf(state, id));

export const keep = (state: ProcessesState, id: string, kept: KeptProcess): void =>
  writeAtomic(fileOf(state, id), JSON.stringify(kept));

export const allKept = ({ options: { directory } }: ProcessesState): KeptProcess[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.json') && name !== TARGETS)
    .map((name) => readJson<KeptProcess>(join(directory, name)))
    .filter((kept): kept is KeptProcess => kept !== undefined);

/** The process of a version; undefined: it does not run. */
export const alive = (state: ProcessesState, id: string, kept: KeptProcess): number | undefined =>
  kept.pid !== null && isInstance(kept.pid, instanceOf(state, id))
    ? kept.pid
    : findInstance(instanceOf(state, id));

/** The list that Prometheus reads: it notices a change by itself. */
export function publish(state: ProcessesState): void {
  const { directory, environment, run } = state.options;
  const targets = allKept(state).map(({ service, revision, port }) => ({
    targets: [`127.0.0.1:${port}`],
    labels: {
      environment,
      revision: revision.revision,
      instance: `${service}-${revision.revision}`,
      __metrics_path__: run(service)?.metrics ?? '/metrics',
    },
  }));
  writeAtomic(join(directory, TARGETS), JSON.stringify(targets));
}
