import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configFolder } from '../../src/cli/client-config.ts';
import { temporaryFolder } from '../folder.ts';
import { until } from '../wait.ts';
import { browse, openProvider } from './provider.ts';
import { runCli } from './run.ts';
import { served } from './served.ts';

type Served = Awaited<ReturnType<typeof served>>;
const PAUSE = ['release', 'pause', 'checkout', 'prod', '--reason', 'because'];

/** A laptop: its configuration survives from one command to the next. */
function laptop(more: Record<string, string> = {}) {
  const config = temporaryFolder('config');
  const cwd = temporaryFolder('laptop');
  const env = { XDG_CONFIG_HOME: config, ...more };
  const sluice = (...args: string[]) => runCli(args, { cwd, env });
  return {
    config: join(config, 'sluice'),
    sluice,
    withInput: (input: string, ...args: string[]) =>
      runCli(args, { cwd, env, input: () => Readable.from([input]) }),
    /** Runs a command that waits for a browser, and does with the address that it shows what a person does. */
    async withBrowser(person: (url: string) => Promise<unknown>, ...args: string[]) {
      const said: string[] = [];
      const running = runCli(args, { cwd, env, err: (text) => said.push(text) });
      const seen = () => /(?:browser: |Open )(\S+)\n/.exec(said.join(''))?.[1];
      const url = await until('an address to open', 20_000, () => seen());
      await person(url);
      return { ...(await running), said: said.join('') };
    },
  };
}

describe('signing in from a laptop', () => {
  let provider: Awaited<ReturnType<typeof openProvider>>;
  let server: Served;
  let time = 0;
  beforeAll(async () => {
    provider = await openProvider();
    server = await served(provider.signInAt, () => Date.now() + time);
  });
  afterAll(async () => {
    await server.close();
    await provider.close();
  });

  it('SIGN-5: with a browser and PKCE: what a person allows becomes a session of the command line', async () => {
    const mine = laptop();
    const login = await mine.withBrowser((url) => browse(url, 'alice'), 'login', '--server', server.url);
    expect(login).toMatchObject({
      exit: 0,
      out: expect.stringContaining('as oidc:alice@example.org, with scope operate for 8'),
    });
    const paused = await mine.sluice(...PAUSE);
    expect(paused).toMatchObject({ exit: 0, err: '' });
    const [record] = (await server.sim.ledger.read({ type: 'command.accepted' })).slice(-1);
    expect(record!.actor).toEqual({ id: 'oidc:alice@example.org', kind: 'person' });
    const file = join(mine.config, 'credentials.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(mine.config, 'contexts.json')).mode & 0o777).toBe(0o600);
    const { token } = Object.values(
      (JSON.parse(readFileSync(file, 'utf8')) as { servers: Record<string, { token: string }> }).servers,
    )[0]!;
    expect(await mine.sluice('logout')).toMatchObject({ exit: 0, out: `Signed out at ${server.url}.\n` });
    const after = await runCli([...PAUSE, '--server', server.url], { env: { SLUICE_TOKEN: token } });
    expect(after).toMatchObject({ exit: 1, err: expect.stringContaining('sluice login') });
    expect((await mine.sluice(...PAUSE)).exit).toBe(1);
  });

  it('SIGN-6: with a code in a browser elsewhere; one that is denied, or too late, gives nothing', async () => {
    const mine = laptop();
    const login = ['login', '--device', '--server', server.url];
    const done = await mine.withBrowser((url) => browse(url, 'bob'), ...login);
    expect(done).toMatchObject({ exit: 0, out: expect.stringContaining('as oidc:bob@example.org') });
    expect(done.said).toMatch(/confirm the code [B-Z]{4}-[B-Z]{4}/);
    expect(await mine.sluice(...PAUSE)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('does not have the scope "operate"'),
    });
    const denied = await mine.withBrowser((url) => browse(url, 'bob', 'deny'), ...login);
    expect(denied).toMatchObject({ exit: 1, said: expect.stringContaining('SIGN_IN_DENIED') });
    const page = await browse(`${server.url}/auth/device?code=BBBB-BBBB`, 'alice');
    expect(page).toContain('No command line waits with the code BBBB-BBBB');
  });

  it('SIGN-7: a code goes to this machine alone, once, to whoever asked for it', async () => {
    const ask = (more: Record<string, string>) =>
      fetch(
        `${server.url}/auth/authorize?${new URLSearchParams({
          response_type: 'code',
          client_id: 'sluice-cli',
          redirect_uri: 'http://127.0.0.1:1/callback',
          code_challenge: 'x'.repeat(43),
          code_challenge_method: 'S256',
          ...more,
        })}`,
        { redirect: 'manual' },
      );
    expect((await ask({})).status).toBe(302);
    for (const wrong of [
      { redirect_uri: 'https://evil.example/callback' },
      { redirect_uri: 'http://127.0.0.1.evil.example/' },
      { code_challenge_method: 'plain' },
      { client_id: 'other' },
    ])
      expect((await ask(wrong)).status).toBe(400);
    const token = (form: Record<string, string>) =>
      fetch(`${server.url}/auth/token`, { method: 'POST', body: new URLSearchParams(form) });
    const grant = {
      grant_type: 'authorization_code',
      client_id: 'sluice-cli',
      redirect_uri: 'http://127.0.0.1:1/',
    };
    const guessed = await token({ ...grant, code: 'guessed', code_verifier: 'v'.repeat(43) });
    expect([guessed.status, await guessed.json()]).toEqual([400, { error: 'invalid_grant' }]);
    const other = await token({ client_id: 'sluice-cli', grant_type: 'password' });
    expect(await other.json()).toEqual({ error: 'unsupported_grant_type' });
  });

  it('SIGN-8: a session of the command line ends after its time, and the next step is said', async () => {
    const mine = laptop();
    await mine.withBrowser((url) => browse(url, 'alice'), 'login', '--server', server.url);
    time = 9 * 3_600_000;
    const late = await mine.sluice(...PAUSE);
    expect(late).toMatchObject({ exit: 1, err: expect.stringContaining('scope "operate"') });
    time = 0;
    const file = join(mine.config, 'credentials.json');
    const kept = readFileSync(file, 'utf8').replace(/"expiresAt": \d+/, '"expiresAt": 1000');
    writeFileSync(file, kept);
    const ended = await mine.sluice(...PAUSE);
    expect(ended.err).toContain(`the sign-in at ${server.url} ended at 1970-01-01T00:00:01.000Z`);
    expect(ended.err).toContain(`sluice login --server ${server.url}`);
  });

  it('CLI-44: login --with-token keeps a token that the server accepts, and no other', async () => {
    const mine = laptop();
    const token = await server.token(['operate']);
    const login = ['login', '--server', server.url, '--with-token'];
    expect(await mine.withInput(`${token}\n`, ...login)).toMatchObject({ exit: 0, err: '' });
    expect((await mine.sluice(...PAUSE)).exit).toBe(0);
    const refused = await laptop().withInput('sluice_made_up', ...login);
    expect(refused).toMatchObject({ exit: 1, err: expect.stringContaining('TOKEN_REFUSED') });
  });

  it('CLI-44: where nobody can sign in, login says what to do', async () => {
    const plain = await served(() => ({ people: null, machines: [] }));
    const { exit, err } = await laptop().sluice('login', '--server', plain.url);
    expect([exit, err]).toEqual([1, expect.stringMatching(/NO_SIGN_IN[\s\S]*--with-token/)]);
    await plain.close();
    expect(await laptop().sluice('login')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('sluice login --server'),
    });
    expect(await laptop().sluice('login', '--server', plain.url)).toMatchObject({ exit: 3 });
  });
});

