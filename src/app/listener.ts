import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { CliError, EXIT } from '../cli/io.ts';
import type { Lifecycle } from './lifecycle.ts';

export type Handler = (request: Request) => Response | Promise<Response>;

export interface Listener {
  readonly url: string;
  /** Puts another in charge of answering. */
  answer(next: Handler): void;
}

/** It lives: whoever restarts what does not answer must not restart a server that starts or stands by. */
const startingHandler: Handler = (request) => {
  if (new URL(request.url).pathname === '/healthz') return Response.json({ ok: true });
  const problem = {
    type: 'about:blank',
    title: 'Starting',
    status: 503,
    detail: 'the server is starting',
  };
  return new Response(JSON.stringify(problem), {
    status: 503,
    headers: { 'content-type': 'application/problem+json' },
  });
};

const bind = (server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CliError(EXIT.no, {
              code: 'PORT_TAKEN',
              message: `port ${port} on ${host} is taken`,
              next: 'choose another with --port, or 0 for any free one',
            })
          : error,
      ),
    );
    server.listen(port, host, () => {
      const address = server.address();
      resolve(address && typeof address === 'object' ? address.port : port);
    });
  });

/** Listens before anything else starts, since Alertmanager must know the address. Until then every answer is 503. */
export async function listen(host: string, port: number, lifecycle: Lifecycle): Promise<Listener> {
  let handler = startingHandler;
  const server = createServer(getRequestListener((request) => handler(request)));
  const bound = await bind(server, host, port);
  lifecycle.onStop(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return {
    url: `http://${host}:${bound}`,
    answer: (next) => {
      handler = next;
    },
  };
}
