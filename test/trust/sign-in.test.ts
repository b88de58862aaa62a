import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { SignIn } from '../../src/declaration/platform.ts';
import { createCommandLineDesk } from '../../src/server/sign-in/command-line.ts';
import { localPath, type Sessions } from '../../src/server/sign-in/people.ts';
import { createSignIn } from '../../src/server/sign-in.ts';
import { served } from '../cli/served.ts';
import { openIdProvider } from '../openid.ts';

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server that counts what it is asked. */
async function counting(answer: (path: string, issuer: string) => object | null) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const issuer = `http://${req.headers.host}`;
    asked.push(req.url!);
    const body = answer(req.url!, issuer);
    res.writeHead(body ? 200 : 500, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const peopleOf = (issuer: string): SignIn => ({
  people: {
    issuer,
    clientId: 'sluice',
    clientSecret: null,
    groupsClaim: 'groups',
    groups: {},
    publicUrl: null,
  },
  machines: [],
});

/** A real OpenID provider on loopback that counts how often it is asked what it is. */
async function provider(origin: string) {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const handle = openIdProvider(issuer, origin).callback();
  let discovered = 0;
  server.on('request', (req, res) => {
    if (req.url?.includes('/.well-known/')) discovered++;
    handle(req, res);
  });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { issuer, discovered: () => discovered };
}

const ORIGIN = 'http://127.0.0.1:7117';
const stateIn = (url: string): string => new URL(url).searchParams.get('state')!;
const callback = (state: string): string => `${ORIGIN}/auth/callback?code=c&state=${state}&iss=x`;

describe('a sign-in belongs to the browser that began it', () => {
  it('SIGN-9: without what that browser keeps, and with what another one keeps, it ends nowhere', async () => {
    const { issuer } = await provider(ORIGIN);
    const desk = createSignIn(peopleOf(issuer), null, Date.now);
    const [mine, theirs] = [await desk.begin(ORIGIN, '/'), await desk.begin(ORIGIN, '/')];
    if (!mine.ok || !theirs.ok) throw new Error('the provider does not answer');
    const notHere = 'this sign-in was not started in this browser, or took too long';
    for (const kept of [undefined, '', 'made.up', theirs.value.pending, `${mine.value.pending}x`])
      expect(await desk.finish(ORIGIN, callback(stateIn(mine.value.url)), kept)).toEqual({
        ok: false,
        error: notHere,
      });
    // With its own it gets as far as the provider, which does not know this code.
    expect(await desk.finish(ORIGIN, callback(stateIn(mine.value.url)), mine.value.pending)).toMatchObject({
      ok: false,
      error: expect.stringContaining('the provider did not confirm'),
    });
    // Sealed by another server, it is nothing.
    const other = createSignIn(peopleOf(issuer), null, Date.now);
    expect(await other.finish(ORIGIN, callback(stateIn(mine.value.url)), mine.value.pending)).toMatchObject({
      error: notHere,
    });
  });

  it('SIGN-9: what the browser keeps is not read there, is not sent elsewhere, and ends', async () => {
    const { issuer } = await provider(ORIGIN);
    let now = Date.now();
    const server = await served(
      () => peopleOf(issuer),
      () => now,
    );
    closing.push(() => server.close());
    const answer = await server.app.request(`${server.url}/auth/login?return=/pulls/3`, {
      headers: { host: new URL(server.url).host },
    });
    const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('sluice_sign_in='))!;
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).toMatch(/Path=\/auth\/callback/i);
    const url = answer.headers.get('location')!;
    for (const told of [stateIn(url), new URL(url).searchParams.get('nonce')!, 'pulls'])
      expect(decodeURIComponent(cookie)).not.toContain(told);
    now += 10 * 60_000 + 1;
    const kept = decodeURIComponent(cookie.split(';')[0]!.split('=')[1]!);
    expect(await server.signIn.finish(ORIGIN, callback(stateIn(url)), kept)).toMatchObject({
      error: expect.stringContaining('took too long'),
    });
  });

  it('SIGN-9: however many begin, nobody else is put out, and the provider is asked once what it is', async () => {
    const { issuer, discovered } = await provider(ORIGIN);
    const desk = createSignIn(peopleOf(issuer), null, Date.now);
    const first = await desk.begin(ORIGIN, '/');
    for (let i = 0; i < 3_000; i++) await desk.begin(ORIGIN, '/');
    if (!first.ok) throw new Error(first.error);
    expect(await desk.finish(ORIGIN, callback(stateIn(first.value.url)), first.value.pending)).toMatchObject({
      error: expect.stringContaining('the provider did not confirm'),
    });
    expect(discovered()).toBe(1);
  });

  it('SIGN-9: a provider that does not answer is asked again after a while, not for every visitor', async () => {
    let now = 1_000;
    const { asked, url } = await counting(() => null);
    const desk = createSignIn(peopleOf(url), null, () => now);
    for (let i = 0; i < 50; i++) expect((await desk.begin(ORIGIN, '/')).ok).toBe(false);
    expect(asked).toHaveLength(1);
    now += 5_001;
    await desk.begin(ORIGIN, '/');
    expect(asked).toHaveLength(2);
  });

  it('SIGN-6: however many command lines begin, none that waits is put out; those that come then are refused', () => {
    let now = 0;
    const sessions: Sessions = { open: new Map() };
    const desk = createCommandLineDesk(sessions, () => now);
    const first = desk.beginDevice();
    if (!first.ok) throw new Error(first.error);
    let begun = 1;
    while (desk.beginDevice().ok) begun++;
    expect(begun).toBe(10_000);
    expect(desk.waits(first.value.userCode)).toBe(true);
    const ann = { id: 'oidc:ann', kind: 'person', scopes: ['operate'] } as const;
    expect(desk.answerDevice(first.value.userCode, ann)).toBe(true);
    expect(desk.poll(first.value.deviceCode)).toMatchObject({ ok: true });
    expect(desk.beginDevice().ok).toBe(true);
    expect(desk.beginDevice().ok).toBe(false);
    now += 10 * 60_000;
    expect(desk.beginDevice().ok).toBe(true);
  });
});

