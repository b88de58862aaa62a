import { type Kubernetes, KubernetesError } from '../../../src/io/kubernetes/client.ts';
import type { Life, Outside } from './outside.ts';
import type { SimTime } from './time.ts';

type Kind = 'rollouts' | 'pods' | 'replicasets' | 'analysisruns';
interface KubeObject {
  readonly metadata: { readonly name: string };
}
interface Told {
  readonly version: number;
  readonly line: string;
}

/** What one watch still has to say, and how it ends. */
interface Watch {
  readonly kind: Kind;
  readonly lines: string[];
  wake: () => void;
  over: Error | 'ended' | null;
}

const WATCH_MS = 50_000;
/** Older versions than the last so many are gone: whoever asks for them lists anew. */
const KEPT = 100;
const PORT = 'cluster';

/** The API of a cluster: lists, watches that break off and resume, patches. */
export function createWatches(
  outside: Outside,
  time: SimTime,
  onPatch: (service: string, status: object) => void,
) {
  const objects: Record<Kind, Map<string, string>> = {
    rollouts: new Map(),
    pods: new Map(),
    replicasets: new Map(),
    analysisruns: new Map(),
  };
  const log: Record<Kind, Told[]> = { rollouts: [], pods: [], replicasets: [], analysisruns: [] };
  let watches: Watch[] = [];
  let version = 1;

  const kindOf = (path: string): Kind =>
    (['rollouts', 'pods', 'replicasets'] as const).find((kind) => path.includes(`/${kind}`)) ??
    'analysisruns';
  const stop = (watch: Watch, how: NonNullable<Watch['over']>) => {
    watch.over ??= how;
    watch.wake();
  };

  function tell(kind: Kind, type: string, object: KubeObject): void {
    version++;
    const whole = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const line = JSON.stringify({ type, object: whole });
    log[kind] = [...log[kind], { version, line }].slice(-KEPT);
    for (const watch of watches)
      if (watch.kind === kind) {
        watch.lines.push(line);
        watch.wake();
      }
  }

  async function* linesOf(watch: Watch): AsyncGenerator<string> {
    for (;;) {
      const line = watch.lines.shift();
      if (line !== undefined) yield line;
      else if (watch.over instanceof Error) throw watch.over;
      else if (watch.over) return;
      else
        await new Promise<void>((resolve) => {
          watch.wake = resolve;
        });
    }
  }

  const refused = ({ message }: { readonly message: string }): never => {
    throw new KubernetesError(503, message);
  };

  return {
    /** Sets the objects; watchers get the changes. */
    show(kind: Kind, now: readonly KubeObject[]) {
      const known = objects[kind];
      for (const object of now) {
        const text = JSON.stringify(object);
        const { name } = object.metadata;
        if (known.get(name) === text) continue;
        tell(kind, known.has(name) ? 'MODIFIED' : 'ADDED', object);
        known.set(name, text);
      }
      const names = new Set(now.map((object) => object.metadata.name));
      for (const name of [...known.keys()])
        if (!names.has(name)) {
          known.delete(name);
          tell(kind, 'DELETED', { metadata: { name } });
        }
    },
    /** Connections end where the API is away. */
    breakOff() {
      for (const watch of watches) stop(watch, new Error('connection reset'));
      watches = [];
    },
    forget: () => {
      watches = [];
    },
    portOf(life: Life): Kubernetes {
      return {
        server: 'https://cluster.invalid',
        clock: async () => null,
        get: <T>(path: string) =>
          outside.ask<T>(life, PORT, 'get', {
            refused,
            work: () => {
              const items = [...objects[kindOf(path)].values()].map((text) => {
                const object = JSON.parse(text) as KubeObject;
                return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
              });
              return { metadata: { resourceVersion: String(version) }, items } as T;
            },
          }),
        patch: (path, body) =>
          outside.ask<void>(life, PORT, 'patch', {
            changes: true,
            refused,
            work: () =>
              onPatch(/rollouts\/([^/]+)\/status/.exec(path)![1]!, (body as { status: object }).status),
          }),
        lines: (path, signal) =>
          outside.ask<AsyncIterable<string>>(life, PORT, 'watch', {
            refused,
            work: () => {
              const kind = kindOf(path);
              const from = Number(/resourceVersion=(\d+)/.exec(path)?.[1] ?? 0);
              const oldest = log[kind][0];
              if (oldest && log[kind].length === KEPT && from < oldest.version - 1)
                throw new KubernetesError(410, 'too old resource version');
              const lines = log[kind].filter((t) => t.version > from).map((t) => t.line);
              const watch: Watch = { kind, lines, wake: () => undefined, over: null };
              watches.push(watch);
              time.at(time.now() + WATCH_MS, () => stop(watch, 'ended'));
              signal.addEventListener('abort', () => stop(watch, 'ended'));
              return linesOf(watch);
            },
          }),
      };
    },
  };
}
export type Watches = ReturnType<typeof createWatches>;
