import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createParts } from '../../src/app/parts.ts';
import type { TokenScope } from '../../src/kit/actor.ts';
import { COMMANDS } from '../../src/main.ts';
import { temporaryFolder } from '../folder.ts';
import { desired } from '../gate/harness.ts';
import { runCli, testIo } from './run.ts';
import { served } from './served.ts';

const ROOT = join(import.meta.dirname, '../..');
const WHY = ['--reason', 'because'];

/** What a command needs that the server made before. */
interface Made {
  readonly pull: number;
  freeze: string;
  readonly waiver: string;
  readonly token: string;
  readonly release: string;
  /** An hour that is over, by the clock of the server. */
  readonly hour: readonly [string, string];
}

/** A command about a server: what is typed, and the scope that it needs. */
interface Operating {
  readonly path: string;
  readonly args: (made: Made) => readonly string[];
  /** Null: it reads, and whoever reaches the server may read. */
  readonly scope: TokenScope | null;
  /** What it ends with where all is well. */
  readonly exit?: number;
  /** What it is refused with on this server, where there is nothing to do it to. */
  readonly refused?: RegExp;
}

const order = (path: string, args: readonly string[], scope: TokenScope, more: Partial<Operating> = {}) => ({
  path,
  args: () => [...args, ...WHY],
  scope,
  ...more,
});
const read = (path: string, args: (made: Made) => readonly string[] = () => [], more = {}): Operating => ({
  path,
  args,
  scope: null,
  ...more,
});

const LANE = ['checkout', 'prod'];
const OPERATING: readonly Operating[] = [
  read('status'),
  read('budget list'),
  read('freeze list'),
  read('waiver list'),
  read('pull list'),
  read('ledger list'),
  read('ledger show', () => ['1']),
  read('ledger verify'),
  read('ledger export'),
  read('ledger explain', ({ release }) => [release]),
  read('ledger replay', () => ['d-0123456789abcdef'], { exit: 1, refused: /NO_SUCH_DECISION/ }),
  read('replay', () => [], { exit: 2, refused: /NO_DECLARATION/ }),
  read('release show', () => LANE),
  read('support-bundle', () => ['--out', join(temporaryFolder('bundle'), 'new')]),
  order('release pause', LANE, 'operate'),
  order('release resume', LANE, 'operate'),
  order('release promote', LANE, 'operate'),
  order('release retry', LANE, 'operate'),
  order('release abort', LANE, 'operate'),
  order('release lift', [...LANE, '--digest', `sha256:${'1'.repeat(64)}`], 'waive', {
    exit: 1,
    refused: /Not rejected/,
  }),
  order('rollback', LANE, 'operate'),
  { path: 'promote', args: () => LANE, scope: 'operate' },
  // Before anything is frozen.
  { path: 'gate', args: ({ pull }) => [String(pull)], scope: 'operate' },
  { path: 'pull open', args: () => ['another-change'], scope: 'operate' },
  { path: 'pull merge', args: ({ pull }) => [String(pull)], scope: 'operate' },
  order('freeze on', ['prod', '--until', '1h'], 'operate'),
  { path: 'freeze off', args: ({ freeze }) => [freeze, ...WHY], scope: 'waive' },
  order('waiver grant', ['prod', '--expires', '1h'], 'waive'),
  { path: 'waiver approve', args: ({ waiver }) => [waiver, ...WHY], scope: 'waive' },
  { path: 'waiver revoke', args: ({ waiver }) => [waiver, ...WHY], scope: 'waive' },
  {
    path: 'budget exclude',
    args: ({ hour: [from, to] }) => [
      'checkout-availability',
      'prod',
      '--from',
      from,
      '--to',
      to,
      '--approver',
      'b',
      ...WHY,
    ],
    scope: 'waive',
  },
  { path: 'token create', args: () => ['ci', '--scope', 'read'], scope: 'admin' },
  { path: 'token list', args: () => [], scope: 'admin' },
  { path: 'token revoke', args: ({ token }) => [token], scope: 'admin' },
];

const server = await served(() => ({ people: null, machines: [] }));
afterAll(() => server.close());
let made: Made;

