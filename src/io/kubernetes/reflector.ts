import { messageOf } from '../../kit/result.ts';
import type { Clock } from '../../kit/time.ts';
import { type Kubernetes, KubernetesError } from './client.ts';

export interface ReflectorOptions<T> {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  /** Such as `/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts`. */
  readonly path: string;
  readonly labelSelector?: string;
  /** What is kept of an object, by name: the rest is forgotten. */
  pick(object: unknown): T;
  warn(details: object, message: string): void;
}

/** The objects of one kind in one namespace, as the API server told of them last. */
export interface Reflector<T> {
  get(name: string): T | undefined;
  values(): Iterable<T>;
  /** Said by the API server not longer ago than that, by the clock. */
  seenWithin(ms: number): boolean;
  /** Called after every change. */
  onChange(listener: (name: string) => void): void;
  close(): Promise<void>;
}

interface Meta {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}
interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly unknown[];
}
interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

const PAGE = 500;
/** A watch ends by itself after so long, and is resumed where it was: what hangs unseen does not hang on. */
const WATCH_S = 50;
const WATCH_SLACK_MS = 15_000;
/** Everything is read anew so often, whatever the watch said. */
const RESYNC_MS = 600_000;
const GONE = 410;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000] as const;
/** A quiet watch does not show whether anybody is there: asked apart. */
const PULSE_MS = 3_000;

const metaOf = (object: unknown): Meta['metadata'] => (object as Meta).metadata;

/** Lists, then watches: resumed from the last version seen, begun anew where that is too old. */
export function reflect<T>(options: ReflectorOptions<T>): Reflector<T> {
  const { kubernetes, clock, path, pick } = options;
  const kept = new Map<string, T>();
  const listeners = new Set<(name: string) => void>();
  const stop = new AbortController();
  let version: string | null = null;
  let listedAt = 0;
  let seenAt: number | null = null;
  let troubled = false;

  const selector = options.labelSelector ? `&labelSelector=${encodeURIComponent(options.labelSelector)}` : '';
  const tell = (name: string) => {
    for (const listener of listeners) listener(name);
  };

  async function list(): Promise<void> {
    const found = new Map<string, T>();
    let next = '';
    let at = '';
    do {
      const page: List = await kubernetes.get(
        `${path}?limit=${PAGE}${selector}${next ? `&continue=${encodeURIComponent(next)}` : ''}`,
      );
      for (const item of page.items) found.set(metaOf(item).name, pick(item));
      next = page.metadata.continue ?? '';
      at = page.metadata.resourceVersion;
    } while (next);
    const gone = [...kept.keys()].filter((name) => !found.has(name));
    for (const name of gone) kept.delete(name);
    for (const [name, value] of found) kept.set(name, value);
    version = at;
    listedAt = clock.now();
    for (const name of [...gone, ...found.keys()]) tell(name);
  }

  function take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      const { code, message } = object as { code?: number; message?: string };
      throw new KubernetesError(code ?? 500, message ?? 'the watch broke off');
    }
    const { name, resourceVersion } = metaOf(object);
    version = resourceVersion;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') kept.delete(name);
    else kept.set(name, pick(object));
    tell(name);
  }

  function heard(): void {
    seenAt = clock.now();
    if (troubled) options.warn({ path, server: kubernetes.server }, 'the cluster answers again');
    troubled = false;
  }

  async function watch(): Promise<void> {
    const url = `${path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_S}&resourceVersion=${version}${selector}`;
    const limit = AbortSignal.timeout(WATCH_S * 1_000 + WATCH_SLACK_MS);
    const lines = await kubernetes.lines(url, AbortSignal.any([stop.signal, limit]));
    heard();
    for await (const line of lines) {
      seenAt = clock.now();
      take(JSON.parse(line) as WatchEvent);
    }
  }

  async function follow(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      try {
        if (version === null || clock.now() - listedAt >= RESYNC_MS) await list();
        await watch();
        failures = 0;
      } catch (thrown) {
        if (stop.signal.aborted) return;
        if (thrown instanceof KubernetesError && thrown.status === GONE) {
          version = null;
          continue;
        }
        if (!troubled)
          options.warn(
            { path, server: kubernetes.server, error: messageOf(thrown) },
            'the cluster cannot be watched; its lanes stand still until it answers',
          );
        troubled = true;
        await clock.sleep(BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)]!, stop.signal);
      }
    }
  }

  async function pulse(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(PULSE_MS, stop.signal);
      if (stop.signal.aborted || version === null) continue;
      await kubernetes.get(`${path}?limit=1`).then(
        () => {
          // Only a watch that is not broken off says what is new.
          if (!troubled) seenAt = clock.now();
        },
        () => undefined,
      );
    }
  }

  const running = Promise.all([follow(), pulse()]);
  return {
    get: (name) => kept.get(name),
    values: () => kept.values(),
    seenWithin: (ms) => seenAt !== null && version !== null && clock.now() - seenAt <= ms,
    onChange: (listener) => void listeners.add(listener),
    async close() {
      stop.abort();
      await running;
    },
  };
}
