import { HttpMethod, type KubeConfig, RequestContext } from '@kubernetes/client-node';
import { type Dispatcher, fetch, type Response } from 'undici';
import { parseForeign } from '../../kit/json.ts';
import { messageOf } from '../../kit/result.ts';
import { textOf } from '../answer.ts';
import { streamedLines } from '../lines.ts';
import { type KubernetesPlace, loadKubeconfig, withPlugin } from './kubeconfig.ts';

/** An answer of the API server that is none we wanted. */
export class KubernetesError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'KubernetesError';
    this.status = status;
  }
}

/** The API of one cluster, signed in as its kubeconfig says. Every call is bounded in time. */
export interface Kubernetes {
  readonly server: string;
  get<T>(path: string): Promise<T>;
  /** What time it is there, in milliseconds; null: it does not say. */
  clock(): Promise<number | null>;
  /** A merge patch. */
  patch(path: string, body: object): Promise<void>;
  /** Begins a watch; its lines as they come, which end with the connection. */
  lines(path: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

const TIMEOUT_MS = 8_000;
/** A list of every Pod of a large namespace, with what managers keep in them. */
const LONGEST_LIST = 256 << 20;
const bounded = (): AbortSignal => AbortSignal.timeout(TIMEOUT_MS);
/** Tokens of service accounts are renewed in their file; certificates may be too. */
const SIGN_IN_EVERY_MS = 60_000;

interface SignedIn {
  readonly headers: Record<string, string>;
  readonly dispatcher: Dispatcher | undefined;
  readonly at: number;
}

/** One cluster, and how we are signed in there. */
interface Connection {
  readonly place: KubernetesPlace;
  config: KubeConfig;
  readonly server: string;
  now(): number;
  known: SignedIn | null;
  /** A sign-in under way: two at once would close each other's connections. */
  signing: Promise<SignedIn> | null;
}

async function signInAnew(connection: Connection): Promise<SignedIn> {
  const { config, server, known: before } = connection;
  const context = new RequestContext(server, HttpMethod.GET);
  await withPlugin(config, () => config.applySecurityAuthentication(context));
  const made = { headers: context.getHeaders(), dispatcher: context.getDispatcher(), at: connection.now() };
  connection.known = made;
  // Watches under way end with their connection, and are resumed.
  void before?.dispatcher?.close().catch(() => undefined);
  return made;
}

function signIn(connection: Connection): Promise<SignedIn> {
  const { known } = connection;
  if (known && connection.now() - known.at < SIGN_IN_EVERY_MS) return Promise.resolve(known);
  connection.signing ??= signInAnew(connection).finally(() => {
    connection.signing = null;
  });
  return connection.signing;
}

/** Credentials that were refused may have been rotated: everything that they come from is read anew. */
function forget(connection: Connection, refused: SignedIn): void {
  if (connection.known !== refused) return;
  const { place } = connection;
  connection.config = loadKubeconfig(place, place.again?.() ?? place.kubeconfig);
  // The dispatcher of those stays for what is under way, and is closed with the next sign-in.
  connection.known = { ...refused, at: Number.NEGATIVE_INFINITY };
}

/** Names in a path come from documents and from the cluster: none of them is a way to another object. */
const PATH = /^(\/(?!\.{1,2}(\/|\?|$))[A-Za-z0-9._~:-]+)+(\?[\w.~%&=*+'()!-]*)?$/;

interface Call {
  readonly method: string;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly body?: object | undefined;
}

async function call(connection: Connection, asked: Call, isSecond = false): Promise<Response> {
  const { server } = connection;
  const { method, path, signal, body } = asked;
  if (!PATH.test(path)) throw new Error(`broken invariant: ${JSON.stringify(path)} is not a path of the API`);
  const signedIn = await signIn(connection);
  const { headers, dispatcher } = signedIn;
  const answer = await fetch(`${server}${path}`, {
    method,
    headers: {
      accept: 'application/json',
      ...headers,
      ...(body ? { 'content-type': 'application/merge-patch+json' } : {}),
    },
    signal,
    // A certificate or an order is for this server alone, and not for wherever an answer points.
    redirect: 'manual',
    ...(dispatcher ? { dispatcher } : {}),
    ...(body ? { body: JSON.stringify(body) } : {}),
  }).catch((thrown: unknown) => {
    // The reason why a connection failed is told one level down.
    throw new Error(`${server}: ${messageOf((thrown as Error).cause ?? thrown)}`);
  });
  if (answer.status < 300) return answer;
  const text = await textOf(answer);
  if (answer.status === 401 && !isSecond) {
    forget(connection, signedIn);
    return call(connection, asked, true);
  }
  throw new KubernetesError(answer.status, `${method} ${path}: ${answer.status} ${messageIn(text)}`);
}

/** Throws where the kubeconfig names no cluster. */
export function openKubernetes(place: KubernetesPlace, now: () => number): Kubernetes {
  const config = loadKubeconfig(place, place.kubeconfig);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`the kubeconfig has no context ${place.context ?? '(none is current)'}`);
  const server = cluster.server.replace(/\/$/, '');
  const connection: Connection = { place, config, server, now, known: null, signing: null };
  return {
    server,
    async get<T>(path: string) {
      const answer = await call(connection, { method: 'GET', path, signal: bounded() });
      return parseForeign(await textOf(answer, LONGEST_LIST)) as T;
    },
    async clock() {
      const answer = await call(connection, { method: 'GET', path: '/version', signal: bounded() });
      await textOf(answer);
      const at = Date.parse(answer.headers.get('date') ?? '');
      return Number.isNaN(at) ? null : at;
    },
    async patch(path, body) {
      await textOf(await call(connection, { method: 'PATCH', path, signal: bounded(), body }));
    },
    async lines(path, signal) {
      return streamedLines(await call(connection, { method: 'GET', path, signal }));
    },
  };
}

/** What a Status object says, without the rest of it. */
function messageIn(text: string): string {
  try {
    return String((parseForeign(text) as { message?: unknown }).message ?? text).slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}
