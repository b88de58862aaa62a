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

/** What one reflector holds. */
export interface Reflected<T> {
  readonly options: ReflectorOptions<T>;
  readonly kept: Map<string, T>;
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

interface Meta {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}
interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly unknown[];
}
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

const PAGE = 500;

const metaOf = (object: unknown): Meta['metadata'] => (object as Meta).metadata;

/** The part of a query that asks for labelled objects only. */
export const selectorOf = ({ labelSelector }: Pick<ReflectorOptions<unknown>, 'labelSelector'>): string =>
  labelSelector ? `&labelSelector=${encodeURIComponent(labelSelector)}` : '';

function tell<T>({ listeners }: Reflected<T>, names: Iterable<string>): void {
  for (const name of names) for (const listener of listeners) listener(name);
}

/** Reads everything page by page, in place of what is kept. */
export async function list<T>(state: Reflected<T>): Promise<void> {
  const { options, kept } = state;
  const found = new Map<string, T>();
  let next = '';
  let at = '';
  do {
    const from = next ? `&continue=${encodeURIComponent(next)}` : '';
    const page: List = await options.kubernetes.get(
      `${options.path}?limit=${PAGE}${selectorOf(options)}${from}`,
    );
    for (const item of page.items) found.set(metaOf(item).name, options.pick(item));
    next = page.metadata.continue ?? '';
    at = page.metadata.resourceVersion;
  } while (next);
  const gone = [...kept.keys()].filter((name) => !found.has(name));
  for (const name of gone) kept.delete(name);
  for (const [name, value] of found) kept.set(name, value);
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
  const { name, resourceVersion } = metaOf(object);
  state.version = resourceVersion;
  if (type === 'BOOKMARK') return;
  if (type === 'DELETED') state.kept.delete(name);
  else state.kept.set(name, state.options.pick(object));
  tell(state, [name]);
}