describe('where a sign-in leads', () => {
  const OURS = 'https://sluice.example';
  it.each([
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/a/..//evil.example',
    '/%2e//evil.example',
    'https://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'evil.example',
    '@evil.example',
    '',
    `/${'x'.repeat(5_000)}`,
  ])('SIGN-4: %j leads to the first page', (path) => expect(localPath(path, OURS)).toBe('/'));

  it.each([
    ['/pulls/3', '/pulls/3'],
    ['/releases?env=prod&team=a%20b#top', '/releases?env=prod&team=a%20b#top'],
    ['/%2F/evil.example', '/%2F/evil.example'],
    ['/%5Cevil.example', '/%5Cevil.example'],
    ['/%09/evil.example', '/%09/evil.example'],
    ['/a//b', '/a//b'],
  ])('SIGN-4: %j is a page of this server', (path, to) => {
    expect(localPath(path, OURS)).toBe(to);
    expect(new URL(localPath(path, OURS), OURS).origin).toBe(OURS);
  });
});

describe('a browser with a token, where nobody signs people in', () => {
  it('SIGN-10: it gets a session that ends with the token; not from another page, nor with a wrong token', async () => {
    const server = await served(() => ({ people: null, machines: [] }), Date.now, { openReads: false });
    closing.push(() => server.close());
    const { host, origin } = new URL(server.url);
    const ask = (path: string, init: RequestInit = {}) =>
      server.app.request(`${server.url}${path}`, { ...init, headers: { host, ...(init.headers as object) } });
    const login = (token: string, headers: object = { origin }, at = '/auth/login?return=/pulls') =>
      ask(at, { method: 'POST', headers: headers as never, body: new URLSearchParams({ token }) });
    const page = await (await ask('/auth/login?return=%22%3E%3Cscript%3E')).text();
    expect(page).not.toContain('"><script>');
    const secret = await server.token(['operate']);
    expect((await login('sluice_wrong')).status).toBe(401);
    expect((await login(secret, {})).status).toBe(401);
    expect((await login(secret, { origin: 'http://evil.example' })).status).toBe(403);
    const done = await login(secret);
    expect([done.status, done.headers.get('location')]).toEqual([303, '/pulls']);
    expect(
      (await login(secret, { origin }, '/auth/login?return=//evil.example')).headers.get('location'),
    ).toBe('/');
    const [cookie] = done.headers.getSetCookie()[0]!.split(';');
    expect(cookie).not.toContain(secret);
    const me = async () => (await ask('/api/v1/me', { headers: { cookie: cookie! } })).json();
    expect(await me()).toMatchObject({ actor: 'token:operate-0', scopes: ['operate'], reads: true });
    expect((await ask('/api/v1/overview', { headers: { cookie: cookie! } })).status).toBe(200);
    const tester = { id: 'tester', kind: 'person', scopes: ['admin'] } as const;
    await server.tokens.revoke('t1', tester, Date.now());
    expect(await me()).toMatchObject({ actor: null, reads: false });
    expect((await ask('/api/v1/overview', { headers: { cookie: cookie! } })).status).toBe(401);
  });
});

