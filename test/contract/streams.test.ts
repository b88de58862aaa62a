import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../src/kit/actor.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import type { LedgerPort } from '../../src/ledger/port.ts';
import { endings, newApp } from '../../src/server/app.ts';
import type { AppParts } from '../../src/server/http.ts';
import { ledgerRoutes } from '../../src/server/routes/ledger.ts';
import { streamRoutes } from '../../src/server/routes/stream.ts';
import { until } from '../wait.ts';

const HEADS = 2_000;
const WITHIN_MS = 60_000;
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The stream and the ledger's routes over a real socket; who follows is counted where they subscribe. */
async function rig(most?: number, wrap: (ledger: LedgerPort) => LedgerPort = (ledger) => ledger) {
  const ledger = memoryLedger();
  const entry = { at: 1, type: 'x', v: 1, subject: 's', actor: SYSTEM, cause: null, data: {} };
  await ledger.append([entry, entry]);
  const listeners = new Set<unknown>();
  let subscribed = 0;
  const controller = {
    onRecords(listener: unknown) {
      subscribed++;
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  } as AppParts['controller'];
  let exported = 0;
  const counted: LedgerPort = {
    ...ledger,
    texts: async (options) => {
      exported++;
      return ledger.texts(options);
    },
  };
  const parts = { ledger: wrap(counted), controller, now: () => 1 };
  const app = newApp({ allowedHosts: [] });
  ledgerRoutes(app, { ...parts, mayExport: (_, next) => next() });
  streamRoutes(app, parts, most);
  endings(app);
  const server = createServer(getRequestListener((req) => app.fetch(req)));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address() as AddressInfo;
  /** One request; what came of it, and how it is given up. */
  const ask = (method: string, path = '/api/v1/events?after=0') =>
    new Promise<{ status: number; headers: Record<string, unknown>; first: string; giveUp(): void }>(
      (resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, method, path }, (answer) => {
          const result = {
            status: answer.statusCode!,
            headers: answer.headers,
            giveUp: () => asked.destroy(),
          };
          answer.once('data', (chunk: Buffer) => resolve({ ...result, first: chunk.toString() }));
          answer.once('end', () => resolve({ ...result, first: '' }));
          answer.on('error', () => {});
        });
        asked.on('error', reject);
        asked.end();
      },
    );
  return {
    app,
    ask,
    port,
    open: () => listeners.size,
    subscribed: () => subscribed,
    exported: () => exported,
  };
}

describe('streams', () => {
  it(`STREAM-1: ${HEADS} HEADs open no stream, read no ledger and leave nothing behind`, async () => {
    const r = await rig();
    for (let n = 0; n < HEADS; n += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => r.ask('HEAD')));
      for (const { status, headers } of answers) expect([status, headers['allow']]).toEqual([405, 'GET']);
    }
    expect([r.open(), r.subscribed()]).toEqual([0, 0]);
    for (const path of ['/api/v1/ledger/export', '/api/v1/ledger/verification', '/auth/login'])
      expect((await r.ask('HEAD', path)).status).toBe(405);
    expect(r.exported()).toBe(0);
  });

  it.each(['OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'])(
    'STREAM-1: %s opens none either',
    async (method) => {
      const r = await rig();
      const { status } = await r.ask(method);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(r.subscribed()).toBe(0);
    },
  );

  it('STREAM-1: what another handler opens for a HEAD is closed', async () => {
    const r = await rig();
    let cancelled = false;
    const body = new ReadableStream({
      cancel: () => {
        cancelled = true;
      },
    });
    r.app.get('/page', (c) => c.body(body));
    expect((await r.app.request('/page', { method: 'HEAD', headers: { host: '127.0.0.1' } })).status).toBe(
      200,
    );
    expect(cancelled).toBe(true);
  });

  it('STREAM-2: a stream ends with its request: after 200 readers went away nobody follows', async () => {
    const r = await rig();
    const readers = await Promise.all(Array.from({ length: 200 }, () => r.ask('GET')));
    for (const { status, first } of readers) {
      expect(status).toBe(200);
      expect(first).toContain('event: record');
    }
    expect(r.open()).toBe(200);
    for (const reader of readers) reader.giveUp();
    await until('no stream', WITHIN_MS, () => r.open() === 0);
  });

  it('STREAM-2: one that is given up before it began is not begun, or ends at once', async () => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const r = await rig(undefined, (ledger) => ({
      ...ledger,
      head: async () => {
        answer();
        await gate;
        return ledger.head();
      },
    }));
    const reader = request({ host: '127.0.0.1', port: r.port, path: '/api/v1/events' });
    reader.on('error', () => {});
    reader.end();
    await asked;
    reader.destroy();
    const given = new AbortController();
    given.abort();
    const late = new Request('http://127.0.0.1/api/v1/events', {
      headers: { host: '127.0.0.1' },
      signal: given.signal,
    });
    await r.app.fetch(late);
    release();
    await until('no stream', WITHIN_MS, () => r.subscribed() > 0 && r.open() === 0);
  });

  it('STREAM-2: a ledger that cannot be read ends the stream, and nobody follows', async () => {
    const r = await rig(undefined, (ledger) => ({
      ...ledger,
      read: async () => {
        throw new Error('gone');
      },
    }));
    expect((await r.ask('GET')).first).toContain('event: error');
    expect([r.subscribed(), r.open()]).toEqual([1, 0]);
  });

  it('STREAM-3: so many at once and no more: the next is told when to come again, and taken once one ended', async () => {
    const r = await rig(3);
    const readers = await Promise.all([r.ask('GET'), r.ask('GET'), r.ask('GET')]);
    const refused = await r.ask('GET');
    expect([refused.status, Number(refused.headers['retry-after'])]).toEqual([503, 10]);
    expect(r.subscribed()).toBe(3);
    readers[0]!.giveUp();
    const taken = await until('a place', WITHIN_MS, async () => {
      const again = await r.ask('GET');
      return again.status === 200 ? again : undefined;
    });
    expect(taken.first).toContain('event: record');
    for (const reader of [...readers, taken]) reader.giveUp();
  });
});
