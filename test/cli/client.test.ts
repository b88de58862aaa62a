import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { clientOf } from '../../src/cli/client.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that gives one answer, whatever is asked, and remembers what was. */
async function answering(document: object) {
  const asked: Asked[] = [];
  let connections = 0;
  const take = async (request: IncomingMessage) =>
    asked.push({ method: request.method, url: request.url, body: await text(request) });
  const server = createServer((request, response) => {
    void take(request).then(() => response.end(JSON.stringify(document)));
  }).listen(0, '127.0.0.1');
  server.on('connection', () => {
    connections += 1;
  });
  closing.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = clientOf({ url: `http://127.0.0.1:${port}`, token: null });
  return { client, asked, connections: () => connections };
}

it('CLI-19: every request has a connection of its own', async () => {
  const { client, connections } = await answering({ schema: 'sluice.dev/me/v1' });
  for (let i = 0; i < 3; i++) await client.get('/api/v1/me');
  expect(connections()).toBe(3);
});

it('API-19: names in a path are filled in, whatever they are; what is not said is left out of the query', async () => {
  const release = await answering({ schema: 'sluice.dev/release/v1' });
  await release.client.get('/api/v1/releases/{id}', { params: { id: 'a/b ?#{id}' } });
  expect(release.asked[0]!.url).toBe('/api/v1/releases/a%2Fb%20%3F%23%7Bid%7D');
  const page = await answering({ schema: 'sluice.dev/ledger/v1' });
  await page.client.get('/api/v1/ledger', { query: { limit: 2, subject: 'a&b', after: undefined } });
  await page.client.get('/api/v1/ledger');
  expect(page.asked.map(({ url }) => url)).toEqual([
    '/api/v1/ledger?limit=2&subject=a%26b',
    '/api/v1/ledger',
  ]);
});

it('API-19: an order carries its body', async () => {
  const { client, asked } = await answering({ schema: 'sluice.dev/recorded/v1', id: 'f', seq: 7 });
  const done = await client.post('/api/v1/freezes/{id}/lift', {
    params: { id: 'f' },
    body: { reason: 'over' },
  });
  expect(done.seq).toBe(7);
  expect(asked).toEqual([{ method: 'POST', url: '/api/v1/freezes/f/lift', body: '{"reason":"over"}' }]);
});

it('API-19: an answer that names itself otherwise than its operation does is refused, with what to do', async () => {
  const { client } = await answering({ schema: 'sluice.dev/overview/v2' });
  await expect(client.get('/api/v1/overview')).rejects.toMatchObject({
    exit: 3,
    failure: {
      code: 'OTHER_API',
      message:
        'the server answered with sluice.dev/overview/v2, and this version reads sluice.dev/overview/v1',
      next: expect.stringContaining('version of the server'),
    },
  });
});