describe('forged tokens of a declared issuer', () => {
  /** An issuer of CI jobs, and a server that trusts it twice: for two audiences. */
  async function issuing() {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    const { asked, url: issuer } = await counting((path, self) =>
      path === '/jwks' ? { keys: [jwk] } : { issuer: self, jwks_uri: `${self}/jwks` },
    );
    const machine = (audience: string) =>
      ({ issuer, audience, claims: { repository: 'acme/shop' }, scopes: ['operate'] }) as const;
    const signIn: SignIn = { people: null, machines: [machine('other'), machine('sluice')] };
    return { privateKey, publicKey, issuer, asked, desk: createSignIn(signIn, null, Date.now) };
  }
  const claims = { repository: 'acme/shop' };
  const b64 = (value: object | string): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

  it('SIGN-3: each of several entries of an issuer counts; nothing but its own signature does', async () => {
    const { privateKey, publicKey, issuer, desk, asked } = await issuing();
    const thief = await generateKeyPair('RS256', { extractable: true });
    const elsewhere = await counting(() => ({ keys: [] }));
    const make = (header: object = {}, more: object = {}, key = privateKey) =>
      new SignJWT({ ...claims, ...more })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
        .setIssuer(issuer)
        .setAudience('sluice')
        .setSubject('repo:acme/shop')
        .setExpirationTime('5m')
        .sign(key);
    expect(await desk.actorOfToken(await make())).toMatchObject({ id: 'ci:repo:acme/shop', kind: 'machine' });
    const payload = { ...claims, iss: issuer, aud: 'sluice', sub: 'x', exp: 99_999_999_999 };
    const open = `${b64({ alg: 'HS256', kid: 'k1' })}.${b64(payload)}`;
    const spki = await exportSPKI(publicKey);
    const stolen = await exportJWK(thief.publicKey);
    const forged: Record<string, string> = {
      'the public key as a shared secret': `${open}.${createHmac('sha256', spki).update(open).digest('base64url')}`,
      'an empty signature': `${b64({ alg: 'RS256', kid: 'k1' })}.${b64(payload)}.`,
      'no algorithm': `${b64({ alg: 'none' })}.${b64(payload)}.`,
      'an algorithm in other letters': `${b64({ alg: 'NoNe' })}.${b64(payload)}.`,
      'a key that it brings along': await make({ jwk: stolen }, {}, thief.privateKey),
      'a key at an address that it names': await make({ jku: `${elsewhere.url}/jwks` }, {}, thief.privateKey),
      'a certificate at an address that it names': await make(
        { x5u: `${elsewhere.url}/x` },
        {},
        thief.privateKey,
      ),
      'a key that is a path': await make({ kid: '../../etc/passwd' }, {}, thief.privateKey),
      'another key of the same name': await make({}, {}, thief.privateKey),
      'a claim that is a list': await make({}, { repository: ['acme/shop'] }),
      'a claim of its prototype': await make({}, { repository: { toString: 'acme/shop' } }),
      'a subject with half of a character': await make({}, { sub: 'x\ud800' }).then((t) =>
        t.replace(/\w$/, ''),
      ),
      'three empty parts': '..',
      'a very long one': `${'a'.repeat(100_000)}.${'b'.repeat(100_000)}.c`,
    };
    for (const [what, token] of Object.entries(forged))
      expect(await desk.actorOfToken(token), what).toBeUndefined();
    expect(elsewhere.asked).toEqual([]);
    expect(asked.filter((path) => path.includes('openid-configuration'))).toHaveLength(1);
  });

  it('SIGN-3: an issuer that sends for its keys to where clouds hand out credentials is not followed', async () => {
    const { asked, url } = await counting((_, self) => ({
      issuer: self,
      jwks_uri: 'http://169.254.169.254/latest/meta-data/',
    }));
    const machines = [{ issuer: url, audience: 'sluice', claims, scopes: ['operate'] }] as const;
    const desk = createSignIn({ people: null, machines }, null, Date.now);
    const token = `${b64({ alg: 'RS256' })}.${b64({ iss: url })}.${b64('x')}`;
    for (let i = 0; i < 20; i++) expect(await desk.actorOfToken(token)).toBeUndefined();
    expect(asked).toHaveLength(1);
  });
});
