import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { clientOf } from '../../src/cli/client.ts';

it('CLI-19: every request has a connection of its own', async () => {
  let connections = 0;
  const server = createServer((_, response) => response.end('{"schema":"sluice.dev/x/v1"}')).listen(
    0,
    '127.0.0.1',
  );
  server.on('connection', () => {
    connections += 1;
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = clientOf({ url: `http://127.0.0.1:${port}`, token: null });
  for (let i = 0; i < 3; i++) await client.get('/');
  expect(connections).toBe(3);
  server.close();
});
