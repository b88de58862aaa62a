import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { entry } from '../../test/contract/ledger/contract.ts';
import { declare } from '../../test/sim/harness.ts';
import { revisionFor } from '../../test/sim/world.ts';
import { until } from '../../test/wait.ts';
import { type App, startApp } from '../app.ts';
import { runningServer } from '../cli/client.ts';
import type { Io } from '../cli/io.ts';
import type { DeliveryPort } from '../delivery/port.ts';
import type { AnchorStore } from '../gitops/anchors.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import { fail, ok } from '../kit/result.ts';
import { memoryLedger } from '../ledger/adapters/memory/ledger.ts';
import { LedgerUnavailable, type SharedLedger } from '../ledger/port.ts';
import type { Head } from '../ledger/record.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { wiring as real, type Wiring } from '../wiring/wiring.ts';

const DELIVERY: DeliveryPort = {
  observe: async () => ({ stable: null, canary: null, weight: 0, canaryHealth: 'absent' }),
  apply: async () => {},
  probe: async () => 'absent',
};
const METRICS: MetricsPort = { raw: async () => ok([]), instant: async () => ok([]) };

const NO_ANCHORS: AnchorStore = {
  read: async () => ok({ anchors: [], tips: [] }),
  write: async () => ok(null),
};

/** Adapters that do nothing but say when they are opened and closed. */
function fakes(log: string[], ledger = memoryLedger('app')): Wiring {
  const close = (what: string) => async () => void log.push(`- ${what}`);
  const open = <T>(what: string, value: T) => {
    log.push(`+ ${what}`);
    return ok(value);
  };
  return {
    ...real,
    openLog: async () => ({ info: () => {}, warn: () => {} }),
    openLedger: async () => open('ledger', { ...ledger, close: close('ledger') }),
    openDesired: async () =>
      open('desired', {
        repository: { read: async () => null, since: async () => null, hint: () => {} },
        anchors: NO_ANCHORS,
      }),
    openStack: async () =>
      open('stack', {
        environments: [
          {
            name: 'prod',
            prometheus: 'http://prometheus.invalid',
            alertmanager: 'http://alertmanager.invalid',
            delivery: DELIVERY,
            edgeOf: () => 'http://edge.invalid',
            heal: async () => {},
          },
        ],
        heal: async () => {},
        stop: close('stack'),
      } as never),
    openClusters: async () =>
      open('clusters', {
        delivery: () => DELIVERY,
        asked: () => null,
        standing: async () => null,
        close: close('clusters'),
      }),
    openMetrics: async () => open('metrics', METRICS),
    openForge: async () => open('forge', null),
    openReceivers: async () => open('receivers', []),
    openSync: async () =>
      open('sync', {
        port: { live: async () => ok(new Map()), refresh: async () => {} },
        webhookToken: null,
        close: close('sync'),
      }),
  };
}

const ORDER = ['ledger', 'desired', 'stack', 'clusters', 'metrics', 'forge', 'receivers', 'sync'];
const CLOSED = ['sync', 'clusters', 'stack', 'ledger'];

