import { Agent, type Dispatcher } from 'undici';

export interface PrometheusAccess {
  readonly address: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string } | null;
  /** Replaced in tests by one that fails on unexpected calls. */
  readonly dispatcher?: Dispatcher;
  /** For tests: a shorter answer than usual is too long already. */
  readonly longestBytes?: number;
}

/** The longest answer that is read: an hour of samples of the services of a whole company, three times over. */
export const LONGEST_BYTES = 256 << 20;

/** The way to one Prometheus: whoever opens it closes it. */
interface Connection {
  readonly dispatcher: Dispatcher;
  /** The address of a path below `/api/v1/`. */
  endpoint(path: string): string;
  close(): Promise<void>;
}

/** Bounded in each of its phases, with the certificates that are declared. */
export function connect({ address, timeoutMs, tls, dispatcher }: PrometheusAccess): Connection {
  const own = dispatcher
    ? null
    : new Agent({
        connect: { timeout: timeoutMs, ...(tls ?? {}) },
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
  return {
    dispatcher: dispatcher ?? own!,
    endpoint: (path) => `${address.replace(/\/$/, '')}/api/v1/${path}`,
    close: async () => {
      await own?.close();
    },
  };
}