describe('contexts', () => {
  it('CLI-45: servers have names, one is current, and --context, --server and --work go before it', async () => {
    const mine = laptop();
    const added = await mine.sluice('context', 'add', 'prod', '--server', 'http://127.0.0.1:9/');
    expect(added).toMatchObject({ exit: 0, out: expect.stringContaining('commands now ask it') });
    await mine.sluice('context', 'add', 'staging', '--server', 'http://127.0.0.1:1');
    const listed = (await mine.sluice('context', 'list')).out;
    expect(listed).toMatch(/^\* {2}prod +http:\/\/127\.0\.0\.1:9$/m);
    expect(listed).toMatch(/^ {3}staging +http:\/\/127\.0\.0\.1:1$/m);
    const asked = async (...more: string[]) => (await mine.sluice('status', ...more)).err;
    expect(await asked()).toContain('http://127.0.0.1:9 does not answer');
    expect(await asked('--context', 'staging')).toContain('http://127.0.0.1:1 does not answer');
    expect(await asked('--server', 'http://127.0.0.1:2')).toContain('http://127.0.0.1:2 does not answer');
    expect(await asked('--work', 'here')).toContain('NO_SERVER');
    expect(await asked('--context', 'prod', '--work', 'here')).toContain('cannot be used with');
    await mine.sluice('context', 'use', 'staging');
    expect(await asked()).toContain('http://127.0.0.1:1 ');
    await mine.sluice('context', 'use', 'local');
    expect(await asked()).toContain('NO_SERVER');
    await mine.sluice('context', 'use', 'prod');
    await mine.sluice('context', 'remove', 'prod');
    const left = await mine.sluice('context', 'list', '--json');
    expect(JSON.parse(left.out)).toMatchObject({ current: null, contexts: [{ name: 'staging' }] });
  });

  it('CLI-45: SLUICE_SERVER goes before the current context, and --context before both', async () => {
    const mine = laptop({ SLUICE_SERVER: 'http://127.0.0.1:3' });
    await mine.sluice('context', 'add', 'prod', '--server', 'http://127.0.0.1:9');
    expect((await mine.sluice('status')).err).toContain('http://127.0.0.1:3 ');
    expect((await mine.sluice('status', '--context', 'prod')).err).toContain('http://127.0.0.1:9 ');
  });

  it('CLI-64: a name that another server has is not taken from it unless that is asked for', async () => {
    const mine = laptop();
    const add = (server: string, ...more: string[]) =>
      mine.sluice('context', 'add', 'prod', '--server', server, ...more);
    expect(await add('http://127.0.0.1:9')).toMatchObject({ exit: 0 });
    expect(await add('http://127.0.0.1:9/')).toMatchObject({ exit: 0 });
    const refused = {
      exit: 1,
      out: '',
      err: 'CONTEXT_EXISTS: the context prod is http://127.0.0.1:9; nothing was changed\nNext: choose another name, or replace it: sluice context add prod --server http://127.0.0.1:1 --replace\n',
    };
    expect(await add('http://127.0.0.1:1')).toEqual(refused);
    expect(await add('http://127.0.0.1:1', '--use')).toEqual(refused);
    expect(await mine.sluice('login', '--server', 'http://127.0.0.1:1', '--name', 'prod')).toEqual(refused);
    expect((await mine.sluice('context', 'list')).out).toContain('http://127.0.0.1:9\n');
    expect(await add('http://127.0.0.1:1', '--replace')).toMatchObject({ exit: 0 });
    expect((await mine.sluice('context', 'list')).out).toContain('http://127.0.0.1:1\n');
  });

  it.each(['local', 'two words', 'a/b', '-\u00e9'])(
    'CLI-68: the name "%s" is refused before anybody is asked',
    async (name) => {
      const mine = laptop();
      // Nobody answers there: who asked would be told of that.
      const at = ['--server', 'http://127.0.0.1:1'];
      const login = await mine.sluice('login', ...at, `--name=${name}`);
      expect(login).toMatchObject({ exit: 2, err: expect.stringContaining('BAD_CONTEXT') });
      const added = await mine.sluice('context', 'add', ...at, '--', name);
      expect(added).toMatchObject({ exit: 2, err: expect.stringContaining('BAD_CONTEXT') });
      expect(existsSync(mine.config)).toBe(false);
    },
  );

  it('CLI-68: what could not be kept is refused before anybody is asked', async () => {
    const args = ['login', '--server', 'http://127.0.0.1:1'];
    const nowhere = await runCli(args, { cwd: temporaryFolder('laptop'), env: {} });
    expect(nowhere).toMatchObject({ exit: 2, err: expect.stringContaining('NO_CONFIG_FOLDER') });
    const mine = laptop();
    mkdirSync(mine.config, { recursive: true });
    writeFileSync(join(mine.config, 'credentials.json'), '{}', { mode: 0o644 });
    expect(await mine.sluice(...args)).toMatchObject({ exit: 2, err: expect.stringContaining('chmod 600') });
    const file = laptop({ XDG_CONFIG_HOME: '/dev/null' });
    expect(await file.sluice(...args)).toMatchObject({ exit: 2, err: expect.stringContaining('/dev/null') });
  });

  it('CLI-68: an address of IPv6 has a name, too', async () => {
    const mine = laptop();
    const login = await mine.sluice('login', '--server', 'http://[::1]:1');
    expect(login).toMatchObject({ exit: 3, err: expect.not.stringContaining('BAD_CONTEXT') });
  });

  it('CLI-45: a name that is not there is told the nearest one', async () => {
    const mine = laptop();
    await mine.sluice('context', 'add', 'production', '--server', 'http://127.0.0.1:9');
    const wrong = await mine.sluice('context', 'use', 'prodution');
    expect(wrong).toMatchObject({ exit: 2, err: expect.stringContaining('did you mean "production"?') });
    expect((await mine.sluice('status', '--context', 'x')).err).toContain('known: production');
  });

  it('CLI-46: what others may read is not used, and what is no file of ours is told with its path', async () => {
    const mine = laptop();
    mkdirSync(mine.config, { recursive: true });
    const file = join(mine.config, 'contexts.json');
    writeFileSync(file, '{"current": 7}', { mode: 0o600 });
    expect(await mine.sluice('status')).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/BAD_CONFIG_FILE.*contexts\.json/),
    });
    chmodSync(file, 0o644);
    expect(await mine.sluice('status')).toMatchObject({ exit: 2, err: expect.stringContaining('chmod 600') });
  });

  it.each([
    ['linux', { HOME: '/h' }, '/h/.config/sluice'],
    ['linux', { HOME: '/h', XDG_CONFIG_HOME: '/x' }, '/x/sluice'],
    ['darwin', { HOME: '/h' }, '/h/Library/Application Support/sluice'],
    ['win32', { APPDATA: '/a', HOME: '/h' }, '/a/sluice'],
    ['win32', { HOME: '/h' }, null],
    ['linux', {}, null],
  ] as const)('CLI-46: on %s with %j it is kept in %s', (platform, env, folder) =>
    expect(configFolder(env, platform)).toBe(folder),
  );
});
