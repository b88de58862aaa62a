import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignIn } from '../../src/declaration/platform.ts';
import { type Actor, may, type Rights, SCOPES, type TokenScope } from '../../src/kit/actor.ts';
import type { HttpApp } from '../../src/server/http.ts';
import { served } from '../cli/served.ts';
import { temporaryFolder } from '../folder.ts';
import { type Need, pathOf, ROUTES } from './routes.ts';

const HOST = '127.0.0.1:7117';
const ORIGIN = `http://${HOST}`;
const PLACES = ['loopback', 'elsewhere'] as const;
/** Probes are answered under any name, whoever asks. */
const BY_ANY_NAME = ['/healthz', '/readyz', '/metrics'];

/** Somebody who asks, and with what. */
interface Caller {
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What they may do; null: nobody knows them. */
  readonly scopes: readonly TokenScope[] | null;
  /** What they may for some services alone. */
  readonly limited?: Rights['limited'];
  /** A session that does not say which page it asks from: it may only read. */
  readonly readsOnly?: boolean;
  readonly foreign?: boolean;
}

type Server = Awaited<ReturnType<typeof served>>;

async function callersOf({ tokens, token, signIn }: Server): Promise<Caller[]> {
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
  const expired = await token(['admin'], 1);
  const revoked = await token(['admin']);
  const { id } = tokens.list().at(-1)!;
  await tokens.revoke(id, { id: 'tester', kind: 'person', scopes: ['admin'] }, 1);
  const session = (scopes: readonly TokenScope[]) => {
    const actor: Actor = { id: 'oidc:ann', kind: 'machine', scopes };
    return { cookie: `sluice_session=${signIn.beginWithToken(() => actor)}` };
  };
  const admin = session(['admin']);
  return [
    { what: 'no token', headers: {}, scopes: null },
    { what: 'a wrong token', headers: bearer('sluice_wrong'), scopes: null },
    { what: 'a token of other letters', headers: bearer('\u00fc\u00df'), scopes: null },
    { what: 'an expired token', headers: bearer(expired), scopes: null },
    { what: 'a revoked token', headers: bearer(revoked), scopes: null },
    { what: 'a token of another scheme', headers: { authorization: 'Basic YTpi' }, scopes: null },
    ...(await Promise.all(
      SCOPES.map(async (scope) => ({
        what: `a token with ${scope}`,
        headers: bearer(await token([scope])),
        scopes: [scope],
      })),
    )),
    ...(await Promise.all(
      SCOPES.map(async (scope) => {
        const grant = { scopes: [scope], services: ['checkout'], teams: ['shop'] };
        return {
          what: `a token with ${scope} for a service and a team`,
          headers: bearer(await token(grant)),
          scopes: [],
          limited: [grant],
        };
      }),
    )),
    { what: 'a session', headers: { ...admin, origin: ORIGIN }, scopes: ['admin'] },
    { what: 'a session that may read', headers: { ...session(['read']), origin: ORIGIN }, scopes: ['read'] },
    { what: 'a session without Origin', headers: admin, scopes: ['admin'], readsOnly: true },
    {
      what: 'a session that ended',
      headers: { cookie: 'sluice_session=gone', origin: ORIGIN },
      scopes: null,
    },
    {
      what: 'a session from another page',
      headers: { ...admin, origin: 'http://evil.example' },
      scopes: ['admin'],
      foreign: true,
    },
    {
      what: 'a token from another page',
      headers: { ...bearer(await token(['admin'])), origin: 'http://evil.example' },
      scopes: ['admin'],
      foreign: true,
    },
  ];
}

/** The answer that a caller must get: a status, or anything that is no refusal. */
function expectedOf(
  need: Need,
  method: string,
  path: string,
  caller: Caller,
): number | 'through' | 'refused' {
  if (BY_ANY_NAME.includes(path)) return 'through';
  if (caller.foreign) return 403;
  if (need === 'nothing') return 'through';
  if (need === 'its own') return 'refused';
  if (caller.scopes === null || (caller.readsOnly && method !== 'GET')) return 401;
  return may({ scopes: caller.scopes, limited: caller.limited ?? [] }, need) ? 'through' : 403;
}

const verdictOf = (status: number, expected: ReturnType<typeof expectedOf>): boolean =>
  typeof expected === 'number'
    ? status === expected
    : expected === 'through'
      ? status !== 401 && status !== 403
      : status >= 400;

async function ask(app: HttpApp, method: string, path: string, headers: Readonly<Record<string, string>>) {
  const given = new Headers({ 'content-type': 'application/json', host: HOST });
  for (const [name, value] of Object.entries(headers))
    given.set(name, Buffer.from(value, 'utf8').toString('latin1'));
  const init = { method, headers: given, ...(method === 'POST' ? { body: '{}' } : {}) };
  const answer = await app.fetch(new Request(`${ORIGIN}${path}`, init));
  await answer.body?.cancel();
  return answer;
}

