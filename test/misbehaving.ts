import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server was asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a server says when nothing is wrong with it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A way to answer wrongly, or not at all. `proper` is what would have been right. */
export type Misbehaviour = (response: ServerResponse, proper: Answer, asked: Asked) => void;

const say = (response: ServerResponse, { status, headers, body }: Answer): void =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

/** Takes the request, and never says anything. */
export const silent: Misbehaviour = () => undefined;

/** Answers, but later: longer than a tick waits for it. */
export const slow =
  (ms: number): Misbehaviour =>
  (response, proper) =>
    void setTimeout(() => say(response, proper), ms);

/** Answers something else. */
export const says =
  (answer: Answer): Misbehaviour =>
  (response) =>
    say(response, answer);

/** A web page where JSON should be: what stands in front asks people to sign in. */
export const PAGE: Answer = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Sign in</title><form action="/login"></form>',
};

/** Says what is right, changed. */
export const changed =
  (change: (body: string, asked: Asked) => string): Misbehaviour =>
  (response, proper, asked) =>
    say(response, { ...proper, body: change(proper.body, asked) });

/** The first half of what is right, under the length of all of it. */
const half = (response: ServerResponse, { status, body }: Answer): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  });
  response.write(body.slice(0, Math.ceil(body.length / 2)));
};

/** Half of an answer; then the connection is cut. */
export const cut: Misbehaviour = (response, proper) => {
  half(response, proper);
  setImmediate(() => response.destroy());
};

/** Half of an answer; then nothing more, and the connection stays. */
export const halfOpen: Misbehaviour = half;

/** Half of an answer as if it were all of it. */
export const shortened: Misbehaviour = (response, proper) =>
  say(response, { ...proper, body: proper.body.slice(0, Math.ceil(proper.body.length / 2)) });

const CHUNK = ' '.repeat(1 << 20);

/** An answer that has no end: valid as far as it goes, until whoever asked has had enough. */
export const endless: Misbehaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"status":"success",');
  const more = () => {
    while (!response.destroyed && response.write(CHUNK));
  };
  response.on('drain', more);
  more();
};

/** Leads elsewhere. */
export const redirect = (to: string): Misbehaviour =>
  says({ status: 302, headers: { location: to }, body: '' });

/** What somebody in front of it would say in its stead. */
const NOTHING: Answer = { status: 200, body: '{"nothing": "of it"}' };

export interface MisbehavingServer {
  readonly address: string;
  readonly asked: Asked[];
  /** From now on it answers like this; null: as it should. */
  behave(how: Misbehaviour | null): void;
  /** Whether a request reaches what is behind it although the answer is wrong; at first it does. */
  reach(does: boolean): void;
  /** Ends every connection, and refuses new ones. */
  refuse(): Promise<void>;
  /** Listens again where it did. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** A server on loopback that answers properly until it is told to misbehave. */
export async function misbehaving(
  proper: (asked: Asked) => Answer | Promise<Answer>,
): Promise<MisbehavingServer> {
  const asked: Asked[] = [];
  let how: Misbehaviour | null = null;
  let reaches = true;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const one: Asked = {
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      asked.push(one);
      const now = how;
      const answer = reaches ? await proper(one) : NOTHING;
      if (now) now(response, answer, one);
      else say(response, answer);
    });
  });
  const listen = (port: number) =>
    new Promise<void>((done) => void server.listen(port, '127.0.0.1', () => done()));
  const end = () => {
    if (!server.listening) return Promise.resolve();
    const ended = new Promise<void>((done) => void server.close(() => done()));
    server.closeAllConnections();
    return ended;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    asked,
    behave(next) {
      how = next;
    },
    reach(does) {
      reaches = does;
    },
    refuse: end,
    listen: () => listen(port),
    close: end,
  };
}
