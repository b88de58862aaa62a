import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { startTraffic } from '../src/gitops/adapters/load-test/open-loop.ts';
import { parseDesired } from '../src/gitops/desired.ts';
import { freePort } from '../src/io/ports.ts';
import { until } from '../test/wait.ts';
import { desiredExamples } from './desired.ts';
import { digestOfVersion, readReleases } from './profile.ts';

const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'examples/shop/releases.yaml');
const releases = readReleases(FILE);
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function run(service: string, version: string, digest = digestOfVersion(releases, service, version)) {
  const port = await freePort();
  const args = [
    `--service=${service}`,
    `--version=${version}`,
    `--digest=${digest}`,
    `--port=${port}`,
    `--releases=${FILE}`,
  ];
  const child = spawn(process.execPath, [join(ROOT, 'shop/service.ts'), ...args], { stdio: 'ignore' });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string) => {
    const answer = await request(`${url}${path}`);
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  return {
    child,
    url,
    get,
    up: () => until(`${service} ${version}`, 10_000, async () => (await get('/healthz')).status === 200),
  };
}

describe('the shop', () => {
  it('SHOP-1: every counter is there from the first scrape, at 0', async () => {
    const payment = await run('payment', '1.0.0');
    await payment.up();
    const { text } = await payment.get('/metrics');
    for (const code of ['200', '500', '502', '503'])
      expect(text).toContain(
        `http_requests_total{service="payment",version="1.0.0",route="/pay",code="${code}"} 0`,
      );
    expect(text).toContain(
      'http_request_duration_seconds_bucket{le="0.005",service="payment",version="1.0.0",route="/pay"} 0',
    );
  });

  it('SHOP-2: a version does what its profile declares, and runs by its exact digest only', async () => {
    const failing = await run('checkout', '1.3.0');
    await failing.up();
    expect((await failing.get('/checkout')).status).toBe(500);
    for (const [version, digest] of [
      ['1.5.0', undefined],
      ['1.1.0', `sha256:${'0'.repeat(64)}`],
    ] as const) {
      const { child } = await run('checkout', version, digest);
      await until(`${version} ends`, 10_000, () => child.exitCode !== null);
      expect(child.exitCode).not.toBe(0);
    }
  });

  it('SHOP-3: only declared incidents can be caused, and they pass', async () => {
    const payment = await run('payment', '1.0.0');
    await payment.up();
    const post = async (name: string) =>
      (await request(`${payment.url}/incidents/${name}`, { method: 'POST' })).statusCode;
    expect(await post('nobody-declared-this')).toBe(404);
    expect(await post('bank-falters')).toBe(202);
  });

  it('SHOP-4: traffic is an open loop: its rate does not wait for answers', async () => {
    const slow = await run('payment', '1.0.0');
    await slow.up();
    const dead = `http://127.0.0.1:${await freePort()}`;
    const rps = { slow: 100, dead: 50 };
    const begun = performance.now();
    const traffic = startTraffic({
      targets: [
        { url: `${slow.url}/pay`, rps: rps.slow },
        { url: dead, rps: rps.dead },
      ],
    });
    // A third of them is never answered, and the rest goes on all the same.
    await until('good answers and failures', 10_000, () => {
      const { sent, ok, failed } = traffic.report();
      return sent >= 150 && ok > 60 && failed > 30;
    });
    const { sent } = await traffic.stop();
    const seconds = (performance.now() - begun) / 1_000;
    expect(sent, 'no oftener than declared').toBeLessThanOrEqual((rps.slow + rps.dead) * seconds + 2);
  });

  it('SHOP-5: the example desired state is current, and reads as it should', () => {
    for (const [path, text] of desiredExamples()) {
      expect(readFileSync(join(ROOT, path), 'utf8')).toBe(text);
      const service = path.split('/').at(-1)!.replace('.yaml', '');
      expect(parseDesired(path, text, service)).toMatchObject({ ok: true, value: { version: '1.0.0' } });
    }
  });

  it.each([
    ['service: checkout\nversion: 1\ndigest: latest\n', 2],
    [
      'service: cart\nversion: "1"\ndigest: sha256:0000000000000000000000000000000000000000000000000000000000000000\n',
      1,
    ],
    ['service: [\n', 2],
  ])('SHOP-6: desired state %j is refused with its line', (text, line) => {
    const parsed = parseDesired('environments/prod/checkout.yaml', text, 'checkout');
    expect(parsed.ok ? [] : parsed.error.map((p) => p.line)).toContain(line);
  });
});
