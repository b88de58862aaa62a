import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AnchorStatus, anchorWarnings } from '../../src/controller/anchoring.ts';
import { createBudgetEvaluator } from '../../src/controller/budgets/budget-evaluator.ts';
import { createGovernance } from '../../src/controller/governance/governance.ts';
import { ok } from '../../src/kit/result.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import type { MetricsPort } from '../../src/runtime/port.ts';
import { createAnswered } from '../../src/server/answered.ts';
import { createApp } from '../../src/server/app.ts';
import { foreignRequest, loadTokens } from '../../src/server/auth.ts';
import { createBudgetQueries } from '../../src/server/budgets.ts';
import { createGovernanceQueries } from '../../src/server/governance.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createQueries } from '../../src/server/queries.ts';
import { createSignIn } from '../../src/server/sign-in.ts';
import { temporaryFolder } from '../folder.ts';
import { createHouse } from '../sim/harness.ts';
import { WHOLE_CHAIN } from '../whole-chain.ts';
import { NO_GITOPS } from './no-gitops.ts';

const HOST = { host: '127.0.0.1:7117' };
const ADMIN = { id: 'tester', kind: 'person', scopes: ['admin'] } as const;

/** Says 1,000 requests and 12 bad ones of every SLO, whatever is asked. */
const COUNTS: MetricsPort = {
  raw: async () => ok([]),
  instant: async (query) =>
    ok(
      ['slo:requests:increase_window', 'slo:bad_requests:increase_window']
        .filter((name) => query.includes('__name__') || query.includes(name.split(':')[1]!))
        .map((name) => ({
          labels: { __name__: name, slo: 'checkout-availability' },
          samples: [[0, /bad/.test(query.includes('__name__') ? name : query) ? 12 : 100_000]],
        })),
    ),
};

/** The HTTP contract over a simulated house: a canary at 20 %. */
async function rig(consoleDir: string | null = null) {
  const house = await createHouse({ seed: 3 });
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable');
  house.world.push('1.1.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Evaluating');
  const tokens = await loadTokens(memoryLedger('tokens'));
  const now = () => house.world.clock.now();
  let unready: string | null = null;
  let anchors: AnchorStatus = { anchored: 7, trouble: null };
  let answered = createAnswered(() => 0);
  const delivered: unknown[] = [];
  const asked: string[] = [];
  const controller = house.controller();
  const budgets = createBudgetEvaluator({
    platform: house.platform,
    journal: house.journal(),
    metrics: (e) => controller.metrics(e),
  });
  const governance = createGovernance({
    platform: house.platform,
    journal: house.journal(),
    statuses: budgets.statuses,
  });
  const metrics = createMetrics(controller, WHOLE_CHAIN);
  const none = { freezes: () => [], pulls: () => [], inSync: () => null, measures: NO_GITOPS.measures };
  metrics.watch({
    ...none,
    measures: (service) => none.measures(service, 0, 0),
    anchors: () => anchors,
    troubles: () => [],
    queues: () => [],
  });
  const app = createApp({
    signIn: createSignIn(house.platform.signIn, null, now),
    governance,
    governanceQueries: createGovernanceQueries({
      platform: house.platform,
      ledger: house.ledger,
      governance,
      gate: null,
      openKept: () => {
        throw new Error('nothing is replayed here');
      },
      now,
    }),
    gate: null,
    promoter: null,
    ...NO_GITOPS,
    argoCdToken: 'argo-secret',
    onSync: async () => {
      asked.push('sync');
    },
    onPush: () => void asked.push('push'),
    branch: 'main',
    publicUrl: () => 'http://127.0.0.1:7117',
    budgets: createBudgetQueries({
      platform: house.platform,
      journal: house.journal(),
      budgets,
      metricsOf: () => COUNTS,
      now,
    }),
    platform: house.platform,
    queries: createQueries({
      platform: house.platform,
      controller: house.controller(),
      journal: house.journal(),
      statuses: budgets.statuses,
      now,
    }),
    controller: house.controller(),
    ledger: house.ledger,
    tokens,
    metrics,
    unready: () => unready,
    warnings: () => anchorWarnings(anchors),
    consoleDir,
    alertmanagerToken: 'am-secret',
    allowedHosts: [],
    openReads: true,
    verdictToken: null,
    onAlerts: async (body) => {
      if ((body as { status?: string }).status === undefined) throw new Error('status is missing');
      delivered.push(body);
    },
    now,
    answered: { once: (...given) => answered.once(...given) },
    newId: () => 'new-id',
  });
  const ask = (path: string, init: RequestInit = {}) =>
    app.fetch(
      new Request(`http://127.0.0.1:7117${path}`, {
        ...init,
        headers: { ...HOST, ...(init.headers as Record<string, string>) },
      }),
    );
  const order = (token: string | null, body: object, headers: Record<string, string> = {}) =>
    ask('/api/v1/lanes/prod/checkout/commands', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: JSON.stringify(body),
    });
  const setUnready = (why: string) => (unready = why);
  const setAnchors = (status: AnchorStatus) => (anchors = status);
  const forget = () => (answered = createAnswered(() => 0));
  return { house, tokens, ask, order, delivered, asked, setUnready, setAnchors, forget };
}

