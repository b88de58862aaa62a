import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { stopInstance } from '../../../io/daemon.ts';
import { findInstance } from '../../../io/os.ts';
import { freePort } from '../../../io/ports.ts';
import type { Revision } from '../../events.ts';
import type { Processes, ProcessOptions, ProcessStatus } from '../../process-port.ts';
import { launch } from './launch.ts';
import { answers, refuses } from './probes.ts';
import {
  alive,
  allKept,
  fileOf,
  idOf,
  instanceOf,
  keep,
  keptOf,
  type ProcessesState,
  publish,
} from './state.ts';

const REVIVE_EVERY_MS = 1_000;
const HEALTH = '/healthz';

async function start(state: ProcessesState, service: string, revision: Revision): Promise<void> {
  const id = idOf(service, revision.revision);
  const kept = keptOf(state, id);
  if (kept?.phase === 'started') return;
  const running = kept ? findInstance(instanceOf(state, id)) : undefined;
  if (kept && running !== undefined) {
    keep(state, id, { ...kept, phase: 'started', pid: running });
    publish(state);
    return;
  }
  const port = kept?.port ?? (await freePort());
  await launch(state, id, { service, revision, port, phase: 'starting', pid: null });
}

async function revive(state: ProcessesState, id: string): Promise<void> {
  const kept = keptOf(state, id);
  if (!kept || alive(state, id, kept) !== undefined) return;
  if (performance.now() - (state.revivals.get(id) ?? Number.NEGATIVE_INFINITY) < REVIVE_EVERY_MS) return;
  state.revivals.set(id, performance.now());
  await launch(state, id, kept);
}

async function stop(state: ProcessesState, id: string): Promise<void> {
  await stopInstance(instanceOf(state, id), keptOf(state, id)?.pid ?? undefined);
  rmSync(fileOf(state, id), { force: true });
  state.ready.delete(id);
  state.exits.delete(id);
  publish(state);
}

async function statusOf(state: ProcessesState, id: string): Promise<ProcessStatus> {
  const { options, ready, exits } = state;
  const kept = keptOf(state, id);
  if (kept?.phase !== 'started') return { health: 'absent', port: null };
  const { port, service } = kept;
  if (alive(state, id, kept) === undefined)
    return { health: 'exited', port, exit: exits.get(id) ?? 'its process is gone' };
  if (ready.has(id)) return { health: 'ready', port, refused: await refuses(port) };
  if (await answers(port, options.run(service)?.health ?? HEALTH)) ready.add(id);
  return { health: ready.has(id) ? 'ready' : 'starting', port };
}

async function resumeAll(state: ProcessesState): Promise<void> {
  for (const kept of allKept(state))
    if (kept.phase === 'stopped') await launch(state, idOf(kept.service, kept.revision.revision), kept);
  publish(state);
}

async function stopAll(state: ProcessesState): Promise<void> {
  if (!existsSync(state.options.directory)) return;
  await Promise.all(
    allKept(state).map(async (kept) => {
      const id = idOf(kept.service, kept.revision.revision);
      keep(state, id, { ...kept, phase: 'stopped', pid: null });
      await stopInstance(instanceOf(state, id), kept.pid ?? undefined);
    }),
  );
}

/** Versions as processes of one machine: started once, adopted after a restart, listed for Prometheus. */
export function createProcesses(options: ProcessOptions): Processes {
  mkdirSync(options.directory, { recursive: true });
  const state: ProcessesState = { options, ready: new Set(), exits: new Map(), revivals: new Map() };
  return {
    start: (service, revision) => start(state, service, revision),
    revive: (service, revision) => revive(state, idOf(service, revision)),
    stop: (service, revision) => stop(state, idOf(service, revision)),
    status: (service, revision) => statusOf(state, idOf(service, revision)),
    list: () => allKept(state).map(({ service, revision }) => ({ service, revision: revision.revision })),
    resumeAll: () => resumeAll(state),
    stopAll: () => stopAll(state),
  };
}
