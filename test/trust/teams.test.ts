import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import type { Grant, TokenScope } from '../../src/kit/actor.ts';
import { sha256 } from '../../src/kit/digest.ts';
import { problemLine } from '../../src/kit/problem.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { loadTokens } from '../../src/server/auth.ts';
import { rightsOfGroups } from '../../src/server/sign-in/claims.ts';
import { served } from '../cli/served.ts';
import { desired } from '../gate/harness.ts';
import { availabilitySlo } from '../slo.ts';
import { ROUTES } from './routes.ts';

type Server = Awaited<ReturnType<typeof served>>;

/** Three services of two teams, and whose checkout is. */
function declared(checkoutTeam: string, signIn = '') {
  const text = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: teams }
spec:
  environments:
    - { name: stage, prometheus: { address: 'http://prometheus.invalid' } }
    - { name: prod, prometheus: { address: 'http://prometheus.invalid' } }
  services:
    - { name: checkout, team: ${checkoutTeam}, slos: [checkout-availability] }
    - { name: payments, team: pay, slos: [payments-availability] }
    - { name: search, team: shop, slos: [search-availability] }
${signIn}`;
  const slos = ['checkout', 'payments', 'search'].map((service) => availabilitySlo(service)).join('---\n');
  return compile([
    { file: 'platform.yaml', text },
    { file: 'slos.yaml', text: slos },
  ]);
}

function platformOf(checkoutTeam: string, signIn = ''): Platform {
  const compiled = declared(checkoutTeam, signIn);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

const of = (scopes: readonly TokenScope[], limit: { services?: string[]; teams?: string[] }): Grant => ({
  scopes,
  services: limit.services ?? [],
  teams: limit.teams ?? [],
});

const CHECKOUT = 'environments/prod/checkout.yaml';
const soon = () => new Date(Date.now() + 3_600_000).toISOString();

describe('rights of teams', () => {
  let server: Server;
  let platform = platformOf('shop');
  beforeAll(async () => {
    server = await served(() => ({ people: null, machines: [] }), Date.now, {
      openReads: false,
      // Looked up at each request: a server is restarted with another declaration.
      platform: {
        get services() {
          return platform.services;
        },
        get environments() {
          return platform.environments;
        },
        get slos() {
          return platform.slos;
        },
      },
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    platform = platformOf('shop');
  });

  const post = async (token: string, path: string, body: object = {}) => {
    const answer = await server.app.fetch(
      new Request(`http://127.0.0.1:7117${path}`, {
        method: 'POST',
        headers: {
          host: '127.0.0.1:7117',
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      }),
    );
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };

  const opened = async (files: Record<string, string>) => {
    const number = await server.house.open(files);
    const pull = await server.house.forge.pull(number);
    if (!pull.ok) throw new Error(pull.error.message);
    return { number, branch: pull.value.head.branch };
  };

  /** Makes what an order of the table is about, by its word there. */
  const THINGS: Readonly<Record<string, () => Promise<string>>> = {
    FREEZE: async () => {
      const asked = { scope: 'checkout/prod', reason: 'r', until: soon() };
      return (await post(await server.token(['admin']), '/api/v1/freezes', asked)).body['id']!;
    },
    WAIVER: async () => {
      const asked = { scope: 'checkout/prod', reason: 'r', expires: soon() };
      return (await post(await server.token(['admin']), '/api/v1/waivers', asked)).body['id']!;
    },
    PULL: async () => String((await opened({ [CHECKOUT]: desired('1.0.1', 'c') })).number),
    BRANCH: async () => {
      await server.house.repository.push('mine', { [CHECKOUT]: desired('1.0.2', 'd') });
      return 'mine';
    },
  };
  /** An order of the table, about things that are there. */
  async function filled<T>(asked: T): Promise<T> {
    let text = JSON.stringify(asked);
    for (const [word, make] of Object.entries(THINGS))
      if (text.includes(word)) text = text.replaceAll(word, await make());
    return JSON.parse(text) as T;
  }

  const ORDERS = Object.entries(ROUTES).flatMap(([route, entry]) =>
    entry.of ? [[route, entry.elsewhere as TokenScope, entry.of] as const] : [],
  );

  it('TEAM-4: every order that needs operate or waive says in the table which services it concerns', () => {
    for (const [route, entry] of Object.entries(ROUTES))
      if (['operate', 'waive'].includes(entry.elsewhere)) expect(entry.of, route).toBeDefined();
      else expect(entry.of, route).toBeUndefined();
  });

  it.each(ORDERS)(
    'TEAM-4: %s is for those who may for checkout, and for no other team',
    async (route, need, asked) => {
      const { path = route.replace(/^\S+ /, ''), body } = await filled(asked);
      const other: TokenScope = need === 'operate' ? 'waive' : 'operate';
      for (const grant of [
        of([need], { teams: ['pay'] }),
        of(['admin'], { teams: ['pay'], services: ['search'] }),
        of([need], { teams: ['nobody'], services: ['unheard-of'] }),
        of([other, 'read'], { services: ['checkout'] }),
      ]) {
        const refused = await post(await server.token(grant), path, body);
        expect(refused.status, `${route} by ${JSON.stringify(grant)}`).toBe(403);
      }
      for (const grant of [of([need], { services: ['checkout'] }), of([need], { teams: ['shop'] })]) {
        const { status, body: said } = await post(await server.token(grant), path, body);
        expect([401, 403], `${route}: ${JSON.stringify(said)}`).not.toContain(status);
      }
    },
  );

  it('TEAM-2: what concerns no single service takes a right for everything', async () => {
    const token = await server.token(of(['admin'], { services: ['checkout', 'payments', 'search'] }));
    for (const [path, body] of [
      ['/api/v1/tokens', { name: 'more', scopes: ['admin'] }],
      ['/api/v1/tokens', { name: 'more', scopes: ['admin'], services: ['checkout'] }],
      ['/api/v1/tokens/t1/revoke', {}],
      ['/api/v1/freezes', { scope: '*', reason: 'r', until: soon() }],
      ['/api/v1/freezes', { scope: 'prod', reason: 'r', until: soon() }],
      ['/api/v1/freezes', { scope: '*/prod', reason: 'r', until: soon() }],
      ['/api/v1/waivers', { scope: 'prod', reason: 'r', expires: soon() }],
      ['/api/v1/waivers', { reason: 'r' }],
      ['/api/v1/promotions', {}],
    ] as const)
      expect((await post(token, path, body)).status, `${path} ${JSON.stringify(body)}`).toBe(403);
    const get = (path: string) =>
      server.app.fetch(
        new Request(`http://127.0.0.1:7117${path}`, {
          headers: { host: '127.0.0.1:7117', authorization: `Bearer ${token}` },
        }),
      );
    expect((await get('/api/v1/ledger/export')).status).toBe(403);
    expect((await get('/api/v1/tokens')).status).toBe(403);
    // Reading is of everything.
    expect((await get('/api/v1/overview')).status).toBe(200);
    expect((await get('/api/v1/audit')).status).toBe(200);
  });

  it('TEAM-2: a freeze or waiver of an environment is not ended by whoever may only for a service in it', async () => {
    const all = await server.token(['admin']);
    const freeze = await post(all, '/api/v1/freezes', { scope: 'prod', reason: 'r', until: soon() });
    const waiver = await post(all, '/api/v1/waivers', { scope: 'prod', reason: 'r', expires: soon() });
    const token = await server.token(of(['admin'], { teams: ['shop'] }));
    for (const path of [
      `/api/v1/freezes/${freeze.body['id']}/lift`,
      `/api/v1/waivers/${waiver.body['id']}/revoke`,
      `/api/v1/waivers/${waiver.body['id']}/approve`,
      '/api/v1/freezes/f-unknown/lift',
    ])
      expect((await post(token, path, { reason: 'r' })).status, path).toBe(403);
  });

  it('TEAM-5: a refusal says what one has, whose right is missing, and what to ask for', async () => {
    const token = await server.token(of(['operate'], { teams: ['pay'] }));
    const { body } = await post(token, '/api/v1/lanes/prod/checkout/commands', {
      command: 'abort',
      reason: 'r',
    });
    expect(body).toMatchObject({
      title: 'Not allowed',
      detail: expect.stringMatching(
        /^token:\S+ has only operate for team pay, not for the service checkout of team shop$/,
      ),
      next: 'ask team shop, or ask for the scope "operate" for team shop',
    });
    const wide = await post(token, '/api/v1/freezes', { scope: 'prod', reason: 'r', until: soon() });
    expect(wide.body).toMatchObject({
      detail: expect.stringMatching(/has only operate for team pay; "prod" covers every service$/),
      next: 'ask for the scope "operate" for everything',
    });
    const gone = await post(token, '/api/v1/lanes/prod/chekout/commands', { command: 'abort', reason: 'r' });
    expect(gone.body['detail']).toMatch(/has only operate for team pay; chekout is not declared$/);
    const lacking = await post(token, '/api/v1/lanes/prod/checkout/lift', { reason: 'r' });
    expect(lacking.body['detail']).toMatch(/does not have the scope "waive"$/);
  });

  it('TEAM-6: a pull request is for whoever may for every service it changes, and a file of no service for nobody else', async () => {
    const shop = await server.token(of(['operate'], { teams: ['shop'] }));
    const both = await server.token(of(['operate'], { teams: ['shop', 'pay'] }));
    for (const [files, ours] of [
      [
        {
          [CHECKOUT]: desired('1.0.3', 'e'),
          'environments/prod/payments.yaml': desired('1', 'e', 'payments'),
        },
        false,
      ],
      [{ [CHECKOUT]: desired('1.0.3', 'e'), 'README.md': 'more\n' }, null],
      [{ [CHECKOUT]: desired('1.0.3', 'e'), 'platform/slos.yaml': 'changed\n' }, null],
      [{ [CHECKOUT]: desired('1.0.3', 'e'), 'environments/prod/unknown.yaml': 'a: 1\n' }, null],
    ] as const) {
      const { number, branch } = await opened(files);
      for (const path of [`/api/v1/pulls/${number}/merge`, `/api/v1/pulls/${number}/evaluation`]) {
        expect((await post(shop, path)).status, path).toBe(403);
        expect((await post(both, path)).status === 403, path).toBe(ours === null);
      }
      expect((await post(shop, '/api/v1/pulls', { title: 't', head: branch })).status).toBe(403);
      await server.house.forge.close(number);
    }
  });

  it('TEAM-6: what came after the right was checked is not merged, nor does anything merge by itself', async () => {
    const shop = await server.token(of(['operate'], { teams: ['shop'] }));
    const { number, branch } = await opened({ [CHECKOUT]: desired('1.0.4', 'f') });
    const seen = await server.house.forge.pull(number);
    if (!seen.ok) throw new Error(seen.error.message);
    await server.house.repository.push(branch, {
      'environments/prod/payments.yaml': desired('1', 'e', 'payments'),
    });
    expect(await server.house.forge.merge(seen.value)).toMatchObject({
      ok: false,
      error: { code: 'CONFLICT' },
    });
    expect((await post(shop, `/api/v1/pulls/${number}/merge`)).status).toBe(403);
    const name = `later-${number}`;
    await server.house.repository.push(name, { [CHECKOUT]: desired('1.0.5', 'f') });
    const later = { title: 'later', head: name, autoMerge: true };
    expect((await post(shop, '/api/v1/pulls', later)).body['detail']).toContain('would merge by itself');
  });

  it('TEAM-10: a service that changes its team is from then on the other team’s alone', async () => {
    const [shop, pay] = [of(['operate'], { teams: ['shop'] }), of(['operate'], { teams: ['pay'] })];
    const tokens = { shop: await server.token(shop), pay: await server.token(pay) };
    const pause = async (token: string) =>
      (await post(token, '/api/v1/lanes/prod/checkout/commands', { command: 'pause', reason: 'r' })).status;
    expect([await pause(tokens.shop), await pause(tokens.pay)]).toEqual([202, 403]);
    platform = platformOf('pay');
    expect([await pause(tokens.shop), await pause(tokens.pay)]).toEqual([403, 202]);
  });

  it('TEAM-3: a token is limited to what is declared; a slip is asked about, and nothing is no limit', async () => {
    const admin = await server.token(['admin']);
    const create = (more: object) =>
      post(admin, '/api/v1/tokens', { name: 'ci', scopes: ['operate'], ...more });
    expect((await create({ services: ['chekout'] })).body).toMatchObject({
      detail: 'no service is named "chekout"',
      next: 'did you mean "checkout"?',
    });
    expect((await create({ teams: ['shopp'] })).body).toMatchObject({ next: 'did you mean "shop"?' });
    for (const none of [{ services: [] }, { teams: [] }, { services: null }])
      expect((await create(none)).status, JSON.stringify(none)).toBe(400);
    const made = await create({ services: ['payments'], teams: ['shop'] });
    expect(made.status).toBe(201);
    expect(server.tokens.list().find((t) => t.name === 'ci')).toMatchObject({
      scopes: [],
      limited: [{ scopes: ['operate'], services: ['payments'], teams: ['shop'] }],
    });
  });

  it('TEAM-8: one is told what one may, with the services that it reaches', async () => {
    const token = await server.token(of(['operate'], { services: ['payments', 'gone'], teams: ['shop'] }));
    const answer = await server.app.fetch(
      new Request('http://127.0.0.1:7117/api/v1/me', {
        headers: { host: '127.0.0.1:7117', authorization: `Bearer ${token}` },
      }),
    );
    expect(await answer.json()).toMatchObject({
      scopes: [],
      reads: true,
      limited: [
        {
          scopes: ['operate'],
          services: ['payments', 'gone'],
          teams: ['shop'],
          covers: ['checkout', 'payments', 'search'],
        },
      ],
    });
  });
});

