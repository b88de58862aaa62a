import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AuditAnswer } from '../../src/api/governance.ts';
import { alertReceiver } from '../../src/controller/alerts.ts';
import { createBudgetEvaluator } from '../../src/controller/budgets/budget-evaluator.ts';
import type { Gate } from '../../src/controller/gate/gate.ts';
import type { SignIn } from '../../src/declaration/platform.ts';
import { githubForge } from '../../src/gitops/adapters/forge-github/forge.ts';
import type { ForgeHint } from '../../src/gitops/forge.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { createAnswered } from '../../src/server/answered.ts';
import { createApp } from '../../src/server/app.ts';
import { searchAudit } from '../../src/server/audit.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { createBudgetQueries } from '../../src/server/budgets.ts';
import { createGovernanceQueries } from '../../src/server/governance.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createQueries } from '../../src/server/queries.ts';
import { claimsFit, rightsOfGroups } from '../../src/server/sign-in/claims.ts';
import { createSignIn } from '../../src/server/sign-in.ts';
import { desired, digest, gateHouse, openKept } from '../gate/harness.ts';
import { journalOver } from '../journal.ts';
import { openIdProvider } from '../openid.ts';
import { createHouse, LANE } from '../sim/harness.ts';
import { WHOLE_CHAIN } from '../whole-chain.ts';
import { NO_GITOPS } from './no-gitops.ts';

