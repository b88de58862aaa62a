import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { CliError, EXIT } from '../cli/io.ts';
import { urlHost } from '../kit/addresses.ts';
import { startingApp } from '../server/starting.ts';
import type { Lifecycle } from './lifecycle.ts';

type Handler = (request: Request) => Response | Promise<Response>;

export interface Listener {
  readonly url: string;
  /** Puts another in charge of answering. */
  answer(next: Handler): void;
}

/** Why nothing listens at an address; null: something else is wrong. */
function refused(host: string, port: number, code: string | undefined): CliError | null {
  const at = `port ${port} on ${host}`;
  if (code === 'EADDRINUSE')
    return new CliError(EXIT.unreachable, {
      code: 'PORT_TAKEN',
      message: `${at} is taken`,
      next: 'choose another with --port, or 0 for any free one',
    });
  if (code === 'EACCES' || code === 'EPERM')
    return new CliError(EXIT.unreachable, {
      code: 'PORT_REFUSED',
      message: `this user may not listen at ${at}`,
      next: 'choose one above 1023 with --port, or 0 for any free one',
    });
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new CliError(EXIT.usage, {
      code: 'BAD_HOST',
      message: `${host} is not an address of this machine`,
      next: 'choose one with --host, such as 127.0.0.1, or 0.0.0.0 for all',
    });
  return null;
}

const bind = (server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refused(host, port, error.code) ?? error));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(address && typeof address === 'object' ? address.port : port);
    });
  });

const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Whether a server listens at every address of its machine. */
export const isEverywhere = (host: string): boolean => EVERYWHERE.has(host);

/** The address for whoever is on this machine: one that stands for all of them is no name to ask for. */
export function urlOf(host: string, port: number): string {
  return `http://${urlHost(isEverywhere(host) ? '127.0.0.1' : host)}:${port}`;
}

/** Names under which requests may ask: those that are given, and the address at which it listens. */
export const namesOf = ({
  host,
  allowedHosts,
}: {
  host: string;
  allowedHosts: readonly string[];
}): string[] => [...allowedHosts, ...(isEverywhere(host) ? [] : [urlHost(host)])];

/** Listens before anything else starts, since Alertmanager must know the address. Until then every answer is 503. */
export async function listen(host: string, port: number, lifecycle: Lifecycle): Promise<Listener> {
  let handler: Handler = startingApp().fetch;
  const server = createServer(getRequestListener((request) => handler(request)));
  const bound = await bind(server, host, port);
  lifecycle.onStop(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return {
    url: urlOf(host, bound),
    answer: (next) => {
      handler = next;
    },
  };
}
