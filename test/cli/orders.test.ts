import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { nameFor } from './named.ts';
import { runCli } from './run.ts';

interface Asked {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
}

/** A server elsewhere that carries orders out, and loses so many of its answers. */
async function losing(lost: number, status = 202) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const key = request.headers['idempotency-key'];
      asked.push({ path: request.url ?? '', key: key as string, body: JSON.parse(body) });
      if (asked.length <= lost) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json' });
      const good = {
        schema: nameFor('POST', request.url ?? ''),
        seq: 7,
        id: 'f1',
        number: 3,
        token: 'st',
        bad: 1,
        requests: 2,
        from: '2',
        to: '1',
        atOnce: true,
      };
      const refused = {
        title: 'Nothing to return to',
        status,
        detail: 'nothing is stable here',
        next: 'wait',
      };
      response.end(JSON.stringify(status < 400 ? good : refused));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.push(server);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
const started: Server[] = [];
afterEach(() => {
  for (const server of started.splice(0)) server.close();
});
const sluice = (args: readonly string[]) => runCli(args, { cwd: temporaryFolder('orders') });

const WHY = ['--reason', 'because'];
const ROLLBACK = ['rollback', 'checkout', 'prod', ...WHY];
/** Every command that orders something, and where. */
const ORDERS: readonly (readonly [string, readonly string[], string])[] = [
  ...(['abort', 'pause', 'resume', 'promote', 'retry'] as const).map(
    (name) =>
      [
        `release ${name}`,
        ['release', name, 'checkout', 'prod', ...WHY],
        '/api/v1/lanes/prod/checkout/commands',
      ] as const,
  ),
  [
    'release lift',
    ['release', 'lift', 'checkout', 'prod', '--digest', 'sha256:1', ...WHY],
    '/api/v1/lanes/prod/checkout/lift',
  ],
  ['rollback', ROLLBACK, '/api/v1/lanes/prod/checkout/rollback'],
  ['promote', ['promote', 'checkout', 'prod'], '/api/v1/promotions'],
  ['freeze on', ['freeze', 'on', 'prod', '--until', '1h', ...WHY], '/api/v1/freezes'],
  ['freeze off', ['freeze', 'off', 'f1', ...WHY], '/api/v1/freezes/f1/lift'],
  ['waiver grant', ['waiver', 'grant', 'prod', '--expires', '1h', ...WHY], '/api/v1/waivers'],
  ['waiver approve', ['waiver', 'approve', 'w1', ...WHY], '/api/v1/waivers/w1/approve'],
  ['waiver revoke', ['waiver', 'revoke', 'w1', ...WHY], '/api/v1/waivers/w1/revoke'],
  ['pull open', ['pull', 'open', 'branch'], '/api/v1/pulls'],
  ['pull merge', ['pull', 'merge', '3'], '/api/v1/pulls/3/merge'],
  ['token create', ['token', 'create', 'ci', '--scope', 'read'], '/api/v1/tokens'],
  [
    'budget exclude',
    [
      'budget',
      'exclude',
      'a',
      'prod',
      '--from',
      '2026-01-01T00:00:00Z',
      '--to',
      '2026-01-01T01:00:00Z',
      '--approver',
      'b',
      ...WHY,
    ],
    '/api/v1/budgets/prod/a/adjustments',
  ],
];

describe('orders from the command line', () => {
  it.each(ORDERS)(
    'ONCE-1: %s whose answer is lost is given once more, under the same key',
    async (_, args, path) => {
      const { url, asked } = await losing(1);
      const answer = await sluice([...args, '--server', url]);
      expect(answer).toMatchObject({ exit: 0 });
      expect(asked.map((a) => a.path)).toEqual([path, path]);
      expect(asked[0]!.key).toMatch(/^[0-9a-f-]{36}$/);
      expect(asked[1]).toEqual(asked[0]);
    },
  );

  it('ONCE-1: each order has a key of its own; a second lost answer is said; a refusal is not asked again', async () => {
    const lost = await losing(2);
    expect(await sluice([...ROLLBACK, '--server', lost.url])).toMatchObject({
      exit: 3,
      err: expect.stringContaining('SERVER_UNREACHABLE'),
    });
    expect(lost.asked).toHaveLength(2);
    const refusing = await losing(0, 409);
    for (let i = 0; i < 2; i++)
      expect(await sluice([...ROLLBACK, '--server', refusing.url])).toMatchObject({ exit: 1 });
    expect(refusing.asked).toHaveLength(2);
    expect(refusing.asked[0]!.key).not.toBe(refusing.asked[1]!.key);
  });

  it('BUDGET-9: an exclusion to now is one of an ongoing incident', async () => {
    const { url, asked } = await losing(0);
    const [, args] = ORDERS.find(([name]) => name === 'budget exclude')!;
    const toNow = args.map((arg) => (arg === '2026-01-01T01:00:00Z' ? 'now' : arg));
    expect(await sluice([...toNow, '--server', url])).toMatchObject({ exit: 0 });
    expect(asked[0]!.body).toEqual({
      from: '2026-01-01T00:00:00Z',
      to: expect.stringMatching(/^20.*Z$/),
      ongoing: true,
      reason: 'because',
      approver: 'b',
    });
  });

  it('ROLLBACK-5: rollback names the version that it is to, and says when users return', async () => {
    const { url, asked } = await losing(0);
    const at = await sluice([...ROLLBACK, '--to', '1.0.0', '--server', url]);
    expect(asked[0]!.body).toEqual({ to: '1.0.0', reason: 'because' });
    expect(at.out).toContain('Recorded as #7: users of checkout in prod are rolled back from 2 to 1 now.');
    const json = await sluice([...ROLLBACK, '--server', url, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ seq: 7, from: '2', to: '1' });
    const silent = await sluice(['rollback', 'checkout', 'prod', '--server', url]);
    expect(silent).toMatchObject({ exit: 2, err: expect.stringContaining('needs a reason') });
    expect(asked).toHaveLength(2);
  });
});