const HOST = '127.0.0.1:7117';
const ORIGIN = `http://${HOST}`;
const ADMIN = { id: 'tester', kind: 'person', scopes: ['admin'] } as const;
const NO_SIGN_IN: SignIn = { people: null, machines: [] };
const PROD = 'environments/prod/checkout.yaml';
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The HTTP contract over a simulated controller and a real gate. */
async function rig(signIn: SignIn = NO_SIGN_IN, more: { now?: () => number; gate?: (g: Gate) => Gate } = {}) {
  const sim = await createHouse({ seed: 3 });
  sim.world.push('1.0.0', { errorRate: 0 });
  await sim.until(() => sim.state().state === 'Stable');
  const h = await gateHouse();
  closing.push(() => h.close());
  const tokens = await loadTokens(memoryLedger('tokens'));
  const now = more.now ?? (() => h.now());
  const controller = sim.controller();
  const budgets = createBudgetEvaluator({
    platform: sim.platform,
    journal: sim.journal(),
    metrics: (e) => controller.metrics(e),
  });
  const gate = more.gate ? more.gate(h.gate) : h.gate;
  const app = createApp({
    queries: createQueries({
      platform: sim.platform,
      controller,
      journal: sim.journal(),
      statuses: budgets.statuses,
      now,
    }),
    budgets: createBudgetQueries({
      platform: sim.platform,
      journal: sim.journal(),
      budgets,
      metricsOf: () => undefined,
      now,
    }),
    platform: sim.platform,
    controller,
    ledger: h.ledger,
    tokens,
    metrics: createMetrics(controller, WHOLE_CHAIN),
    unready: () => null,
    consoleDir: null,
    alertmanagerToken: 'am',
    allowedHosts: [],
    openReads: true,
    verdictToken: null,
    onAlerts: async () => {},
    signIn: createSignIn(signIn, null, now),
    governance: h.governance,
    governanceQueries: createGovernanceQueries({
      platform: h.platform,
      ledger: h.ledger,
      governance: h.governance,
      gate,
      openKept,
      now,
    }),
    gate,
    promoter: null,
    ...NO_GITOPS,
    branch: 'main',
    publicUrl: () => ORIGIN,
    now,
    answered: createAnswered(() => 0),
    newId: () => `id-${Math.round(performance.now() * 1_000)}`,
  });
  const ask = (path: string, init: RequestInit = {}) =>
    app.fetch(
      new Request(`${ORIGIN}${path}`, { ...init, headers: { host: HOST, ...(init.headers as object) } }),
    );
  const post = (path: string, body: object | string, headers: Record<string, string> = {}) =>
    ask(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const bearer = async (...scopes: ('read' | 'operate' | 'waive' | 'admin')[]) => ({
    authorization: `Bearer ${(await tokens.create(scopes.join('-'), scopes, ADMIN, 1)).token}`,
  });
  return { sim, h, ask, post, bearer };
}
const inAnHour = (now: number) => new Date(now + 3_600_000).toISOString();

describe('freezes and waivers over HTTP', () => {
  it('API-12: a freeze needs the right, a scope that exists, a reason and an end', async () => {
    const { h, ask, post, bearer } = await rig();
    const body = { scope: 'prod', reason: 'quarter end', until: inAnHour(h.now()) };
    expect((await post('/api/v1/freezes', body)).status).toBe(401);
    expect((await post('/api/v1/freezes', body, await bearer('read'))).status).toBe(403);
    const operator = await bearer('operate');
    const wrong: object[] = [
      { ...body, reason: '   ' },
      { ...body, scope: 'production' },
      { ...body, scope: 'a/b/c' },
      { ...body, until: 'tomorrow' },
      { ...body, until: '2026-03-01T02:00:00' },
      { ...body, until: new Date(h.now() - 1).toISOString() },
      { ...body, until: new Date(h.now() + 400 * 86_400_000).toISOString() },
      { scope: 'prod' },
    ];
    for (const one of wrong) {
      const answer = await post('/api/v1/freezes', one, operator);
      expect(answer.status, JSON.stringify(one)).toBe(400);
      expect(((await answer.json()) as { detail: string }).detail.length).toBeGreaterThan(5);
    }
    expect(await h.ledger.read({ type: 'freeze.set' })).toEqual([]);
    const key = { ...operator, 'idempotency-key': 'k' };
    const [first, again] = [
      await post('/api/v1/freezes', body, key),
      await post('/api/v1/freezes', body, key),
    ];
    expect([first.status, await first.json()]).toEqual([again.status, await again.json()]);
    const list = (await (await ask('/api/v1/freezes')).json()) as { sentence: string; freezes: object[] };
    expect(list.sentence).toContain('prod is frozen for another 60 min: quarter end');
    const [{ id }] = list.freezes as [{ id: string }];
    expect(id).toMatch(/^f-[0-9a-f]{8}$/);
    expect(list.freezes).toMatchObject([{ by: 'token:operate', state: 'stands', liftable: true }]);
    expect((await post(`/api/v1/freezes/${id}/lift`, { reason: 'x' }, operator)).status).toBe(403);
    const waiver = await bearer('waive');
    expect((await post(`/api/v1/freezes/${id}/lift`, { reason: '' }, waiver)).status).toBe(400);
    expect((await post(`/api/v1/freezes/${id}/lift`, { reason: 'done' }, waiver)).status).toBe(200);
    expect((await post(`/api/v1/freezes/${id}/lift`, { reason: 'done' }, waiver)).status).toBe(409);
    expect((await post('/api/v1/freezes/nope/lift', { reason: 'x' }, waiver)).status).toBe(409);
  });

  it('API-12: a waiver needs the right, a reason and an end within bounds; who gave it is on record', async () => {
    const { h, ask, post, bearer } = await rig();
    const body = { scope: 'checkout/prod', reason: 'vendor fix', expires: inAnHour(h.now()) };
    expect((await post('/api/v1/waivers', body, await bearer('operate'))).status).toBe(403);
    const waive = await bearer('waive');
    expect((await post('/api/v1/waivers', { ...body, reason: '' }, waive)).status).toBe(400);
    expect(
      (
        await post(
          '/api/v1/waivers',
          { ...body, expires: new Date(h.now() + 90_000_000).toISOString() },
          waive,
        )
      ).status,
    ).toBe(400);
    expect((await post('/api/v1/waivers', { ...body, codes: ['lower case'] }, waive)).status).toBe(400);
    expect((await post('/api/v1/waivers', { ...body, scope: 'cart/prod' }, waive)).status).toBe(400);
    const made = (await (await post('/api/v1/waivers', body, waive)).json()) as { id: string };
    const list = (await (await ask('/api/v1/waivers')).json()) as { waivers: object[] };
    expect(list.waivers).toMatchObject([{ id: made.id, by: 'token:waive', state: 'valid' }]);
    expect((await post(`/api/v1/waivers/${made.id}/revoke`, { reason: 'no' }, waive)).status).toBe(200);
    expect((await post(`/api/v1/waivers/${made.id}/revoke`, { reason: 'no' }, waive)).status).toBe(409);
  });

  it('LIFT-2: what was condemned is lifted with the right, a reason, and an exact digest that is refused there', async () => {
    const { post, bearer } = await rig();
    const digest = `sha256:${'d'.repeat(64)}`;
    const path = '/api/v1/lanes/prod/checkout/lift';
    const body = { digest, reason: 'the bank was down' };
    expect((await post(path, body)).status).toBe(401);
    expect((await post(path, body, await bearer('operate'))).status).toBe(403);
    const waive = await bearer('waive');
    for (const wrong of [{ digest }, { ...body, reason: '  ' }, { ...body, digest: 'latest' }])
      expect((await post(path, wrong, waive)).status, JSON.stringify(wrong)).toBe(400);
    expect((await post('/api/v1/lanes/mars/checkout/lift', body, waive)).status).toBe(404);
    const refused = await post(path, body, waive);
    expect(refused.status).toBe(409);
    expect(((await refused.json()) as { detail: string }).detail).toContain(
      'is not refused in checkout/prod',
    );
  });

  it('GATE-19: pull requests, their decisions, and an evaluation that is asked for', async () => {
    const { h, ask, post, bearer } = await rig();
    h.numbers.left = -1;
    const number = await h.open({ [PROD]: desired('1.9.0', 'f') });
    const operator = await bearer('operate');
    expect((await post(`/api/v1/pulls/${number}/evaluation`, {})).status).toBe(401);
    const decision = (await (
      await post(`/api/v1/pulls/${number}/evaluation`, {}, operator)
    ).json()) as object;
    expect(decision).toMatchObject({ schema: 'sluice.dev/decision/v1', allow: false, pullRequest: number });
    const list = (await (await ask('/api/v1/pulls')).json()) as { sentence: string };
    expect(list.sentence).toContain(`#${number} cannot merge. Denied`);
    const one = (await (await ask(`/api/v1/pulls/${number}`)).json()) as { history: { actor: string }[] };
    expect(one.history).toMatchObject([{ actor: 'token:operate', allow: false }]);
    expect((await ask('/api/v1/pulls/999')).status).toBe(404);
    expect((await ask('/api/v1/pulls/x')).status).toBe(400);
    expect((await post('/api/v1/pulls/999/evaluation', {}, operator)).status).toBe(404);
    expect((await post(`/api/v1/pulls/${number}/merge`, {}, operator)).status).toBe(409);
    const opened = await post('/api/v1/pulls', { title: 'x', head: 'no-such-branch' }, operator);
    expect(opened.status).toBe(404);
  });

  it('AUDIT-5: records are found by service, person, decision, words and time; a decision is told and recomputed', async () => {
    const { h, ask } = await rig();
    h.numbers.left = -1;
    const number = await h.open({ [PROD]: desired('1.9.0', 'f') });
    await h.tick();
    const { id } = h.decision(number);
    await h.governance.freeze(
      {
        id: 'f',
        scope: { environment: 'prod', service: '*' },
        reason: 'quarter end',
        until: h.now() + 1_000,
      },
      { ...ADMIN, id: 'oidc:ops' },
      h.now(),
    );
    const found = async (query: string) =>
      ((await (await ask(`/api/v1/audit?${query}`)).json()) as { entries: { type: string }[] }).entries.map(
        (e) => e.type,
      );
    expect(await found('actor=oidc:ops')).toEqual(['freeze.set']);
    expect(await found('text=quarter')).toEqual(['freeze.set']);
    expect(await found(`decision=${id}`)).toEqual(['gate.posted', 'gate.decided']);
    expect(await found('service=checkout&environment=prod&type=gate.decided')).toEqual(['gate.decided']);
    expect(await found('service=nothing&type=gate.decided')).toEqual([]);
    expect(await found(`to=${h.now() - 10_000}`)).not.toContain('freeze.set');
    const answer = async (query: string) =>
      (await (await ask(`/api/v1/audit?${query}`)).json()) as AuditAnswer;
    const first = await answer(`decision=${id}&limit=1`);
    expect(first).toMatchObject({ entries: [{ type: 'gate.posted' }], next: first.entries[0]!.seq });
    expect(await answer(`decision=${id}&limit=1&before=${first.next}`)).toMatchObject({
      entries: [{ type: 'gate.decided' }],
    });
    const told = (await (await ask(`/api/v1/decisions/${id}/explanation`)).json()) as { lines: string[] };
    expect(told.lines.join(' ')).toContain('BUDGET_EXHAUSTED');
    expect(await (await ask(`/api/v1/decisions/${id}/replay`)).json()).toMatchObject({
      same: true,
      policySame: true,
    });
    expect((await ask('/api/v1/decisions/d-0/explanation')).status).toBe(404);
    expect((await ask('/api/v1/decisions/d-0/replay')).status).toBe(404);
  });
});

describe('what a search of the audit tells of what it did not find', () => {
  const NOW = 1_700_000_000_000;
  const RECORDS = 6_000;
  const ledger = memoryLedger('audit');
  const record = (i: number) => ({
    at: NOW + i,
    type: 'freeze.lifted',
    v: 1,
    subject: 'prod',
    actor: { id: i < 3 ? 'early' : 'late', kind: 'person' },
    cause: null,
    data: { id: `f${i}`, reason: i % 1_000 === 999 ? 'a thousandth' : 'over' },
  });
  beforeAll(async () => {
    await ledger.append(Array.from({ length: RECORDS }, (_, i) => record(i)));
  });
  const search = (query: object, limit: number, before?: number) =>
    searchAudit(ledger.history, query, before, limit);

  it('AUDIT-6: everything was searched: the total', async () => {
    expect(await search({ from: NOW + 5_998 }, 100)).toMatchObject({
      sentence: expect.stringMatching(/^2 records; the newest: freeze f5999 lifted/),
      searched: 2,
      next: null,
    });
    expect(await search({ to: NOW - 1 }, 100)).toEqual({
      schema: 'sluice.dev/audit/v1',
      sentence: 'No matching record.',
      entries: [],
      searched: 0,
      next: null,
    });
  });

  it('AUDIT-6: as many as were asked for: at least so many, in how many, and back to which', async () => {
    expect(await search({ text: 'thousandth' }, 2)).toMatchObject({
      sentence: expect.stringMatching(
        /^At least 2 matching records, in 1001 records searched, back to #5000; earlier ones are not counted; /,
      ),
      searched: 1_001,
      next: 5_000,
    });
  });

  it('AUDIT-6: more than one answer searches: none is no proof that there is none, and the next page goes on', async () => {
    const first = await search({ actor: 'early' }, 100);
    expect(first).toMatchObject({
      sentence: 'No matching record in 5000 records searched, back to #1001; earlier ones are not counted.',
      searched: 5_000,
      next: 1_001,
    });
    expect(await search({ actor: 'early' }, 100, first.next!)).toMatchObject({
      sentence: expect.stringMatching(/^3 records before #1001; /),
      searched: 1_000,
      next: null,
    });
  });
});

describe('webhooks of a forge', () => {
  const SECRET = 'hook';
  const hints: ForgeHint[] = [];
  const asGithub = (gate: Gate): Gate => {
    const github = githubForge({
      address: 'http://github.invalid',
      repository: 'a/b',
      branch: 'main',
      auth: { token: 'x' },
      webhookSecret: SECRET,
    });
    return { ...gate, forge: github, hint: (hint) => void hints.push(hint) };
  };
  const signed = (body: string, id: string) => ({
    'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    'x-github-delivery': id,
    'x-github-event': 'pull_request',
  });

  it('API-13: signed it is a hint; unsigned, wrongly signed, replayed, huge or of another forge it is none', async () => {
    hints.length = 0;
    const { post } = await rig(NO_SIGN_IN, { gate: asGithub });
    const body = JSON.stringify({ action: 'opened', pull_request: { number: 7 } });
    expect((await post('/webhooks/github', body)).status).toBe(401);
    expect((await post('/webhooks/github', body, { ...signed(`${body} `, 'a') })).status).toBe(401);
    expect((await post('/webhooks/github', body, signed(body, 'a'))).status).toBe(200);
    const replayed = await post('/webhooks/github', body, signed(body, 'a'));
    expect([replayed.status, await replayed.json()]).toEqual([200, { ok: true, duplicate: true }]);
    const huge = JSON.stringify({ pull_request: { number: 7 }, x: 'x'.repeat(25_000_000) });
    expect((await post('/webhooks/github', huge, signed(huge, 'b'))).status).toBe(413);
    expect((await post('/webhooks/gitea', body, { 'x-gitea-signature': 'x' })).status).toBe(404);
    const nonsense = 'not json';
    expect((await post('/webhooks/github', nonsense, signed(nonsense, 'c'))).status).toBe(400);
    expect(hints).toMatchObject([{ pull: 7, delivery: 'a' }]);
  });

  it('API-13: out of order they are hints all the same: the forge is asked what is so', async () => {
    hints.length = 0;
    const { post } = await rig(NO_SIGN_IN, { gate: asGithub });
    for (const [id, action] of [
      ['2', 'closed'],
      ['1', 'opened'],
    ] as const) {
      const body = JSON.stringify({ action, pull_request: { number: 7 } });
      expect((await post('/webhooks/github', body, signed(body, id))).status).toBe(200);
    }
    expect(hints.map((h) => h.kind)).toEqual(['pull', 'pull']);
  });
});

describe('alerts', () => {
  const alert = (status: string, startsAt = '2026-01-01T00:00:00Z') => ({
    status,
    alerts: [
      {
        status,
        labels: { alertname: 'SloMultiWindowBurn', service: 'checkout', environment: 'prod', slo: 's' },
        startsAt,
        fingerprint: 'fp',
      },
    ],
  });

  it('API-14: once a change, in any order, across restarts; each makes its environment be looked at', async () => {
    const house = await createHouse({ seed: 1 });
    const ledger = memoryLedger('alerts');
    const hinted: string[] = [];
    const open = async () =>
      alertReceiver(
        house.platform,
        await journalOver(ledger),
        (e) => hinted.push(e),
        () => 1,
      );
    const first = await open();
    await first(alert('firing'));
    await first(alert('firing'));
    await first(alert('resolved'));
    const second = await open();
    await second(alert('resolved'));
    await second(alert('firing'));
    await second(alert('firing', '2026-01-02T00:00:00Z'));
    const records = await ledger.read();
    expect(records.map((r) => [r.subject, (r.data as { status: string }).status])).toEqual([
      [LANE, 'firing'],
      [LANE, 'resolved'],
      [LANE, 'firing'],
    ]);
    expect(hinted).toEqual(['prod', 'prod', 'prod']);
    await expect(second({ status: 'firing' })).rejects.toThrow();
    await second({
      status: 'firing',
      alerts: [{ status: 'firing', labels: { service: 'nobody' }, startsAt: 'x', fingerprint: 'y' }],
    });
    expect(await ledger.read()).toHaveLength(3);
  });
});

/** A real OpenID provider on loopback whose accounts are their names; groups after the colon. */
async function openProvider(): Promise<string> {
  const server: Server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('request', openIdProvider(issuer, ORIGIN).callback());
  closing.push(
    () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  );
  return issuer;
}

/** A browser as far as the provider's own pages go: cookies, forms and redirects. */
async function browse(start: string, login: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  let body: URLSearchParams | null = null;
  for (let hop = 0; hop < 15; hop++) {
    if (url.startsWith(ORIGIN)) return url;
    const answer = await fetch(url, {
      method: body ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') },
      ...(body ? { body } : {}),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      const at = pair!.indexOf('=');
      cookies.set(pair!.slice(0, at), pair!.slice(at + 1));
    }
    const location = answer.headers.get('location');
    if (location) {
      url = new URL(location, url).href;
      body = null;
      continue;
    }
    const page = await answer.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    if (!action) throw new Error(`no form at ${url}: ${page.slice(0, 300)}`);
    url = new URL(action, url).href;
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? 'login';
    body = new URLSearchParams(prompt === 'login' ? { prompt, login, password: 'x' } : { prompt });
  }
  throw new Error('too many redirects');
}

describe('people who sign in', () => {
  const people = (issuer: string): SignIn => ({
    people: {
      issuer,
      clientId: 'sluice',
      clientSecret: null,
      groupsClaim: 'groups',
      groups: { sre: ['operate', 'waive'] },
      publicUrl: null,
    },
    machines: [],
  });
  const signedIn = async (r: Awaited<ReturnType<typeof rig>>, login: string) => {
    const begun = await r.ask('/auth/login?return=/pulls/3');
    expect(begun.status).toBe(302);
    const back = new URL(await browse(begun.headers.get('location')!, login));
    const done = await r.ask(`${back.pathname}${back.search}`, { headers: { cookie: keptBy(begun) } });
    const cookies = done.headers.getSetCookie().map((one) => one.split(';')[0]!);
    return { done, back, begun, cookie: cookies.find((one) => one.startsWith('sluice_session=')) ?? '' };
  };
  /** What a browser keeps of an answer. */
  const keptBy = (answer: Response): string =>
    answer.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');

  it('SIGN-1: by a real provider; the groups of a person are their scopes, and their name is on the record', async () => {
    const issuer = await openProvider();
    const r = await rig(people(issuer), { now: () => Date.now() });
    const { done, cookie } = await signedIn(r, 'alice');
    expect([done.status, done.headers.get('location')]).toEqual([302, '/pulls/3']);
    expect(done.headers.getSetCookie().find((one) => one.startsWith('sluice_session='))).toMatch(
      /HttpOnly.*SameSite=Lax/i,
    );
    expect(await (await r.ask('/api/v1/me', { headers: { cookie } })).json()).toMatchObject({
      actor: 'oidc:alice@example.org',
      scopes: ['operate', 'waive'],
      signIn: issuer,
    });
    const body = { scope: '*', reason: 'peak', until: inAnHour(Date.now()) };
    const frozen = await r.post('/api/v1/freezes', body, { cookie, origin: ORIGIN });
    expect(frozen.status).toBe(201);
    expect((await r.h.ledger.read({ type: 'freeze.set' }))[0]!.actor).toEqual({
      id: 'oidc:alice@example.org',
      kind: 'person',
    });
    const bob = await signedIn(r, 'bob');
    expect((await r.post('/api/v1/freezes', body, { cookie: bob.cookie, origin: ORIGIN })).status).toBe(403);
    await r.post('/auth/logout', {}, { cookie, origin: ORIGIN });
    expect(await (await r.ask('/api/v1/me', { headers: { cookie } })).json()).toMatchObject({ actor: null });
  });

  it('SIGN-2: a session changes nothing from another page, nor without saying where it comes from', async () => {
    const r = await rig(people(await openProvider()), { now: () => Date.now() });
    const { cookie } = await signedIn(r, 'alice');
    const body = { scope: '*', reason: 'peak', until: inAnHour(Date.now()) };
    expect((await r.post('/api/v1/freezes', body, { cookie })).status).toBe(401);
    expect((await r.post('/api/v1/freezes', body, { cookie, origin: 'http://evil.example' })).status).toBe(
      403,
    );
    expect(await r.h.ledger.read({ type: 'freeze.set' })).toEqual([]);
  });

  it('SIGN-4: a sign-in that was not begun here ends nowhere, each ends once, and leads only to us', async () => {
    const r = await rig(people(await openProvider()), { now: () => Date.now() });
    expect((await r.ask('/auth/callback?code=x&state=made-up')).status).toBe(401);
    const { back } = await signedIn(r, 'alice');
    expect((await r.ask(`${back.pathname}${back.search}`)).status).toBe(401);
    for (const evil of ['//evil.example', 'https://evil.example', '/\\evil.example', '/\t/evil.example']) {
      const begun = await r.ask(`/auth/login?return=${encodeURIComponent(evil)}`);
      const end = new URL(await browse(begun.headers.get('location')!, 'alice'));
      const ended = await r.ask(`${end.pathname}${end.search}`, { headers: { cookie: keptBy(begun) } });
      expect(ended.headers.get('location')).toBe('/');
    }
  });

  it('SIGN-1: groups that nobody declared give nothing', () => {
    expect(rightsOfGroups(['sre', 'x'], { sre: ['operate'] })).toEqual({ scopes: ['operate'] });
    expect(rightsOfGroups('sre', { sre: ['operate'] })).toEqual({ scopes: ['operate'] });
    expect(rightsOfGroups({ sre: true }, { sre: ['operate'] })).toEqual({ scopes: [] });
    expect(rightsOfGroups(undefined, { sre: ['operate'] })).toEqual({ scopes: [] });
  });
});

describe('machines that carry a token', () => {
  it('SIGN-3: by issuer, audience, claims, time and signature, every one of them', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const stranger = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    const server = createServer((req, res) => {
      res.setHeader('content-type', 'application/json');
      const issuer = `http://${req.headers.host}`;
      res.end(JSON.stringify(req.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
    closing.push(
      () =>
        new Promise((done) => {
          server.closeAllConnections();
          server.close(() => done());
        }),
    );
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const machines = [
      {
        issuer,
        audience: 'sluice',
        claims: { repository: 'acme/shop', ref: 'refs/heads/*' },
        scopes: ['operate'] as const,
      },
      ...(['checkout', 'payments'] as const).map((service) => ({
        issuer,
        audience: 'sluice',
        claims: { repository: `acme/${service}` },
        scopes: ['operate'] as const,
        services: [service],
      })),
    ];
    const r = await rig({ people: null, machines }, { now: () => Date.now() });
    const number = await r.h.open({ [PROD]: desired('1.9.0', 'f') });
    const claims = { repository: 'acme/shop', ref: 'refs/heads/main' };
    const token = (
      more: {
        claims?: object;
        issuer?: string;
        audience?: string;
        expires?: number;
        key?: typeof privateKey;
        subject?: string;
      } = {},
    ) =>
      new SignJWT({ ...claims, ...more.claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(more.issuer ?? issuer)
        .setAudience(more.audience ?? 'sluice')
        .setSubject(more.subject ?? 'repo:acme/shop:ref:refs/heads/main')
        .setExpirationTime(Math.floor(Date.now() / 1_000) + (more.expires ?? 300))
        .sign(more.key ?? privateKey);
    const ask = async (bearer: string) =>
      (await r.post(`/api/v1/pulls/${number}/evaluation`, {}, { authorization: `Bearer ${bearer}` })).status;
    expect(await ask(await token())).toBe(200);
    const decided = (await r.h.ledger.read({ type: 'gate.decided' })).at(-1)!;
    expect(decided.actor).toEqual({ id: 'ci:repo:acme/shop:ref:refs/heads/main', kind: 'machine' });
    // Limited to a service: to the one that the pull request changes, or to another.
    const mine = (service: string) => token({ claims: { repository: `acme/${service}` } });
    expect([await ask(await mine('checkout')), await ask(await mine('payments'))]).toEqual([200, 403]);
    const wrong = {
      'another repository': await token({ claims: { repository: 'evil/shop' } }),
      'another reference': await token({ claims: { ref: 'refs/tags/x' } }),
      'another audience': await token({ audience: 'else' }),
      'another issuer': await token({ issuer: 'http://127.0.0.1:1' }),
      'too late': await token({ expires: -120 }),
      'another key': await token({ key: stranger.privateKey }),
      'no token': 'a.b.c',
      unsigned: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ ...claims, iss: issuer, aud: 'sluice', sub: 'x', exp: 99999999999 })).toString('base64url')}.`,
    };
    for (const [what, bearer] of Object.entries(wrong)) expect(await ask(bearer), what).toBe(401);
    expect(claimsFit({ repository: ['acme/shop'] }, { repository: 'acme/shop' })).toBe(false);
    expect(digest('a')).toHaveLength(71);
  });
});
