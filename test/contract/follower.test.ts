import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type ControllerPorts, createController } from '../../src/controller/loop.ts';
import { createSloStatuses } from '../../src/controller/slo-statuses.ts';
import { systemClock } from '../../src/io/clock.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createFollowerApp } from '../../src/server/follower.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createQueries } from '../../src/server/queries.ts';
import { journalOver } from '../journal.ts';
import { createHouse } from '../sim/harness.ts';

const HEADERS = { host: '127.0.0.1:7117' };
const NOBODY = { actor: null, kind: null, scopes: [] };
const never = (): never => {
  throw new Error('a follower does not look');
};

/** A leader's house, and a server beside it that only reads the same ledger. */
async function rig(openReads = true) {
  const house = await createHouse({ seed: 5 });
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable');
  const { ledger, platform } = house;
  const journal = await journalOver(ledger);
  const ports: ControllerPorts = {
    clock: systemClock,
    journal,
    desired: { read: async () => null },
    metrics: never,
    delivery: never,
  };
  const controller = createController(platform, ports, { warn: () => {} });
  const now = () => house.world.clock.now();
  const statuses = createSloStatuses({
    platform,
    metrics: (e) => controller.metrics(e),
    adjustments: () => [],
  });
  let leader: { name: string; address: string | null } | null = null;
  let broken: string | null = null;
  const app = createFollowerApp({
    queries: createQueries({ platform, controller, journal, statuses, now }),
    ledger: journal,
    controller,
    now,
    metrics: createMetrics(controller, { broken: () => broken }),
    unready: () => null,
    consoleDir: null,
    allowedHosts: [],
    openReads,
    verdictToken: null,
    leader: () => leader,
  });
  const ask = (path: string, init: RequestInit = {}) =>
    app.request(path, { ...init, headers: { ...HEADERS, ...init.headers } });
  return {
    house,
    journal,
    ask,
    lead: (next: typeof leader) => {
      leader = next;
    },
    break: () => {
      broken = 'record 2 was changed';
    },
  };
}