describe('limits in the declaration and on record', () => {
  const signIn = (grants: string) =>
    `  signIn: { people: { issuer: 'https://id.example', clientId: sluice, groups: ${grants} } }\n`;

  it('TEAM-7: groups are limited to services and teams; a person in several has what all of them give', () => {
    const { people } = platformOf(
      'shop',
      signIn(
        '{ ops: [operate], pay: { scopes: [operate, waive], teams: [pay] }, one: { scopes: [admin], services: [checkout] } }',
      ),
    ).signIn;
    const { groups } = people!;
    expect(groups).toEqual({
      ops: ['operate'],
      pay: of(['operate', 'waive'], { teams: ['pay'] }),
      one: of(['admin'], { services: ['checkout'] }),
    });
    expect(rightsOfGroups(['pay', 'one', 'pay', 'unknown', 'constructor'], groups)).toEqual({
      scopes: [],
      limited: [of(['operate', 'waive'], { teams: ['pay'] }), of(['admin'], { services: ['checkout'] })],
    });
    expect(rightsOfGroups(['pay', 'ops'], groups)).toMatchObject({ scopes: ['operate'] });
  });

  it('TEAM-7: a service or team that is not declared is refused at its line, and so is a limit to nothing', () => {
    const problems = (grants: string) => {
      const compiled = declared('shop', signIn(grants));
      return compiled.ok ? [] : compiled.error.map(problemLine);
    };
    expect(problems('{ pay: { scopes: [operate], teams: [payy] } }').join()).toMatch(
      /platform\.yaml:12:.*no team is named "payy".*did you mean "pay"/,
    );
    expect(problems('{ pay: { scopes: [operate], services: [chekout] } }').join()).toMatch(
      /no service is named "chekout".*did you mean "checkout"/,
    );
    for (const wrong of [
      '{ scopes: [operate] }',
      '{ scopes: [operate], teams: [] }',
      '{ teams: [pay] }',
      '[everything]',
    ])
      expect(problems(`{ pay: ${wrong} }`), wrong).not.toEqual([]);
  });

  it('TEAM-3: a token of before is for everything; an earlier version reads a limited one as one without scopes', async () => {
    const ledger = memoryLedger('tokens');
    const tokens = await loadTokens(ledger);
    const by = { id: 'ann', kind: 'person', scopes: ['admin'] } as const;
    const { token } = await tokens.create('limited', of(['operate'], { teams: ['pay'] }), by, 1);
    const [made] = await ledger.read({ type: 'token.created' });
    expect(made!.data).toMatchObject({ scopes: [], limited: [of(['operate'], { teams: ['pay'] })] });
    const before = { id: 't9', name: 'old', hash: sha256('secret'), scopes: ['operate'] };
    await ledger.append([
      {
        at: 1,
        type: 'token.created',
        v: 1,
        subject: 'tokens',
        actor: { id: 'ann', kind: 'person' },
        cause: null,
        data: before,
      },
    ]);
    const again = await loadTokens(ledger);
    expect(again.whose(token, 2)).toMatchObject({
      scopes: [],
      limited: [of(['operate'], { teams: ['pay'] })],
    });
    expect(again.whose('secret', 2)).toMatchObject({ scopes: ['operate'] });
    expect(again.whose('secret', 2)).not.toHaveProperty('limited');
  });
});
