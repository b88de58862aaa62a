import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEdge } from '../../src/delivery/adapters/nginx/edge.ts';
import type { Edge } from '../../src/delivery/edge-port.ts';
import { which } from '../../src/io/os.ts';
import { freePort } from '../../src/io/ports.ts';
import { until } from '../wait.ts';

/** A backend that says its name; where it is asked slowly, only once it is told to. */
async function backend(name: string) {
  const port = await freePort();
  const held: ServerResponse[] = [];
  const server: Server = createServer((incoming, response) => {
    if (incoming.url === '/slow') held.push(response);
    else response.end(name);
  });
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const answer = () => {
    for (const response of held.splice(0)) response.end(name);
  };
  return { server, arm: { revision: name, port }, held: () => held.length, answer };
}

describe('nginx as the edge', () => {
  let directory = '';
  let edge: Edge;
  let stable: Awaited<ReturnType<typeof backend>>;
  let canary: Awaited<ReturnType<typeof backend>>;
  const get = async (path = '/') => {
    const answer = await request(`http://127.0.0.1:${edge.portOf('shop')}${path}`, { reset: true });
    return { status: answer.statusCode, body: await answer.body.text() };
  };
  const share = async (n: number) => {
    let hits = 0;
    for (let i = 0; i < n; i++) if ((await get()).body === 'canary') hits++;
    return hits / n;
  };

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-edge-'));
    [stable, canary] = await Promise.all([backend('stable'), backend('canary')]);
    edge = await createEdge({
      directory,
      services: ['shop', 'other-one'],
      nginx: which('nginx', process.env)!,
    });
    await edge.start();
  });
  afterAll(async () => {
    await edge.stop();
    stable.server.close();
    canary.server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('EDGE-1: a service with no version answers 503 and says so', async () =>
    expect(await get()).toEqual({ status: 503, body: 'no version of shop serves\n' }));

  it('EDGE-2: traffic is split by weight, request by request', async () => {
    await edge.change('shop', (lane) => ({ ...lane, stable: stable.arm }));
    expect(await share(50)).toBe(0);
    await edge.change('shop', (lane) => ({ ...lane, canary: canary.arm, weight: 20 }));
    const seen = await share(1_000);
    expect(seen).toBeGreaterThan(0.14);
    expect(seen).toBeLessThan(0.26);
    await edge.change('shop', (lane) => ({ ...lane, weight: 100 }));
    expect(await share(50)).toBe(1);
  });

  it('EDGE-3: what is served is asked of nginx, and a change is there when it resolves', async () => {
    await edge.change('shop', (lane) => ({ ...lane, weight: 50 }));
    expect((await edge.served()).lanes['shop']).toMatchObject({
      weight: 50,
      canary: canary.arm,
      stable: stable.arm,
    });
    await edge.change('shop', (lane) => ({ ...lane, canary: null, weight: 0 }));
    expect(await share(200), 'not one request after an abort').toBe(0);
  });

  it('EDGE-4: a configuration that nginx refuses changes nothing: the old one keeps serving', async () => {
    const before = await edge.served();
    await expect(
      edge.change('shop', (lane) => ({ ...lane, stable: { revision: 'x', port: 99_999 } })),
    ).rejects.toMatchObject({ name: 'EdgeRefused' });
    expect(await edge.served()).toEqual(before);
    expect((await get()).body).toBe('stable');
    await edge.change('shop', (lane) => ({ ...lane, canary: canary.arm, weight: 20 }));
    expect((await edge.served()).lanes['shop']?.weight).toBe(20);
  });

  it('EDGE-5: a request under way is drained, not cut, when weights change', async () => {
    await edge.change('shop', (lane) => ({ ...lane, canary: canary.arm, weight: 100 }));
    const slow = Promise.all(Array.from({ length: 10 }, () => get('/slow')));
    await until('all of them in the backend before the change begins', 5_000, () => canary.held() === 10);
    await edge.change('shop', (lane) => ({ ...lane, canary: null, weight: 0 }));
    expect((await get()).body, 'what comes after the change goes elsewhere').toBe('stable');
    canary.answer();
    expect(await slow).toEqual(Array.from({ length: 10 }, () => ({ status: 200, body: 'canary' })));
  });

  it('EDGE-5: under steady traffic and changes of weight no request fails', async () => {
    let stop = false;
    const statuses: number[] = [];
    const users = Array.from({ length: 8 }, async () => {
      while (!stop) statuses.push((await get().catch(() => ({ status: 0 }))).status);
    });
    for (const weight of [20, 50, 100, 0, 20, 50, 100, 0]) {
      await edge.change('shop', (lane) => ({ ...lane, canary: weight > 0 ? canary.arm : null, weight }));
      const before = statuses.length;
      await until('requests since the change', 5_000, () => statuses.length > before + 20);
    }
    stop = true;
    await Promise.all(users);
    expect(statuses.filter((s) => s !== 200)).toEqual([]);
  });

  it('EDGE-6: a successor adopts the nginx that runs, and its state', async () => {
    await edge.change('shop', (lane) => ({ ...lane, canary: canary.arm, weight: 50 }));
    const before = await edge.served();
    const successor = await createEdge({
      directory,
      services: ['shop', 'other-one'],
      nginx: which('nginx', process.env)!,
    });
    await successor.start();
    expect(await successor.served()).toEqual(before);
    await successor.change('shop', (lane) => ({ ...lane, canary: null, weight: 0 }));
    expect((await edge.served()).generation).toBe(before.generation + 1);
  });
});
