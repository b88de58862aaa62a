import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../../src/ledger/record.ts';
import {
  type Answer,
  changed,
  cut,
  endless,
  halfOpen,
  type Misbehaviour,
  misbehaving,
  PAGE,
  redirect,
  says,
  shortened,
  silent,
  slow,
} from '../../misbehaving.ts';
import { createHouse, type House } from '../../sim/harness.ts';
import { watch } from '../../sim/invariants.ts';
import type { Behaviour } from '../../sim/world.ts';
import { patiently } from '../../wait.ts';
import { overTheWire } from './prometheus-wire.ts';
import { rowsOf } from './table.ts';

const GOOD: Behaviour = { errorRate: 0.0001 };
/** Longer than a tick waits for an answer, and shorter than the client does. */
const SLOW_MS = 300;
/** Of a client for whom an answer that does not come is the point. */
const SHORT_MS = 100;
const FAULT_MS = 90_000;
const HOUR_S = 3_600;

type Wire = Awaited<ReturnType<typeof overTheWire>>;

interface Trial {
  /** How it answers; left out: it refuses connections. */
  readonly how?: Misbehaviour;
  readonly timeoutMs?: number;
  /** What the verdict is held by meanwhile; left out: nothing, it goes on. */
  readonly held?: string;
}

const json = (data: unknown): Answer => ({ status: 200, body: JSON.stringify(data) });
/** Every value of an answer, as another text; counters alone, or what is recorded as well. */
const values = (change: (value: string) => string, which: 'counters' | 'all' = 'all'): Misbehaviour =>
  changed((body, { body: asked }) =>
    which === 'counters' && !decodeURIComponent(asked).includes('ms]')
      ? body
      : body.replace(
          /\[([\d.]+),"([^"]*)"\]/g,
          (_, at: string, value: string) => `[${at},"${change(value)}"]`,
        ),
  );
const times = (shift: number): Misbehaviour =>
  changed((body) =>
    body.replace(
      /\[([\d.]+),"([^"]*)"\]/g,
      (_, at: string, value: string) => `[${Number(at) + shift},"${value}"]`,
    ),
  );

const UNAVAILABLE = 'SOURCE_UNAVAILABLE';
const TRIALS: Readonly<Record<string, Trial>> = {
  refused: { held: UNAVAILABLE },
  // The limit is the point: no answer comes in any time.
  silent: { how: silent, timeoutMs: SHORT_MS, held: UNAVAILABLE },
  slow: { how: slow(SLOW_MS) },
  500: { how: says({ status: 500, body: 'out of memory' }), held: UNAVAILABLE },
  page: { how: says(PAGE), held: UNAVAILABLE },
  cut: { how: cut, held: UNAVAILABLE },
  // The limit is the point: the rest of the answer never comes.
  halfOpen: { how: halfOpen, timeoutMs: SHORT_MS, held: UNAVAILABLE },
  shortened: { how: shortened, held: UNAVAILABLE },
  shape: { how: says(json({ status: 'success', data: { result: 'none' } })), held: UNAVAILABLE },
  error: { how: says(json({ status: 'error', errorType: 'execution', error: 'x' })), held: UNAVAILABLE },
  failedWell: {
    how: (response, proper, asked) => says({ ...proper, status: 503 })(response, proper, asked),
    held: UNAVAILABLE,
  },
  warnings: {
    how: changed((body) =>
      body.replace('{"status":"success"', '{"status":"success","warnings":["a shard is away"]'),
    ),
    held: 'PARTIAL_DATA',
  },
  nan: { how: values(() => 'NaN'), held: 'NOT_A_NUMBER' },
  infinite: { how: values(() => '+Inf'), held: 'NOT_A_NUMBER' },
  huge: { how: values(() => '1e300', 'counters'), held: 'NOT_A_NUMBER' },
  negative: { how: values((value) => `-${value}`, 'counters'), held: 'NOT_A_NUMBER' },
  noNumber: { how: values(() => ''), held: UNAVAILABLE },
  back: { how: values((value) => String(Math.floor(Number(value) / 2)), 'counters') },
  past: { how: times(-HOUR_S), held: UNAVAILABLE },
  future: { how: times(HOUR_S), held: UNAVAILABLE },
  endless: { how: endless, held: UNAVAILABLE },
};

