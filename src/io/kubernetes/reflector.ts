import { parseForeign } from '../../kit/json.ts';
import { messageOf } from '../../kit/result.ts';
import { KubernetesError } from './client.ts';
import type { Malformed } from './malformed.ts';
import { list, type Reflected, type ReflectorOptions, selectorOf, take, type WatchEvent } from './objects.ts';

/** The objects of one kind in one namespace, as the API server told of them last. */
export interface Reflector<T> {
  get(name: string): T | undefined;
  /** Objects that are there and cannot be read, by name: `get` and `values` have none of them. */
  malformed(): ReadonlyMap<string, Malformed>;
  values(): Iterable<T>;
  /** Said by the API server not longer ago than that, by the clock. */
  seenWithin(ms: number): boolean;
  /** What the API server refused the watch with, as long as it does; null: it is running, or nobody answers. */
  refusal(): KubernetesError | null;
  /** Called after every change. */
  onChange(listener: (name: string) => void): void;
  close(): Promise<void>;
}

/** A watch ends by itself after so long, and is resumed where it was: what hangs unseen does not hang on. */
const WATCH_S = 50;
const WATCH_SLACK_MS = 15_000;
/** Everything is read anew so often, whatever the watch said. */
const RESYNC_MS = 600_000;
const GONE = 410;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000] as const;
/** A quiet watch does not show whether anybody is there: asked apart. */
const PULSE_MS = 3_000;

function heard<T>(state: Reflected<T>): void {
  const { kubernetes, clock, path, warn } = state.options;
  state.seenAt = clock.now();
  if (state.trouble !== null) warn({ path, server: kubernetes.server }, 'the cluster answers again');
  state.trouble = null;
}

function unheard<T>(state: Reflected<T>, thrown: unknown): void {
  const { kubernetes, path, warn } = state.options;
  if (state.trouble === null)
    warn(
      { path, server: kubernetes.server, error: messageOf(thrown) },
      'the cluster cannot be watched; its lanes wait until it answers',
    );
  state.trouble = thrown;
}

async function watch<T>(state: Reflected<T>): Promise<void> {
  const { options, stop, version } = state;
  const url = `${options.path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_S}&resourceVersion=${version}${selectorOf(options)}`;
  const limit = AbortSignal.timeout(WATCH_S * 1_000 + WATCH_SLACK_MS);
  const lines = await options.kubernetes.lines(url, AbortSignal.any([stop.signal, limit]));
  heard(state);
  for await (const line of lines) {
    state.seenAt = options.clock.now();
    take(state, parseForeign(line) as WatchEvent);
  }
}

async function follow<T>(state: Reflected<T>): Promise<void> {
  const { clock } = state.options;
  const { signal } = state.stop;
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (state.version === null || clock.now() - state.listedAt >= RESYNC_MS) await list(state);
      await watch(state);
      failures = 0;
    } catch (thrown) {
      if (signal.aborted) return;
      if (thrown instanceof KubernetesError && thrown.status === GONE) {
        state.version = null;
        continue;
      }
      unheard(state, thrown);
      await clock.sleep(BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)]!, signal);
    }
  }
}

async function pulse<T>(state: Reflected<T>): Promise<void> {
  const { kubernetes, clock, path } = state.options;
  const { signal } = state.stop;
  while (!signal.aborted) {
    await clock.sleep(PULSE_MS, signal);
    if (signal.aborted || state.version === null) continue;
    await kubernetes.get(`${path}?limit=1`).then(
      () => {
        // Only a watch that is not broken off says what is new.
        if (state.trouble === null) state.seenAt = clock.now();
      },
      () => undefined,
    );
  }
}

/** Lists, then watches: resumed from the last version seen, begun anew where that is too old. */
export function reflect<T>(options: ReflectorOptions<T>): Reflector<T> {
  const state: Reflected<T> = {
    options,
    kept: new Map(),
    malformed: new Map(),
    listeners: new Set(),
    stop: new AbortController(),
    version: null,
    listedAt: 0,
    seenAt: null,
    trouble: null,
  };
  const running = Promise.all([follow(state), pulse(state)]);
  return {
    get: (name) => state.kept.get(name),
    malformed: () => state.malformed,
    values: () => state.kept.values(),
    seenWithin: (ms) =>
      state.seenAt !== null && state.version !== null && options.clock.now() - state.seenAt <= ms,
    refusal: () => (state.trouble instanceof KubernetesError ? state.trouble : null),
    onChange: (listener) => void state.listeners.add(listener),
    async close() {
      state.stop.abort();
      await running;
    },
  };
}