const sluice = (args: readonly string[], token: string | null, url = server.url) =>
  runCli([...args, '--server', url], {
    cwd: temporaryFolder('operating'),
    env: token === null ? {} : { SLUICE_TOKEN: token },
  });

const typed = (o: Operating): string[] => [...o.path.split(' '), ...o.args(made)];

async function prepare(): Promise<Made> {
  const admin = await server.token(['admin']);
  const json = async (args: readonly string[]) => {
    const { out, err } = await sluice([...args, '--json'], admin);
    if (out === '') throw new Error(err);
    return JSON.parse(out) as { id: string };
  };
  const ago = (hours: number) => new Date(server.sim.world.clock.now() - hours * 3_600_000).toISOString();
  await server.house.repository.push('another-change', { 'README.md': 'another\n' });
  const files = { 'environments/prod/checkout.yaml': desired('1.1.0', 'b') };
  return {
    pull: await server.house.open(files),
    freeze: 'f-none',
    waiver: (await json(['waiver', 'grant', 'prod', '--expires', '1h', ...WHY])).id,
    token: (await json(['token', 'create', 'old', '--scope', 'read'])).id,
    release: 'checkout.prod.2',
    hour: [ago(2), ago(1)],
  };
}
beforeAll(async () => {
  made = await prepare();
});

/** Paths of commands that take a server. */
const takesServer = (command: CommandUnknownOpts, path: string): string[] => [
  ...(command.options.some((o) => o.long === '--server') ? [path] : []),
  ...command.commands.flatMap((sub) => takesServer(sub, `${path} ${sub.name()}`)),
];

