import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { Message } from '../../src/server/notify/port.ts';

export interface Call {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export const message = (more: Partial<Message> = {}): Message => ({
  thread: 'checkout.prod.3',
  kind: 'started',
  kinds: ['started'],
  service: 'checkout',
  environment: 'prod',
  title: 'checkout 1.2.0 is being released in prod',
  text: 'It replaces 1.1.0.',
  at: 1,
  rev: 10,
  settled: false,
  path: '/releases/checkout.prod.3',
  link: 'http://127.0.0.1:7117/releases/checkout.prod.3',
  ...more,
});

/** A receiver over HTTP on this machine; what it answers is said by the test. */
export async function httpReceiver(answer: (call: Call) => { status?: number; body?: object }) {
  const calls: Call[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const call = { path: req.url!, headers: req.headers, body: Buffer.concat(chunks).toString() };
      calls.push(call);
      const { status = 200, body = {} } = answer(call);
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { calls, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** A mail server on this machine, and what it was given. */
export async function mailReceiver() {
  const mails: { readonly to: readonly string[]; readonly text: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session: unknown, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { envelope } = session as { envelope: { rcptTo: { address: string }[] } };
        mails.push({
          to: envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const { port } = server.server.address() as AddressInfo;
  return { mails, port, close: () => new Promise<void>((done) => server.close(() => done())) };
}