describe('a server in this process', () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const one of cleanUp.splice(0).reverse()) await one();
  });

  function rig(change: (log: string[], wiring: Wiring) => Partial<Wiring> = () => ({})) {
    const work = mkdtempSync(join(tmpdir(), 'sluice-app-'));
    cleanUp.push(() => rmSync(work, { recursive: true, force: true }));
    const log: string[] = [];
    const out: string[] = [];
    const signal = new AbortController();
    const io: Io = {
      out: (text) => void out.push(text),
      err: () => {},
      env: {},
      cwd: work,
      outTty: false,
      errTty: false,
      signal: signal.signal,
    };
    const base = fakes(log);
    const options = {
      platform: declare({ seed: 1 }),
      directory: work,
      work,
      root: join(import.meta.dirname, '../..'),
      host: '127.0.0.1',
      port: 0,
      allowedHosts: [],
    };
    const start = async (): Promise<App> => {
      const app = await startApp(io, options, { ...base, ...change(log, base) });
      cleanUp.push(() => app.stop());
      return app;
    };
    return { work, log, out, signal, start };
  }
  const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

  it('APP-1: opens part after part, answers, and closes them last in, first out', async () => {
    const { start, log, work } = rig();
    const app = await start();
    expect(log).toEqual(ORDER.map((part) => `+ ${part}`));
    expect(await statusOf(`${app.url}/healthz`)).toBe(200);
    expect(runningServer(work)).toMatchObject({ url: app.url, token: app.token });
    expect(await app.stop()).toBe('stopped');
    expect(log.slice(ORDER.length)).toEqual(CLOSED.map((part) => `- ${part}`));
    expect(runningServer(work)).toBeUndefined();
    await expect(fetch(`${app.url}/healthz`)).rejects.toThrow();
  });

  it('APP-1: a signal stops it as stop() does, and its end is told once', async () => {
    const { start, signal, log } = rig();
    const app = await start();
    signal.abort();
    expect(await app.ended).toBe('stopped');
    expect(await app.stop()).toBe('stopped');
    expect(log.filter((line) => line === '- ledger')).toHaveLength(1);
  });

  const OPENERS = [
    'openDesired',
    'openStack',
    'openClusters',
    'openMetrics',
    'openReceivers',
    'openSync',
  ] as const;
  it.each(OPENERS)(
    'APP-2: where %s fails, all that was open is closed again and the reason is told',
    async (name) => {
      const { start, log, work } = rig(() => ({ [name]: async () => fail(`${name} lacks a secret`) }));
      await expect(start()).rejects.toMatchObject({
        failure: { message: expect.stringContaining(`${name} lacks a secret`) },
      });
      const opened = log.filter((line) => line.startsWith('+')).map((line) => line.slice(2));
      const closed = log.filter((line) => line.startsWith('-')).map((line) => line.slice(2));
      expect(closed).toEqual(CLOSED.filter((part) => opened.includes(part)));
      expect(runningServer(work)).toBeUndefined();
    },
  );

  it('APP-2: a ledger that another holds starts nothing, and says who holds it', async () => {
    const { start, log } = rig(() => ({
      openLedger: async () => {
        throw new LedgerUnavailable('LEDGER_LOCKED', 'locked');
      },
    }));
    await expect(start()).rejects.toMatchObject({
      code: 'LEDGER_LOCKED',
      message: expect.stringContaining('has its writer already: another process holds it'),
    });
    expect(log).toEqual([]);
  });

  it('APP-3: a ledger that takes no record makes it unready, with the reason, until it does again', async () => {
    let full = true;
    const { start } = rig((log) => {
      const ledger = memoryLedger('app');
      return {
        openLedger: async () =>
          ok({
            ...ledger,
            append: async (entries) => {
              if (full) throw new LedgerUnavailable('LEDGER_FULL', 'the disk is full');
              return ledger.append(entries);
            },
            close: async () => void log.push('- ledger'),
          }),
        // A version that is asked for is something to record.
        openDesired: async () => ok({ repository: ASKING, anchors: NO_ANCHORS }),
      };
    });
    const app = await start();
    await until('unready', 60_000, () => app.health.unready()?.includes('the disk is full'));
    expect(await statusOf(`${app.url}/readyz`)).toBe(503);
    expect(await statusOf(`${app.url}/healthz`)).toBe(200);
    full = false;
    await until('ready', 60_000, async () => (await statusOf(`${app.url}/readyz`)) === 200);
  });

  it('APP-5: a chain that was found broken is told everywhere, nothing is decided, and starting again mends nothing', async () => {
    const whole = memoryLedger('app');
    await whole.append([1, 2].map((i) => entry(i)));
    const good = await whole.texts();
    let texts = [good[0]!.replace('"v":1', '"v":2'), good[1]!];
    const warned: string[] = [];
    const { start } = rig(() => ({
      openLog: async () => ({ info: () => {}, warn: (_, message) => void warned.push(message) }),
      openLedger: async () => ok(memoryLedger('app', texts)),
      // Where anchors can be read, the server walks the chain by itself.
      openDesired: async () =>
        ok({
          repository: { read: async () => null, since: async () => null, hint: () => {} },
          anchors: { ...NO_ANCHORS, read: async () => fail({ code: 'UNAVAILABLE', message: 'away' }) },
        }),
    }));
    const app = await start();
    const get = async (path: string) => (await fetch(`${app.url}${path}`)).text();
    await until('ready', 60_000, async () => (await statusOf(`${app.url}/readyz`)) === 200);
    expect(await get('/metrics')).toContain('sluice_ledger_broken 0');
    expect(JSON.parse(await get('/api/v1/ledger/verification'))).toMatchObject({ ok: false });
    expect(await statusOf(`${app.url}/readyz`)).toBe(503);
    expect(await get('/readyz')).toMatch(
      /the chain of the ledger is broken: record 1 was changed.*nothing is decided.*Next: stop the server/,
    );
    const overview = JSON.parse(await get('/api/v1/overview')) as {
      sentence: string;
      problems: string[];
      ledger: Head;
    };
    expect(overview.sentence).toMatch(/^Nothing is decided any more: the chain of the ledger is broken/);
    expect(overview.problems[0]).toMatch(/^ledger: .*restore a copy that verifies/);
    expect(await get('/metrics')).toContain('sluice_ledger_broken 1');
    expect(warned).toContain('the ledger is broken: nothing is decided any more');
    const order = await fetch(`${app.url}/api/v1/lanes/prod/checkout/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ command: 'pause', reason: 'because' }),
    });
    expect(order.status).toBe(503);
    expect(await order.json()).toMatchObject({
      next: expect.stringContaining('restore a copy that verifies'),
    });
    expect((JSON.parse(await get('/api/v1/overview')) as { ledger: Head }).ledger).toEqual(overview.ledger);
    await app.stop();
    await expect(start()).rejects.toMatchObject({ code: 'LEDGER_BROKEN' });
    texts = [...good];
    const mended = await start();
    await until('ready', 60_000, async () => (await statusOf(`${mended.url}/readyz`)) === 200);
  });

  it.each([
    ['its own file says where no longer', null],
    ['that of the other stays', 'http://127.0.0.1:1'],
  ])('APP-4: once another server leads it ends, and leaves to it what runs; %s', async (_, other) => {
    let leading = true;
    const { start, log, work } = rig((log) => {
      const shared: SharedLedger = {
        ...memoryLedger('app'),
        lead: async () => leading,
        leader: async () => (leading ? 'this one' : 'another'),
        close: async () => void log.push('- ledger'),
      };
      return { openLedger: async () => ok(shared) };
    });
    const app = await start();
    const mine = runningServer(work)!;
    expect(mine.url).toBe(app.url);
    if (other) writeFileSync(join(work, 'serve.json'), JSON.stringify({ ...mine, url: other }));
    leading = false;
    expect(await app.ended).toBe('not leading');
    expect(log).toContain('- ledger');
    expect(log).not.toContain('- stack');
    expect(runningServer(work)?.url ?? null).toBe(other);
  });

  it('APP-4: while another leads it stands by and answers from the ledger; then it opens every part', async () => {
    let leading = false;
    const { start, log, out } = rig(() => {
      const shared: SharedLedger = {
        ...memoryLedger('app'),
        lead: async () => leading,
        leader: async () => 'another at http://127.0.0.1:1',
      };
      return { openLedger: async () => ok(shared) };
    });
    const starting = start();
    await until('standing by', 60_000, () => out.some((text) => text.includes('another')));
    expect(log).toEqual([]);
    leading = true;
    const app = await starting;
    expect(log).toContain('+ stack');
    expect(await app.stop()).toBe('stopped');
  });

  it('APP-4: stopped while it stands by, it ends without having opened anything', async () => {
    const { start, signal, out, log } = rig(() => ({
      openLedger: async () =>
        ok({
          ...memoryLedger('app'),
          lead: async () => false,
          leader: async () => 'another',
        } as SharedLedger),
    }));
    const starting = expect(start()).rejects.toMatchObject({ failure: { code: 'STOPPED' } });
    await until('standing by', 60_000, () => out.some((text) => text.includes('another')));
    signal.abort();
    await starting;
    expect(log).toEqual([]);
  });
});

/** A repository that asks for one version of the only lane. */
const ASKING: DesiredRepository = {
  read: async () => ({
    commit: 'c1',
    lanes: new Map([['checkout/prod', revisionFor('1.0.0')]]),
    problems: [],
  }),
  since: async () => null,
  hint: () => {},
};