describe('every operating command from a laptop', () => {
  it('CLI-41: each is in this table, and takes --server, --context and --work', async () => {
    const context = {
      io: testIo().io,
      parts: createParts(ROOT, ''),
      commands: COMMANDS,
      version: '0.0.0',
      run: async () => {},
    };
    const paths: string[] = [];
    for (const [name, description, load] of COMMANDS) {
      const command = new Command(name).description(description);
      (await load()).define(command, context);
      paths.push(...takesServer(command, name));
    }
    const aboutServers = ['login', 'logout', 'context add'];
    expect(paths.filter((path) => !aboutServers.includes(path)).sort()).toEqual(
      OPERATING.map((o) => o.path).sort(),
    );
    for (const { path } of OPERATING) {
      const { out } = await runCli([...path.split(' '), '--help']);
      for (const option of ['--server <url>', '--context <name>', '--work <dir>'])
        expect(out).toContain(option);
    }
  });

  it.each(OPERATING.map((o) => [o.path, o] as const))(
    'CLI-41: %s works at a server elsewhere, with the scope that it needs',
    async (_, o) => {
      const token = o.scope === null ? null : await server.token([o.scope]);
      if (o.path === 'freeze off') made.freeze = server.house.governance.freezes(Date.now())![0]!.id;
      const { exit, out, err } = await sluice(typed(o), token);
      expect([exit, err]).toEqual([o.exit ?? 0, o.refused ? expect.stringMatching(o.refused) : '']);
      if (!o.refused) expect(out).not.toBe('');
    },
  );

  // A bundle is for when something is away: it holds what it can.
  it.each(OPERATING.filter((o) => o.path !== 'support-bundle').map((o) => [o.path, o] as const))(
    'CLI-41: %s says what to do where the server is away',
    async (path, o) => {
      const { exit, err } = await sluice(typed(o), null, 'http://127.0.0.1:9');
      const [code, said] = path === 'replay' ? [2, 'NO_DECLARATION'] : [3, 'SERVER_UNREACHABLE'];
      expect([exit, err]).toEqual([code, expect.stringMatching(new RegExp(`${said}[\\s\\S]*\\nNext: `))]);
    },
  );

  const orders = OPERATING.filter((o) => o.scope !== null).map((o) => [o.path, o] as const);
  it.each(orders)('CLI-42: %s without a token, or with one that ended, names the scope', async (_, o) => {
    const expired = await server.token([o.scope!], Date.now() - 1_000);
    const revoked = await server.token([o.scope!]);
    const id = server.tokens.list().at(-1)!.id;
    await server.tokens.revoke(id, { id: 'tester', kind: 'person', scopes: ['admin'] }, Date.now());
    for (const [token, why] of [
      [null, ''],
      [expired, 'expired on'],
      [revoked, 'was revoked on'],
      ['sluice_unknown', 'does not accept this token'],
    ] as const) {
      const { exit, err } = await sluice(typed(o), token);
      expect([exit, err]).toEqual([1, expect.stringContaining(why)]);
      expect(err).toContain(`a token with scope "${o.scope}"`);
      expect(err).toContain(`Next: sign in with sluice login --server ${server.url}`);
    }
  });

  it.each(orders)('CLI-42: %s with a token of another scope names the one that it lacks', async (_, o) => {
    const { exit, err } = await sluice(typed(o), await server.token(['read']));
    expect([exit, err]).toEqual([1, expect.stringContaining(`does not have the scope "${o.scope}"`)]);
    expect(err).toContain('Next: ask for a token');
  });

  it('CLI-55: a release is shown with both lines of evidence against the bar, within 100 columns', async () => {
    const { out } = await sluice(['release', 'show', 'checkout', 'prod'], null);
    expect(out).toMatch(/bar \d+\.\d \|/);
    expect(out).toContain('w worse than stable');
    expect(out).toMatch(/STEP\n20% +now/);
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
    const none = await sluice(['release', 'show', 'chekout', 'prod'], null);
    expect(none).toMatchObject({ exit: 1, err: expect.stringContaining('did you mean "checkout/prod"?') });
    const order = await sluice(
      ['release', 'pause', 'chekout', 'prod', ...WHY],
      await server.token(['operate']),
    );
    expect(order).toMatchObject({ exit: 1, err: expect.stringContaining('did you mean "checkout/prod"?') });
  });

  it('CLI-43: tokens are listed without a secret; one that was revoked is told so', async () => {
    const admin = await server.token(['admin']);
    const created = await sluice(['token', 'create', 'bot', '--scope', 'read', '--expires', '2h'], admin);
    const [secret] = created.out.split('\n');
    const listed = await sluice(['token', 'list'], admin);
    expect(listed.out).toMatch(/t\d+ +bot +read +active until 20/);
    expect(listed.out).not.toContain(secret);
    expect(listed.out).toMatch(/bot .* –\n/);
    server.tokens.whose(secret, Date.now());
    expect((await sluice(['token', 'list'], admin)).out).toMatch(/bot .* ago\n/);
    const { id } = server.tokens.list().find((t) => t.name === 'bot')!;
    expect((await sluice(['token', 'revoke', id], admin)).out).toContain(`Revoked bot (${id})`);
    expect((await sluice(['token', 'list', '--json'], admin)).out).not.toContain(
      '"revokedAt":null,"id":"bot"',
    );
    const none = await sluice(['token', 'revoke', 't999'], admin);
    expect(none).toMatchObject({ exit: 1, err: expect.stringContaining('sluice token list') });
  });

  it('TEAM-8: a token for one service is created, listed and refused elsewhere, each time with its limit', async () => {
    const admin = await server.token(['admin']);
    const create = (name: string, ...limit: string[]) =>
      sluice(['token', 'create', name, '--scope', 'operate', 'waive', ...limit], admin);
    const made = await create('mine', '--service', 'checkout');
    expect(made).toMatchObject({ exit: 0 });
    expect((await sluice(['token', 'list'], admin)).out).toMatch(
      /mine +operate, waive for service checkout +active/,
    );
    const [secret = ''] = made.out.split('\n');
    const wide = await sluice(['freeze', 'on', 'prod', '--until', '1h', ...WHY], secret);
    expect(wide).toMatchObject({ exit: 1, err: expect.stringContaining('"prod" covers every service') });
    expect(wide.err).toContain('Next: ask for the scope "operate" for everything');
    const slip = await create('slip', '--service', 'chekout', '--team', 'shop');
    expect(slip).toMatchObject({ exit: 2, err: expect.stringContaining('did you mean "checkout"?') });
    const team = await create('team', '--team', 'shop');
    expect(team).toMatchObject({ exit: 2, err: expect.stringContaining('no team is named "shop"') });
  });

  it('CLI-41: every command of the table has an example about a server in its documentation', () => {
    expect(readFileSync(join(ROOT, 'docs/install.md'), 'utf8')).toContain('sluice login --server');
  });
});