/** 1.1.0 has its first share of traffic, and is good. */
async function underWay(wire: Wire) {
  let far = false;
  const house = await createHouse({
    seed: 5,
    metrics: (world) => {
      const over = wire.over(world);
      return {
        raw: (...asked) => (far ? over : world).raw(...asked),
        instant: (...asked) => (far ? over : world).instant(...asked),
      };
    },
  });
  const check = watch(house);
  house.world.push('1.0.0', GOOD);
  await house.until(
    () => house.state().state === 'Stable',
    undefined,
    () => check(false),
  );
  house.world.push('1.1.0', GOOD);
  await house.until(
    () => house.world.edge().weight === 20,
    1_200_000,
    () => check(false),
  );
  expect(house.world.edge().weight).toBe(20);
  far = true;
  return { house, check };
}

const moved = async (house: House) =>
  (await house.ledger.read({ type: 'lane.moved' })).map((r) => r.data as { to: string; blamed: boolean });

async function tried({ how, timeoutMs = patiently(5_000), held }: Trial): Promise<void> {
  const wire = await overTheWire(timeoutMs);
  try {
    const { house, check } = await underWay(wire);
    const step = async () => {
      await wire.idle();
      await check(held !== undefined);
    };
    if (how) wire.server.behave(how);
    else await wire.server.refuse();
    const before = (await moved(house)).length;
    const reasons = new Set<string>();
    await house.until(
      () => false,
      FAULT_MS,
      async () => {
        await step();
        for (const reason of house.state().release?.verdict?.reasons ?? []) reasons.add(reason);
      },
    );
    if (held !== undefined) {
      expect(reasons).toContain(held);
      expect(house.world.edge().weight).toBe(20);
    }
    if (how) wire.server.behave(null);
    else await wire.server.listen();
    const through = () => house.state().stable?.version === '1.1.0';
    await house.until(through, 2_400_000, async () => {
      await wire.idle();
      await check(false);
    });
    expect(house.state().stable?.version).toBe('1.1.0');
    const since = (await moved(house)).slice(before);
    expect(since.filter((move) => move.to === 'Abort' || move.blamed)).toEqual([]);
    expect(verifyChain(await house.ledger.texts()).ok).toBe(true);
  } finally {
    await wire.close();
  }
}

describe('Prometheus, and the ticks above it', () => {
  it.each(rowsOf('prometheus', TRIALS))('FAULT-4: %s: %s', (_fault, _outcome, trial) => tried(trial));

  it('COUNT-17: what was not asked for, is no success, or has no end is said to be that', async () => {
    const at = 1_700_000_000_000;
    const one = (seconds: number, status = 200): Answer => ({
      ...json({
        status: 'success',
        data: { resultType: 'matrix', result: [{ metric: {}, values: [[seconds, '1']] }] },
      }),
      status,
    });
    const wire = await overTheWire(patiently(5_000));
    const said = async (how: Misbehaviour) => {
      wire.server.behave(how);
      wire.server.reach(false);
      return wire.client.raw('up', 60_000, at);
    };
    try {
      expect(await said(says(one(at / 1_000 - 30)))).toMatchObject({ ok: true });
      for (const seconds of [at / 1_000 - 90, at / 1_000 + 30, 1e300])
        expect(await said(says(one(seconds)))).toMatchObject({ ok: false, error: { code: 'NONSENSE' } });
      expect(await said(says(one(at / 1_000, 503)))).toMatchObject({
        ok: false,
        error: { code: 'NONSENSE' },
      });
      expect(await said(endless)).toMatchObject({
        ok: false,
        error: { code: UNAVAILABLE, message: expect.stringContaining('longer than 8 MiB') },
      });
    } finally {
      await wire.close();
    }
  });

  it('FAULT-4: an answer that leads to another host: nothing is asked there', async () => {
    const elsewhere = await misbehaving(() =>
      json({ status: 'success', data: { resultType: 'vector', result: [] } }),
    );
    try {
      await tried({ how: redirect(`${elsewhere.address}/api/v1/query`), held: UNAVAILABLE });
      expect(elsewhere.asked).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });
});
