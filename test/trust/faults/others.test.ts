import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { createEdge } from '../../../src/delivery/adapters/nginx/edge.ts';
import type { ForgePort } from '../../../src/gitops/forge.ts';
import { which } from '../../../src/io/os.ts';
import { freePort } from '../../../src/io/ports.ts';
import { temporaryFolder } from '../../folder.ts';
import { desired, gateHouse, stableIn } from '../../gate/harness.ts';
import { until } from '../../wait.ts';
import { rowsOf } from './table.ts';

const PROD = 'environments/prod/checkout.yaml';
const MANY = 2_000;

/** A forge whose calls are counted by their names. */
function counted(calls: string[]) {
  return (forge: ForgePort): ForgePort =>
    new Proxy(forge, {
      get(target, name: keyof ForgePort) {
        const method = target[name];
        if (typeof method !== 'function' || name === 'hint') return method;
        return (...args: unknown[]) => {
          calls.push(name);
          return (method as (...a: unknown[]) => unknown)(...args);
        };
      },
    });
}

/** What the gate asks and records where so many deliveries come in each of three ticks. */
async function hinted(deliveries: number) {
  const calls: string[] = [];
  const h = await gateHouse({ wrap: counted(calls) });
  // 1.1.0 is new in prod: what was stable there before passes a spent budget.
  h.lanes.set('checkout/prod', { ...h.lanes.get('checkout/prod')!, ...stableIn('a') });
  try {
    const number = await h.open({ [PROD]: desired('1.1.0', 'b') });
    await h.tick();
    const [asked, records] = [calls.length, (await h.ledger.read()).length];
    for (let tick = 0; tick < 3; tick++) {
      for (let i = 0; i < deliveries; i++)
        h.gate.hint({ kind: 'pull', pull: number, headSha: null, baseSha: null, delivery: `${tick}-${i}` });
      await h.tick();
    }
    const more = { asked: calls.slice(asked), records: (await h.ledger.read()).length - records };
    // And what changes is still found.
    h.numbers.left = -1;
    await h.tick();
    await h.tick();
    expect(h.decision(number).allow).toBe(false);
    expect(await h.status(number)).toBe('failure');
    return more;
  } finally {
    h.close();
  }
}

async function storm(): Promise<void> {
  expect(await hinted(MANY)).toEqual(await hinted(1));
}

async function backend(name: string): Promise<{ server: Server; port: number }> {
  const port = await freePort();
  const server = createServer((_, response) => void response.end(name));
  await new Promise<void>((done) => void server.listen(port, '127.0.0.1', () => done()));
  return { server, port };
}

/** nginx is killed while a canary has 100 %: until it is back nothing is known of it, and then it serves what was meant. */
async function nginxKilled(): Promise<void> {
  const directory = temporaryFolder('edge');
  const [stable, canary] = await Promise.all([backend('stable'), backend('canary')]);
  const edge = await createEdge({ directory, services: ['shop'], nginx: which('nginx', process.env)! });
  const get = async () =>
    (await request(`http://127.0.0.1:${edge.portOf('shop')}/`, { reset: true })).body.text();
  try {
    await edge.start();
    await edge.change('shop', (lane) => ({ ...lane, stable: { revision: 's', port: stable.port } }));
    await edge.change('shop', (lane) => ({
      ...lane,
      canary: { revision: 'c', port: canary.port },
      weight: 100,
    }));
    const before = await edge.served();
    const master = Number(readFileSync(join(directory, 'nginx.pid'), 'utf8'));
    const workers = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ');
    for (const pid of [master, ...workers.map(Number)]) process.kill(pid, 'SIGKILL');
    await until('nothing listens', 10_000, () =>
      get().then(
        () => false as const,
        () => true as const,
      ),
    );
    await expect(edge.served()).rejects.toThrow();
    // An abort, as the next tick would order it.
    await edge.change('shop', (lane) => ({ ...lane, canary: null, weight: 0 }));
    expect(await get()).toBe('stable');
    expect((await edge.served()).generation).toBeGreaterThan(before.generation);
  } finally {
    await edge.stop();
    stable.server.close();
    canary.server.close();
  }
}

describe('nginx and webhooks', () => {
  it.each(rowsOf('nginx', { killed: nginxKilled }))('FAULT-4: %s: %s', (_fault, _outcome, trial) => trial());
  it.each(rowsOf('webhooks', { storm }))('FAULT-4: %s: %s', (_fault, _outcome, trial) => trial());
});