describe('a server that follows', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  it('FOLLOW-1: gives the verdict from the ledger alone, as the leader recorded it', async () => {
    const r = await rig();
    const target = r.house.world.push('1.1.0', { errorRate: 0 });
    await r.house.until(() => r.house.state().release?.step === 1);
    const verdict = async () => {
      const path = `/api/v1/verdict?service=checkout&environment=prod&revision=${target.revision}&step=0`;
      return (await (await r.ask(path)).json()) as { verdict: string };
    };
    expect((await verdict()).verdict).toBe('inconclusive');
    await r.journal.follow();
    expect((await verdict()).verdict).toBe('pass');
    const overview = (await (await r.ask('/api/v1/overview')).json()) as { lanes: { state: string }[] };
    expect(overview.lanes[0]!.state).toBe(r.house.state().state);
    expect((await r.ask('/api/v1/ledger/verification')).status).toBe(200);
    expect((await r.ask('/readyz')).status).toBe(200);
  });

  it('FOLLOW-2: passes what only the leader may do to it, with who asks; and its answer back', async () => {
    const r = await rig();
    const seen: {
      method?: string | undefined;
      url?: string | undefined;
      body: string;
      headers: IncomingMessage['headers'];
    }[] = [];
    const server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        seen.push({
          method: req.method,
          url: req.url,
          body: Buffer.concat(chunks).toString(),
          headers: req.headers,
        });
        res.writeHead(202, { 'x-from': 'the leader', 'content-type': 'application/json' }).end('{"ok":true}');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
    closing.push(() => server.close());
    r.lead({ name: 'one', address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const answer = await r.ask('/api/v1/freezes', {
      method: 'POST',
      headers: { authorization: 'Bearer token', 'idempotency-key': 'k', 'content-type': 'application/json' },
      body: '{"reason":"peak"}',
    });
    expect([answer.status, answer.headers.get('x-from')]).toEqual([202, 'the leader']);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/api/v1/freezes', body: '{"reason":"peak"}' });
    expect(seen[0]!.headers).toMatchObject({ authorization: 'Bearer token', 'idempotency-key': 'k' });
    await r.ask('/api/v1/pipeline?x=1');
    expect(seen[1]!.url).toBe('/api/v1/pipeline?x=1');
    expect(seen[1]!.headers.origin).toBeUndefined();
    // A page of ours is one of the leader's as well: sign-ins and orders of sessions arrive as such.
    const page = { origin: `http://${HEADERS.host}` };
    await r.ask('/auth/login?return=/', { method: 'POST', headers: page, body: 'token=x' });
    expect(seen[2]!.headers).toMatchObject({ origin: `http://${seen[2]!.headers.host}` });
    const foreign = { origin: 'http://evil.example' };
    expect((await r.ask('/auth/login', { method: 'POST', headers: foreign })).status).toBe(403);
    expect(seen).toHaveLength(3);
  });

  it('TRUST-2: elsewhere it asks the leader who asks; where none answers, tokens of the ledger count', async () => {
    const r = await rig(false);
    const asked: (string | undefined)[] = [];
    const server = createServer((req, res) => {
      asked.push(req.url);
      const known = req.headers.cookie === 'sluice_session=good';
      const me = { schema: 'sluice.dev/me/v1', signIn: null, reads: known };
      const who = known ? { actor: 'oidc:ann', kind: 'person', scopes: ['operate'] } : NOBODY;
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...me, ...who }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
    closing.push(() => server.close());
    const status = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await r.ask(path, { headers });
      await answer.body?.cancel();
      return answer.status;
    };
    const tester = { id: 'tester', kind: 'person', scopes: ['admin'] } as const;
    const tokens = await loadTokens(r.house.ledger);
    const bearer = async (scope: 'read' | 'admin') => ({
      authorization: `Bearer ${(await tokens.create(scope, [scope], tester, 1)).token}`,
    });
    const [reader, admin] = [await bearer('read'), await bearer('admin')];
    const own = ['/api/v1/ledger', '/api/v1/ledger/verification', '/api/v1/ledger/export', '/api/v1/events'];
    r.lead({ name: 'one', address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    for (const path of own) {
      expect(await status(path), path).toBe(401);
      expect(await status(path, { cookie: 'sluice_session=bad' }), path).toBe(401);
      const may = path.endsWith('export') ? 403 : 200;
      expect(await status(path, { cookie: 'sluice_session=good' }), path).toBe(may);
    }
    expect(asked.filter((url) => url !== '/api/v1/me')).toEqual([]);
    r.lead(null);
    for (const path of own) {
      expect(await status(path), path).toBe(401);
      expect(await status(path, { cookie: 'sluice_session=good' }), path).toBe(401);
      expect(await status(path, { authorization: 'Bearer sluice_wrong' }), path).toBe(401);
      expect(await status(path, reader), path).toBe(path.endsWith('export') ? 403 : 200);
      expect(await status(path, admin), path).toBe(200);
    }
    expect(await status('/api/v1/overview')).toBe(401);
    expect(await status('/api/v1/overview', reader)).toBe(200);
    expect(await status('/api/v1/verdict?service=checkout&environment=prod&revision=x')).toBe(200);
    expect(await status('/readyz')).toBe(200);
  });

  it('FOLLOW-3: where nobody leads it decides nothing, and still tells what is on record', async () => {
    const r = await rig();
    for (const leader of [
      null,
      { name: 'one', address: null },
      { name: 'one', address: 'http://127.0.0.1:9' },
    ]) {
      r.lead(leader);
      expect((await r.ask('/api/v1/freezes', { method: 'POST' })).status).toBe(503);
      expect((await r.ask('/api/v1/overview')).status).toBe(200);
      expect((await r.ask('/api/v1/releases')).status).toBe(200);
    }
    expect((await r.ask('/api/v1/overview', { headers: { host: 'evil.invalid' } })).status).toBe(403);
    const before = await r.house.ledger.head();
    await r.journal.follow();
    expect(await r.house.ledger.head()).toEqual(before);
  });

  it('FOLLOW-4: its metrics say that the chain was found broken, as those of the leader do', async () => {
    const r = await rig();
    const broken = async () =>
      /^sluice_ledger_broken (\d)$/m.exec(await (await r.ask('/metrics')).text())?.[1];
    expect(await broken()).toBe('0');
    r.break();
    expect(await broken()).toBe('1');
  });
});
