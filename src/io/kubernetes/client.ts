import { HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, fetch } from 'undici';
import { messageOf } from '../../kit/result.ts';

/** An answer of the API server that is none we wanted. */
export class KubernetesError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'KubernetesError';
    this.status = status;
  }
}

export interface KubernetesPlace {
  /** Text of a kubeconfig; null: the cluster that this process runs in, else the usual kubeconfig. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
}

/** The API of one cluster, signed in as its kubeconfig says. Every call is bounded in time. */
export interface Kubernetes {
  readonly server: string;
  get<T>(path: string): Promise<T>;
  /** A merge patch. */
  patch(path: string, body: object): Promise<void>;
  /** Begins a watch; its lines as they come, which end with the connection. */
  lines(path: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

const TIMEOUT_MS = 8_000;
/** Tokens of service accounts are renewed in their file; certificates may be too. */
const SIGN_IN_EVERY_MS = 60_000;

interface SignedIn {
  readonly headers: Record<string, string>;
  readonly dispatcher: Dispatcher | undefined;
  readonly at: number;
}

function load({ kubeconfig, context }: KubernetesPlace): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig !== null) config.loadFromString(kubeconfig);
  else config.loadFromDefault();
  if (context !== null) config.setCurrentContext(context);
  return config;
}

/** Throws where the kubeconfig names no cluster. */
export function openKubernetes(place: KubernetesPlace, now: () => number): Kubernetes {
  const config = load(place);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`the kubeconfig has no context ${place.context ?? '(none is current)'}`);
  const server = cluster.server.replace(/\/$/, '');
  let known: SignedIn | null = null;
  let signing: Promise<SignedIn> | null = null;

  const signIn = (): Promise<SignedIn> => {
    if (known && now() - known.at < SIGN_IN_EVERY_MS) return Promise.resolve(known);
    // Two at once would close each other's connections.
    signing ??= signInAnew().finally(() => {
      signing = null;
    });
    return signing;
  };

  async function signInAnew(): Promise<SignedIn> {
    const context = new RequestContext(server, HttpMethod.GET);
    await config.applySecurityAuthentication(context);
    const before = known;
    known = { headers: context.getHeaders(), dispatcher: context.getDispatcher(), at: now() };
    // Watches under way end with their connection, and are resumed.
    void before?.dispatcher?.close().catch(() => undefined);
    return known;
  }

  async function call(method: string, path: string, signal: AbortSignal, body?: object) {
    const { headers, dispatcher } = await signIn();
    const answer = await fetch(`${server}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body ? { 'content-type': 'application/merge-patch+json' } : {}),
      },
      signal,
      ...(dispatcher ? { dispatcher } : {}),
      ...(body ? { body: JSON.stringify(body) } : {}),
    }).catch((thrown: unknown) => {
      // The reason why a connection failed is told one level down.
      throw new Error(`${server}: ${messageOf((thrown as Error).cause ?? thrown)}`);
    });
    if (answer.status < 300) return answer;
    const text = await answer.text();
    throw new KubernetesError(answer.status, `${method} ${path}: ${answer.status} ${messageIn(text)}`);
  }

  return {
    server,
    async get<T>(path: string) {
      return (await (await call('GET', path, AbortSignal.timeout(TIMEOUT_MS))).json()) as T;
    },
    async patch(path, body) {
      await (await call('PATCH', path, AbortSignal.timeout(TIMEOUT_MS), body)).text();
    },
    async lines(path, signal) {
      const { body } = await call('GET', path, signal);
      return linesOf(body ?? []);
    },
  };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter(Boolean);
  }
}

/** What a Status object says, without the rest of it. */
function messageIn(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? text).slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}
