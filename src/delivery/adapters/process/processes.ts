import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { startDaemon, stopInstance } from '../../../io/daemon.ts';
import { readJson, writeAtomic } from '../../../io/files.ts';
import { findInstance, freePort, isInstance } from '../../../io/os.ts';
import type { Revision } from '../../events.ts';
import type { Processes, ProcessOptions } from '../../process-port.ts';

/** What is kept on disk of one running version: enough to adopt it after a restart of ours. */
interface Kept {
  readonly service: string;
  readonly revision: Revision;
  readonly port: number;
  /** `starting` until its process was seen, so that nothing is started twice; `stopped` by an orderly end of ours. */
  readonly phase: 'starting' | 'started' | 'stopped';
  readonly pid: number | null;
}

const HEALTH_TIMEOUT_MS = 1_000;
const REVIVE_EVERY_MS = 1_000;

/** Versions as processes of one machine: started once, adopted after a restart, listed for Prometheus. */
export function createProcesses(options: ProcessOptions): Processes {
  const { directory, environment } = options;
  mkdirSync(directory, { recursive: true });
  const ready = new Set<string>();
  const exits = new Map<string, string>();
  const revivals = new Map<string, number>();
  const idOf = (service: string, revision: string) => `${service}.${revision}`;
  const fileOf = (id: string) => join(directory, `${id}.json`);
  const instanceOf = (id: string) => join(directory, id);
  const keptOf = (id: string) => readJson<Kept>(fileOf(id));
  const all = (): Kept[] =>
    readdirSync(directory)
      .filter((name) => name.endsWith('.json') && name !== 'targets.json')
      .map((name) => readJson<Kept>(join(directory, name)))
      .filter((kept): kept is Kept => kept !== undefined);

  /** The list that Prometheus reads: it notices a change by itself. */
  const publish = (): void => {
    const targets = all().map(({ service, revision, port }) => ({
      targets: [`127.0.0.1:${port}`],
      labels: {
        environment,
        revision: revision.revision,
        instance: `${service}-${revision.revision}`,
        __metrics_path__: options.run(service)?.metrics ?? '/metrics',
      },
    }));
    writeAtomic(join(directory, 'targets.json'), JSON.stringify(targets));
  };

  const alive = (id: string, kept: Kept): number | undefined =>
    kept.pid !== null && isInstance(kept.pid, instanceOf(id)) ? kept.pid : findInstance(instanceOf(id));

  const commandOf = ({ service, revision, port }: Kept): string[] => {
    const run = options.run(service);
    if (!run)
      throw new Error(
        `service ${service} declares no run command, so that no version of it can be started here`,
      );
    const values: Record<string, string> = {
      ...options.placeholders(service),
      service,
      version: revision.version,
      revision: revision.revision,
      digest: revision.digest,
      port: String(port),
    };
    return run.command.map((part) =>
      part.replace(/\{([a-z:_-]+)\}/g, (whole, name: string) => values[name] ?? whole),
    );
  };

  async function launch(id: string, kept: Kept): Promise<void> {
    writeAtomic(fileOf(id), JSON.stringify({ ...kept, phase: 'starting', pid: null }));
    exits.delete(id);
    ready.delete(id);
    const pid = await startDaemon(
      {
        instance: instanceOf(id),
        command: commandOf(kept),
        log: join(directory, `${id}.log`),
        env: options.env,
      },
      (how) => {
        exits.set(id, how);
        ready.delete(id);
      },
    );
    writeAtomic(fileOf(id), JSON.stringify({ ...kept, phase: 'started', pid }));
    publish();
  }

  async function answers(kept: Kept): Promise<boolean> {
    try {
      const health = options.run(kept.service)?.health ?? '/healthz';
      const answer = await request(`http://127.0.0.1:${kept.port}${health}`, {
        signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
      });
      await answer.body.dump();
      return answer.statusCode === 200;
    } catch {
      return false;
    }
  }

  const refuses = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      const answer = (refused: boolean) => {
        socket.destroy();
        resolve(refused);
      };
      socket.setTimeout(HEALTH_TIMEOUT_MS, () => answer(false));
      socket.once('connect', () => answer(false));
      socket.once('error', () => answer(true));
    });

  return {
    async start(service, revision) {
      const id = idOf(service, revision.revision);
      const kept = keptOf(id);
      if (kept?.phase === 'started') return;
      const running = kept ? findInstance(instanceOf(id)) : undefined;
      if (kept && running !== undefined) {
        writeAtomic(fileOf(id), JSON.stringify({ ...kept, phase: 'started', pid: running }));
        publish();
        return;
      }
      await launch(id, {
        service,
        revision,
        port: kept?.port ?? (await freePort()),
        phase: 'starting',
        pid: null,
      });
    },
    async revive(service, revision) {
      const id = idOf(service, revision);
      const kept = keptOf(id);
      if (!kept || alive(id, kept) !== undefined) return;
      if (Date.now() - (revivals.get(id) ?? 0) < REVIVE_EVERY_MS) return;
      revivals.set(id, Date.now());
      await launch(id, kept);
    },
    async stop(service, revision) {
      const id = idOf(service, revision);
      const kept = keptOf(id);
      await stopInstance(instanceOf(id), kept?.pid ?? undefined);
      rmSync(fileOf(id), { force: true });
      ready.delete(id);
      exits.delete(id);
      publish();
    },
    async status(service, revision) {
      const id = idOf(service, revision);
      const kept = keptOf(id);
      if (kept?.phase !== 'started') return { health: 'absent', port: null };
      if (alive(id, kept) === undefined)
        return { health: 'exited', port: kept.port, exit: exits.get(id) ?? 'its process is gone' };
      if (ready.has(id)) return { health: 'ready', port: kept.port, refused: await refuses(kept.port) };
      if (await answers(kept)) ready.add(id);
      return { health: ready.has(id) ? 'ready' : 'starting', port: kept.port };
    },
    list: () => all().map(({ service, revision }) => ({ service, revision: revision.revision })),
    async resumeAll() {
      for (const kept of all())
        if (kept.phase === 'stopped') await launch(idOf(kept.service, kept.revision.revision), kept);
      publish();
    },
    async stopAll() {
      if (!existsSync(directory)) return;
      await Promise.all(
        all().map(async (kept) => {
          const id = idOf(kept.service, kept.revision.revision);
          writeAtomic(fileOf(id), JSON.stringify({ ...kept, phase: 'stopped', pid: null }));
          await stopInstance(instanceOf(id), kept.pid ?? undefined);
        }),
      );
    },
  };
}
