import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadRunner } from '../../src/gitops/adapters/load-test/runner.ts';
import type { LoadPlan, LoadRun, LoadSeen } from '../../src/gitops/load.ts';
import { findInstance } from '../../src/io/os.ts';
import { tool } from '../tools.ts';
import { until } from '../wait.ts';

/** What either tool does to a real server on this machine. */
const asked = { total: 0, failShare: 0 };
const server = createServer((_, response) => {
  asked.total++;
  const fails = asked.failShare > 0 && asked.total % Math.round(1 / asked.failShare) === 0;
  response.writeHead(fails ? 500 : 200).end('x');
});
let address = '';
const folders: string[] = [];
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  asked.total = 0;
  asked.failShare = 0;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const RPS = 40;
const plan = (more: Partial<LoadPlan> = {}): LoadPlan => ({
  environment: 'dev',
  durationMs: 2_000,
  targets: [
    { service: 'api', path: '/a', rps: 0.75 * RPS },
    { service: 'api', path: '/b', rps: 0.25 * RPS },
  ],
  thresholds: [
    { service: 'api', metric: 'http_req_failed', expression: 'rate<=0.01' },
    { service: 'api', metric: 'http_req_duration', expression: 'p(95)<=600000' },
  ],
  ...more,
});
const run = (p: LoadPlan): LoadRun => ({
  id: 'api.dev.1.load1',
  covers: ['api.dev.1'],
  startedAt: Date.now(),
  plan: p,
});
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'sluice-load-'));
  folders.push(made);
  return made;
};
const runner = (k6: string | null, directory = folder()) => ({
  directory,
  port: loadRunner({ directory, env: process.env, k6, addressOf: () => address, now: () => Date.now() }),
});
const ended = (port: ReturnType<typeof runner>['port'], r: LoadRun): Promise<Exclude<LoadSeen, 'running'>> =>
  until('the end of the load test', 20_000, async () => {
    const seen = await port.observe(r);
    return seen === 'running' ? undefined : seen;
  });

const TOOLS: [string, 'k6' | 'sluice', string | null, boolean][] = [
  ['our own generator', 'sluice', null, true],
  ['a real k6', 'k6', tool('k6'), tool('k6') !== null],
];

for (const [name, word, k6, here] of TOOLS)
  describe.skipIf(!here)(`load by ${name}`, () => {
    it('LOAD-3: it asks as often as declared, ends as declared, and its result is read from its summary', async () => {
      const { port } = runner(k6);
      const r = run(plan());
      const begun = performance.now();
      await port.start(r, null);
      const seen = await ended(port, r);
      const seconds = (performance.now() - begun) / 1_000;
      expect(seen).toMatchObject({ tool: word, outcome: 'passed', failed: 0 });
      expect(seen.requests).toBeGreaterThan(60);
      expect(seen.requests, 'no oftener than declared').toBeLessThanOrEqual(RPS * seconds + 2);
      expect(Math.abs(asked.total - seen.requests)).toBeLessThanOrEqual(2);
      expect(seen.thresholds).toEqual([
        { name: 'http_req_failed{service:api} rate<=0.01', ok: true },
        { name: 'http_req_duration{service:api} p(95)<=600000', ok: true },
      ]);
      await port.clear(r);
      expect(await port.current('dev')).toBeNull();
    });

    it('LOAD-3: crossed thresholds are named', async () => {
      asked.failShare = 0.1;
      const { port } = runner(k6);
      const r = run(plan());
      await port.start(r, null);
      const seen = await ended(port, r);
      expect(seen.outcome).toBe('failed');
      expect(seen.failed).toBeGreaterThan(3);
      expect(seen.thresholds.map((t) => t.ok)).toEqual([false, true]);
    });

    it('LOAD-4: another server finds it again; asked to end it still tells what it saw', async () => {
      const { port, directory } = runner(k6);
      const r = run(plan({ durationMs: null }));
      await port.start(r, null);
      expect(await port.observe(r)).toBe('running');
      const other = runner(k6, directory).port;
      expect(await other.current('dev')).toMatchObject({ id: r.id, covers: r.covers });
      await until('some requests', 20_000, () => asked.total > 20);
      await other.stop(r);
      const seen = await ended(other, r);
      expect(seen).toMatchObject({ outcome: 'passed' });
      expect(seen.requests).toBeGreaterThan(10);
    });

    it('LOAD-5: killed it says nothing, and is called broken', async () => {
      const { port, directory } = runner(k6);
      const r = run(plan({ durationMs: null }));
      await port.start(r, null);
      await until('some requests', 20_000, () => asked.total > 5);
      process.kill(findInstance(join(directory, 'dev'))!, 'SIGKILL');
      expect(await ended(port, r)).toMatchObject({ tool: word, outcome: 'broken', requests: 0 });
    });

    it('LOAD-5: nothing answers: every request fails, and it is said so', async () => {
      const directory = folder();
      const port = loadRunner({
        directory,
        env: process.env,
        k6,
        addressOf: () => 'http://127.0.0.1:9',
        now: () => Date.now(),
      });
      const r = run(plan());
      await port.start(r, null);
      const seen = await ended(port, r);
      expect(seen.outcome).toBe('failed');
      expect(seen.failed).toBe(seen.requests);
    });
  });

describe('load where k6 is not as it should be', () => {
  it('LOAD-5: where k6 is missing our own generator runs, and is called so', async () => {
    const { port } = runner(null);
    const r = run(plan({ durationMs: 1_000 }));
    await port.start(r, null);
    expect(await ended(port, r)).toMatchObject({ tool: 'sluice', note: 'k6 is not here', outcome: 'passed' });
  });

  it('LOAD-5: a k6 that ends without a summary, or with one that is none, is broken and says why', async () => {
    for (const [script, words] of [
      ['#!/bin/sh\necho "script error" >&2\nexit 107\n', 'script error'],
      ['#!/bin/sh\necho "{" > "$SLUICE_SUMMARY"\n', 'its summary cannot be read'],
      ['#!/bin/sh\necho "{\\"metrics\\":{}}" > "$SLUICE_SUMMARY"\n', 'it sent no request'],
    ]) {
      const directory = folder();
      const fake = join(directory, 'k6');
      writeFileSync(fake, script!);
      chmodSync(fake, 0o755);
      const { port } = runner(fake, directory);
      const r = run(plan());
      await port.start(r, null);
      expect(await ended(port, r)).toMatchObject({
        outcome: 'broken',
        note: expect.stringContaining(words!),
      });
    }
  });
});