const NOBODY: SignIn = { people: null, machines: [] };

/** Routes of an app that do something: what stands before every one of them is none. */
const routesOf = (app: HttpApp): string[] =>
  [
    ...new Set(app.routes.filter(({ method }) => method !== 'ALL').map((r) => `${r.method} ${r.path}`)),
  ].sort();

describe.each(PLACES)('every route, asked by everybody: %s', (place) => {
  let server: Server;
  beforeAll(async () => {
    const folder = temporaryFolder('console');
    writeFileSync(join(folder, 'index.html'), '<html></html>');
    server = await served(() => NOBODY, Date.now, {
      openReads: place === 'loopback',
      consoleDir: folder,
      argoCdToken: 'argo',
    });
  });
  afterAll(() => server.close());

  it('TRUST-1: each is in the table, and what is in the table is there', () => {
    // What serves files is registered for every method.
    const known = Object.keys(ROUTES).filter((route) => route !== 'GET /assets/*');
    expect(routesOf(server.app)).toEqual(known.sort());
  });

  it('TRUST-2: each lets through whoever has what the table says, and nobody else', async () => {
    const callers = await callersOf(server);
    const wrong: string[] = [];
    let asked = 0;
    for (const [route, entry] of Object.entries(ROUTES)) {
      const [method] = route.split(' ') as [string];
      const path = pathOf(route);
      for (const caller of callers) {
        const { status, headers } = await ask(server.app, method, path, caller.headers);
        if (!headers.get('content-security-policy')?.includes("frame-ancestors 'none'"))
          wrong.push(`${route}, ${caller.what}: browsers are not told what they may do`);
        const expected = expectedOf(entry[place], method, path.replace(/\?.*/, ''), caller);
        asked++;
        if (!verdictOf(status, expected)) wrong.push(`${route}, ${caller.what}: ${status}, not ${expected}`);
      }
    }
    expect(wrong).toEqual([]);
    const needs = Object.entries(ROUTES).map(([route, entry]) => `  ${route.padEnd(55)} ${entry[place]}`);
    const sum = `${needs.length} routes × ${callers.length} callers = ${asked} questions`;
    process.stdout.write(`${place}: ${sum}\n${needs.join('\n')}\n`);
  });

  it('TRUST-2: no other method and no other spelling of a path is a way around', async () => {
    const { headers } = (await callersOf(server))[0]!;
    for (const path of Object.keys(ROUTES)
      .filter((r) => r.startsWith('GET /api/'))
      .map(pathOf)) {
      expect((await ask(server.app, 'HEAD', path, headers)).status, `HEAD ${path}`).toBe(405);
      for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
        expect((await ask(server.app, method, path, headers)).status, `${method} ${path}`).toBe(404);
    }
    if (place === 'loopback') return;
    for (const path of ['/api/v1/overview', '/api/v1/ledger', '/api/v1/events'])
      for (const other of [
        path.replace('v1', '%761'),
        `${path}/`,
        `${path}%20`,
        path.replace('/v1', '//v1'),
        `/api/v1/me/../${path.split('/').at(-1)}`,
        `${path};x=/api/v1/me`,
        `${path}?_method=GET&x=/api/v1/verdict`,
      ]) {
        const answer = await ask(server.app, 'GET', other, headers);
        expect([401, 404], `${other}: ${answer.status}`).toContain(answer.status);
      }
  });
});

describe('the verdict, where a token is declared for it', () => {
  let server: Server;
  beforeAll(async () => {
    server = await served(() => NOBODY, Date.now, { openReads: true, verdictToken: 'verdict-secret' });
  });
  afterAll(() => server.close());

  it('TRUST-3: it needs that token or the right to read, on loopback too; and that token opens nothing else', async () => {
    const path = pathOf('GET /api/v1/verdict');
    const status = async (secret: string | null, of = path) =>
      (await ask(server.app, 'GET', of, secret === null ? {} : { authorization: `Bearer ${secret}` })).status;
    expect(await status(null)).toBe(401);
    expect(await status('verdict-secre')).toBe(401);
    expect(await status('verdict-secret')).toBe(200);
    expect(await status(await server.token(['read']))).toBe(200);
    expect(await status('verdict-secret', '/api/v1/tokens')).toBe(401);
    expect(
      (await ask(server.app, 'POST', '/api/v1/freezes', { authorization: 'Bearer verdict-secret' })).status,
    ).toBe(401);
  });
});