describe('the HTTP contract', () => {
  it('API-1: health, readiness, metrics and the description of itself', async () => {
    const { ask, setUnready } = await rig();
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask('/readyz')).status).toBe(200);
    setUnready('the ledger cannot be written');
    const ready = await ask('/readyz');
    expect(ready.status).toBe(503);
    expect(ready.headers.get('content-type')).toBe('application/problem+json');
    expect(await (await ask('/metrics')).text()).toContain(
      'sluice_state{service="checkout",environment="prod",state="Evaluating"} 1',
    );
    const description = (await (await ask('/openapi.json')).json()) as { openapi: string; paths: object };
    expect(description.openapi).toBe('3.1.0');
    expect(Object.keys(description.paths)).toContain('/api/v1/verdict');
  });

  it('ANCHOR-6: a ledger that is not anchored is shown to whoever watches, and decisions go on', async () => {
    const { ask, setAnchors } = await rig();
    expect(await (await ask('/readyz')).json()).toEqual({ ok: true });
    expect(await (await ask('/metrics')).text()).toContain('sluice_ledger_anchored_seq 7');
    const message = 'record 3 is not the one that was anchored';
    setAnchors({ anchored: null, trouble: { code: 'CHANGED', message, tampered: true } });
    const ready = await ask('/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ok: true, warnings: [`the ledger is not anchored (CHANGED): ${message}`] },
    ]);
    expect(await (await ask('/metrics')).text()).toContain('sluice_ledger_anchor_failing{code="CHANGED"} 1');
  });

  it('API-2: a mutation needs a token, even on loopback, and the scope for it', async () => {
    const { order, tokens } = await rig();
    const body = { command: 'pause', reason: 'wait' };
    expect((await order(null, body)).status).toBe(401);
    expect((await order('wrong', body)).status).toBe(401);
    const reader = await tokens.create('reader', ['read'], ADMIN, 1);
    expect((await order(reader.token, body)).status).toBe(403);
    const operator = await tokens.create('operator', ['operate'], ADMIN, 1);
    expect((await order(operator.token, body)).status).toBe(202);
  });

  it('API-2: tokens are kept as hashes only', async () => {
    const ledger = memoryLedger('tokens');
    const { token } = await (await loadTokens(ledger)).create('ci', ['operate'], ADMIN, 1);
    expect((await ledger.texts()).join('')).not.toContain(token);
    expect((await loadTokens(ledger)).whose(token, 2)).toMatchObject({ id: 'token:ci', scopes: ['operate'] });
  });

  it('API-3: an order without a reason is refused; the same key is the same order', async () => {
    const { order, tokens, house } = await rig();
    const refused = await order(tokens.local, { command: 'pause', reason: '  ' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('a reason is required') });
    const key = { 'idempotency-key': 'k1' };
    const first = await (await order(tokens.local, { command: 'pause', reason: 'wait' }, key)).json();
    const again = await (await order(tokens.local, { command: 'pause', reason: 'wait' }, key)).json();
    expect(again).toEqual(first);
    expect((await house.ledger.read({ type: 'command.accepted' })).length).toBe(1);
  });

  it('ROLLBACK-5: users are returned once, however often the order comes, also from a server that forgot it', async () => {
    const { house, tokens, ask, forget } = await rig();
    const back = (key: string, body: object, token = tokens.local) =>
      ask('/api/v1/lanes/prod/checkout/rollback', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          'idempotency-key': key,
        },
        body: JSON.stringify(body),
      });
    const body = { reason: 'it loses orders' };
    const [first, again] = await Promise.all([back('r1', body), back('r1', body)]);
    expect([first!.status, again!.status]).toEqual([202, 202]);
    const said = (await first!.json()) as { from: string; to: string; seq: number };
    expect(await again!.json()).toEqual(said);
    expect((await back('r1', { reason: 'another' })).status).toBe(409);
    // Nobody else is answered in its stead.
    const other = await tokens.create('other', ['operate'], ADMIN, 1);
    const theirs = await back('r1', { reason: 'mine' }, other.token);
    expect(theirs.status).not.toBe(409);
    const count = async () => (await house.ledger.read({ type: 'lane.returned' })).length;
    const recorded = await count();
    await house.until(() => house.state().state === 'Recovery', 600_000);
    // A server that begins anew knows it by the record.
    forget();
    const later = await back('r1', body);
    expect(await later.json()).toMatchObject({ seq: said.seq, from: said.from, to: said.to });
    expect(await count()).toBe(recorded);
  });

  it('API-3: half of a character in an order is refused at its place, before anything is done about it', async () => {
    const { order, tokens, house } = await rig();
    const before = await house.ledger.head();
    const refused = await order(tokens.local, { command: 'pause', reason: 'wait\ud800' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      detail: expect.stringMatching(/^reason: .*half of a char/),
    });
    expect(await house.ledger.head()).toEqual(before);
    expect((await order(tokens.local, { command: 'pause', reason: 'wait \u{1f600}' })).status).toBe(202);
  });

  it('API-4: the verdict is a pure read: 200 for all three words, and for what is unknown', async () => {
    const { ask, house } = await rig();
    const { revision } = house.state().release!.target;
    const before = await house.ledger.head();
    const verdict = async (query: string) => {
      const answer = await ask(`/api/v1/verdict?${query}`);
      expect(answer.status).toBe(200);
      return answer.json();
    };
    const mine = `service=checkout&environment=prod&revision=${revision}`;
    expect(await verdict(`${mine}&step=0`)).toMatchObject({
      verdict: 'inconclusive',
      release: 'checkout.prod.2',
      step: 0,
    });
    expect(await verdict(`${mine}&step=2`)).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['OTHER_STEP'],
    });
    expect(await verdict('service=checkout&environment=prod&revision=nope&step=0')).toMatchObject({
      verdict: 'inconclusive',
      reasons: ['UNKNOWN_RELEASE'],
    });
    expect(await verdict('service=nope&environment=nope&revision=nope&step=0&phase=start')).toMatchObject({
      verdict: 'inconclusive',
    });
    expect(await house.ledger.head()).toEqual(before);
    expect((await ask('/api/v1/verdict?service=checkout')).status).toBe(400);
    await house.until(() => house.state().state === 'Stable', 1_200_000);
    expect(await verdict(`${mine}&step=0`)).toMatchObject({ verdict: 'pass' });
  });

  it('NOTIFY-10: notifications are listed in the sentence of the release that they are about, and only what was asked for', async () => {
    const { ask } = await rig();
    type Page = { notices: { thread: string; text: string; title: string }[]; next: number | null };
    const list = async (query: string) => (await (await ask(`/api/v1/notices${query}`)).json()) as Page;
    const release = (await (await ask('/api/v1/releases/checkout.prod.2')).json()) as { sentence: string };
    expect((await list('?kinds=all')).notices).toMatchObject([
      {
        thread: 'checkout.prod.2',
        title: 'checkout 1.1.0 is being released in prod',
        text: release.sentence,
        path: '/releases/checkout.prod.2',
      },
      { thread: 'checkout.prod.1' },
    ]);
    expect(await list('')).toMatchObject({ notices: [], next: null });
    const first = await list('?kinds=all&limit=1');
    expect(first.notices.map((n) => n.thread)).toEqual(['checkout.prod.2']);
    const rest = await list(`?kinds=all&limit=1&before=${first.next}`);
    expect(rest).toMatchObject({ notices: [{ thread: 'checkout.prod.1' }], next: null });
    expect((await ask('/api/v1/notices?limit=0')).status).toBe(400);
  });

  it('LATENCY-1: a release without an SLO about latency has no distribution, and one that does not exist is not found', async () => {
    const { ask } = await rig();
    const release = (await (await ask('/api/v1/releases/checkout.prod.2')).json()) as { latency: unknown };
    expect(release.latency).toEqual([]);
    expect(await (await ask('/api/v1/releases/checkout.prod.2/latency')).json()).toEqual({
      schema: 'sluice.dev/latency/v1',
      release: 'checkout.prod.2',
      slos: [],
    });
    expect((await ask('/api/v1/releases/checkout.prod.99/latency')).status).toBe(404);
  });

  it('API-11: budgets are listed, and an exclusion needs the scope, a reason and an approver', async () => {
    const { ask, tokens, house } = await rig();
    const slo = house.platform.slos[0]!.name;
    const list = (await (await ask('/api/v1/budgets')).json()) as {
      schema: string;
      budgets: { slo: string; state: string }[];
    };
    expect(list).toMatchObject({ schema: 'sluice.dev/budgets/v1', budgets: [{ slo, state: 'stable' }] });
    expect((await ask('/api/v1/budgets/prod/nope')).status).toBe(404);
    expect(await (await ask(`/api/v1/budgets/prod/${slo}`)).json()).toMatchObject({ slo, adjustments: [] });
    const exclude = (token: string | null, body: object, key = 'x1') =>
      ask(`/api/v1/budgets/prod/${slo}/adjustments`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': key,
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
        body: JSON.stringify(body),
      });
    const now = house.world.clock.now();
    const time = { from: new Date(now - 600_000).toISOString(), to: new Date(now - 300_000).toISOString() };
    const right = { ...time, reason: 'the region was down', approver: 'the lead' };
    expect((await exclude(null, right)).status).toBe(401);
    const operator = await tokens.create('operator', ['operate'], ADMIN, 1);
    expect((await exclude(operator.token, right)).status).toBe(403);
    const waiver = await tokens.create('waiver', ['waive'], ADMIN, 1);
    expect((await exclude(waiver.token, { ...right, reason: ' ' })).status).toBe(400);
    expect((await exclude(waiver.token, { ...right, from: time.to, to: time.from })).status).toBe(400);
    const done = (await (await exclude(waiver.token, right)).json()) as { seq: number };
    expect(done).toMatchObject({ id: 'x1', bad: 12 });
    expect(await (await exclude(waiver.token, right)).json()).toEqual(done);
    const detail = (await (await ask(`/api/v1/budgets/prod/${slo}`)).json()) as { adjustments: object[] };
    expect(detail.adjustments).toMatchObject([{ reason: 'the region was down', approver: 'the lead' }]);
    expect(await house.ledger.read({ type: 'budget.adjusted' })).toMatchObject([
      { actor: { id: 'token:waiver' } },
    ]);
  });

  describe('what can be excluded from a budget', () => {
    async function excluding() {
      const { ask, tokens, house } = await rig();
      const slo = house.platform.slos[0]!.name;
      const { token } = await tokens.create('waiver', ['waive'], ADMIN, 1);
      const now = house.world.clock.now();
      const moment = (ago: number) => new Date(now - ago).toISOString();
      let key = 0;
      const exclude = async (from: number, to: number | 'now', id = `e${key++}`) => {
        const answer = await ask(`/api/v1/budgets/prod/${slo}/adjustments`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': id,
            authorization: `Bearer ${token}`,
          },
          body: JSON.stringify({
            from: moment(from),
            ...(to === 'now' ? { to: moment(-3_600_000), ongoing: true } : { to: moment(to) }),
            reason: 'the region was down',
            approver: 'the lead',
          }),
        });
        return [answer.status, (await answer.json()) as Record<string, unknown>] as const;
      };
      return { exclude, now };
    }

    it('BUDGET-9: an end in the future is refused; of an ongoing incident what came until now is excluded', async () => {
      const { exclude, now } = await excluding();
      const refused = {
        detail: expect.stringMatching(
          /^an incident that is not over cannot be excluded as a whole: .* is in the future/,
        ),
        next: expect.stringContaining('--to now'),
      };
      expect(await exclude(600_000, -1)).toEqual([400, expect.objectContaining(refused)]);
      expect(await exclude(600_000, -3_600_000)).toEqual([400, expect.objectContaining(refused)]);
      expect(await exclude(-1, -2)).toEqual([
        400,
        expect.objectContaining({ detail: 'an incident that has not begun cannot be excluded' }),
      ]);
      expect(await exclude(600_000, 'now')).toEqual([
        201,
        expect.objectContaining({ fromMs: now - 600_000, toMs: now, bad: 12 }),
      ]);
    });

    it('BUDGET-10: no time is excluded twice, and none that has left the window', async () => {
      const { exclude } = await excluding();
      const first = await exclude(600_000, 300_000, 'one');
      expect(first[0]).toBe(201);
      for (const [from, to] of [
        [600_000, 300_000],
        [900_000, 599_999],
        [300_001, 0],
      ] as const)
        expect(await exclude(from, to)).toEqual([
          400,
          expect.objectContaining({
            detail: expect.stringMatching(/is excluded already \("the region was down"\)/),
            next: 'exclude only the time before or after it',
          }),
        ]);
      expect(await exclude(600_000, 300_000, 'one')).toEqual(first);
      expect((await exclude(900_000, 600_000))[0]).toBe(201);
      expect((await exclude(300_000, 'now'))[0]).toBe(201);
      const years = 5 * 365 * 86_400_000;
      expect(await exclude(years, years - 1_000)).toEqual([
        400,
        expect.objectContaining({ detail: expect.stringContaining('has left the window') }),
      ]);
    });
  });

  it('API-10: past releases are judged again by another rule; a rule that cannot be is refused', async () => {
    const { ask } = await rig();
    expect(await (await ask('/api/v1/replay')).json()).toMatchObject({
      schema: 'sluice.dev/replay/v1',
      releases: [{}, {}],
    });
    expect((await ask('/api/v1/replay?alpha=0.9')).status).toBe(400);
    expect((await ask('/api/v1/replay?minBad=-1')).status).toBe(400);
  });

  it('API-5: the ledger is read by pages of seq', async () => {
    const { ask } = await rig();
    const first = (await (await ask('/api/v1/ledger?limit=2')).json()) as {
      records: { seq: number }[];
      next: number;
    };
    expect(first.records.map((r) => r.seq)).toEqual([1, 2]);
    const second = (await (await ask(`/api/v1/ledger?limit=2&after=${first.next}`)).json()) as {
      records: { seq: number }[];
    };
    expect(second.records.map((r) => r.seq)).toEqual([3, 4]);
    expect((await ask('/api/v1/ledger?limit=0')).status).toBe(400);
    expect((await ask('/api/v1/ledger?limit=99999')).status).toBe(400);
  });

  it('API-6: events carry seq as their id, and go on after the last one seen', async () => {
    const { ask, house } = await rig();
    const { seq } = await house.ledger.head();
    const answer = await ask('/api/v1/events', { headers: { 'last-event-id': String(seq - 2) } });
    const reader = answer.body!.getReader();
    let text = '';
    while (!text.includes(`id: ${seq}`)) text += new TextDecoder().decode((await reader.read()).value);
    await reader.cancel();
    expect(text).toContain(`id: ${seq - 1}`);
    expect(text).not.toContain(`id: ${seq - 2}\n`);
  });

  it('API-7: Alertmanager is known by its token, and what it sends is checked', async () => {
    const { ask, delivered } = await rig();
    const post = (token: string, body: string) =>
      ask('/webhooks/alertmanager', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });
    expect((await post('wrong', '{"status":"firing"}')).status).toBe(401);
    expect((await post('am-secret', '{}')).status).toBe(400);
    expect((await post('am-secret', 'not json')).status).toBe(400);
    expect((await post('am-secret', '{"status":"firing"}')).status).toBe(200);
    expect((await post('am-secret', `{"status":"${'x'.repeat(2_000_000)}"}`)).status).toBe(413);
    expect(delivered).toHaveLength(1);
  });

  it('API-7: Argo CD is known by its token; what it says is a hint, and the Applications are looked at', async () => {
    const { ask, asked } = await rig();
    const post = (authorization: string) =>
      ask('/webhooks/argocd', { method: 'POST', headers: { authorization }, body: '{"app":"anything"}' });
    expect((await post('Bearer wrong')).status).toBe(401);
    expect((await post('')).status).toBe(401);
    expect(asked).toEqual([]);
    expect((await post('Bearer argo-secret')).status).toBe(200);
    expect(asked).toEqual(['push', 'sync']);
  });

  it('API-18: a version that goes on serving although its file is gone is a problem that says what helps', async () => {
    const r = await rig();
    const problems = async () =>
      ((await (await r.ask('/api/v1/overview')).json()) as { problems: string[] }).problems;
    await r.house.until(() => r.house.state().stable?.version === '1.1.0');
    expect(await problems()).toEqual([]);
    r.house.world.pushNothing();
    await r.house.until(() => r.house.controller().desired()?.lanes.size === 0);
    expect(await problems()).toEqual([
      'checkout/prod: environments/prod/checkout.yaml is no longer in Git; 1.1.0 continues to serve. Next: restore the file, or remove the service from the declaration',
    ]);
    expect(r.house.state()).toMatchObject({ state: 'Stable', stable: { version: '1.1.0' } });
  });

  it('API-17: a body that is no JSON is 400, one of another type 415: nobody tries such a one again', async () => {
    const { ask, tokens } = await rig();
    const { token } = await tokens.create('operator', ['operate'], ADMIN, 1);
    const send = (type: string, body: string) =>
      ask('/api/v1/lanes/prod/checkout/commands', {
        method: 'POST',
        headers: { 'content-type': type, authorization: `Bearer ${token}` },
        body,
      });
    for (const [type, body, status] of [
      ['application/json', '{', 400],
      ['text/plain', '{}', 415],
    ] as const) {
      const answer = await send(type, body);
      expect(answer.status).toBe(status);
      expect(await answer.json()).toMatchObject({ status, title: 'Bad request', next: expect.any(String) });
    }
  });

  it('API-17: below /api/ nothing answers with a page', async () => {
    const folder = temporaryFolder('console');
    writeFileSync(join(folder, 'index.html'), '<html></html>');
    const { ask } = await rig(folder);
    for (const path of ['/api/v1/nope', '/auth/nope', '/webhooks/nope']) {
      const answer = await ask(path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        404,
        expect.stringContaining('json'),
      ]);
    }
    expect(await (await ask('/releases')).text()).toContain('<html>');
  });

  it('API-8: what is not there is a problem with a next step', async () => {
    const { ask } = await rig();
    for (const path of ['/api/v1/releases/nope', '/api/v1/releases/checkout.prod.99', '/nothing']) {
      const answer = await ask(path);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ status: 404, next: expect.any(String) });
    }
  });

  it.each([
    ['127.0.0.1:80', undefined, false],
    ['localhost:8080', 'http://localhost:8080', false],
    ['[::1]:80', undefined, false],
    ['evil.example:80', undefined, true],
    [undefined, undefined, true],
    ['127.0.0.1:80', 'http://evil.example', true],
    ['127.0.0.1:80', 'http://127.0.0.1:81', true],
    ['127.0.0.1:80', 'null', true],
    ['sluice.internal', undefined, false],
  ])('API-9: host %s with origin %s: refused %s', (host, origin, refused) =>
    expect(foreignRequest(host, origin, ['sluice.internal']) !== undefined).toBe(refused),
  );
});
