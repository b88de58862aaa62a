import type { Clock } from '../../kit/time.ts';
import { type Kubernetes, KubernetesError } from './client.ts';
import { labelsIn, type Malformed, nameIn, versionIn, whyUnreadable } from './malformed.ts';

export interface ReflectorOptions<T> {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  /** Such as `/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts`. */
  readonly path: string;
  readonly labelSelector?: string;
  /** What is kept of an object, by name: the rest is forgotten. Throws where it cannot be read: that hides no other. */
  pick(object: unknown): T;
  warn(details: object, message: string): void;
}

/** What one reflector holds. */
export interface Reflected<T> {
  readonly options: ReflectorOptions<T>;
  readonly kept: Map<string, T>;
  /** Objects that are there and cannot be read, by name. */
  readonly malformed: Map<string, Malformed>;
  readonly listeners: Set<(name: string) => void>;
  readonly stop: AbortController;
  /** The version of the API server that this is; null: nothing was listed yet, or it is too old to go on from. */
  version: string | null;
  /** When everything was listed last, by the clock. */
  listedAt: number;
  /** When the API server was last heard, by the clock; null: never. */
  seenAt: number | null;
  /** Why the watch broke off, where it was not resumed yet; null: it is running. */
  trouble: unknown;
}

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Null, where the server has none of built-in kinds. */
  readonly items: readonly unknown[] | null;
}
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

const PAGE = 500;

/** The part of a query that asks for labelled objects only. */
export const selectorOf = ({ labelSelector }: Pick<ReflectorOptions<unknown>, 'labelSelector'>): string =>
  labelSelector ? `&labelSelector=${encodeURIComponent(labelSelector)}` : '';

function tell<T>({ listeners }: Reflected<T>, names: Iterable<string>): void {
  for (const name of names) for (const listener of listeners) listener(name);
}

/** Keeps an object; one that cannot be read is told of, once for each reason. */
function keep<T>({ options, kept, malformed }: Reflected<T>, name: string, object: unknown): void {
  const before = malformed.get(name)?.why;
  malformed.delete(name);
  try {
    kept.set(name, options.pick(object));
  } catch (thrown) {
    // What it was before says nothing of what it is now.
    kept.delete(name);
    const why = whyUnreadable(thrown);
    malformed.set(name, { why, labels: labelsIn(object) });
    const { path, kubernetes } = options;
    if (why !== before)
      options.warn(
        { path, server: kubernetes.server, name, error: why },
        'an object of the cluster cannot be read; the others are followed',
      );
  }
}

/** Reads everything page by page, in place of what is kept. */
export async function list<T>(state: Reflected<T>): Promise<void> {
  const { options, kept, malformed } = state;
  const found = new Map<string, unknown>();
  let next = '';
  let at = '';
  do {
    const from = next ? `&continue=${encodeURIComponent(next)}` : '';
    const page: List = await options.kubernetes.get(
      `${options.path}?limit=${PAGE}${selectorOf(options)}${from}`,
    );
    for (const item of page.items ?? []) found.set(nameIn(item), item);
    next = page.metadata.continue ?? '';
    at = page.metadata.resourceVersion;
  } while (next);
  const gone = [...kept.keys(), ...malformed.keys()].filter((name) => !found.has(name));
  for (const name of gone) {
    kept.delete(name);
    malformed.delete(name);
  }
  for (const [name, object] of found) keep(state, name, object);
  state.version = at;
  state.listedAt = options.clock.now();
  tell(state, [...gone, ...found.keys()]);
}

/** Takes one event of a watch in; throws where it says that the watch is over. */
export function take<T>(state: Reflected<T>, { type, object }: WatchEvent): void {
  if (type === 'ERROR') {
    const { code, message } = object as { code?: number; message?: string };
    throw new KubernetesError(code ?? 500, message ?? 'the watch was interrupted');
  }
  state.version = versionIn(object) ?? state.version;
  if (type === 'BOOKMARK') return;
  const name = nameIn(object);
  if (type === 'DELETED') {
    state.kept.delete(name);
    state.malformed.delete(name);
  } else keep(state, name, object);
  tell(state, [name]);
}
