import { describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { createController } from '../../src/controller/loop.ts';
import type { ReleaseEffect } from '../../src/delivery/events.ts';
import type { Delivery } from '../../src/delivery/port.ts';
import { seededRandom } from '../../src/kit/random.ts';
import { ok } from '../../src/kit/result.ts';
import { simulatedClock } from '../../src/kit/time.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { journalOver } from '../journal.ts';
import { createHouse, LANE } from './harness.ts';
import { revisionFor } from './world.ts';

const PERSON = { id: 'operator', kind: 'person', scopes: ['operate'] } as const;

/** One seeded history of a lane: versions, an incident, an unavailable Prometheus, and orders. */
async function lived(seed: number, inTurn: number) {
  const random = seededRandom(seed * 104_729);
  const house = await createHouse({ seed, inTurn, deadline: '10m', warmUp: '10s', dwell: '20s' });
  house.world.push('1.0.0', { errorRate: 0.0001 });
  let [down, versions, orders, passes] = [false, 0, 0, 0];
  for (let step = 0; step < 1_200; step++) {
    const dice = random.next();
    if (dice < 0.006) house.world.push(`2.${versions++}.0`, { errorRate: random.chance(0.5) ? 0.0001 : 0.2 });
    else if (dice < 0.009) {
      down = !down;
      house.world.setMetricsDown(down);
    } else if (dice < 0.011) house.world.setSharedErrorRate(random.chance(0.5) ? 0.05 : 0);
    else if (dice < 0.014) {
      const command = (['abort', 'pause', 'resume', 'promote'] as const)[random.below(4)]!;
      await house.controller().command(LANE, command, 'the dice', PERSON, `o${orders++}`);
    }
    const before = house.lane().delivery;
    await house.step();
    if (house.lane().delivery !== before) passes++;
  }
  const records = (await house.ledger.read()).map(({ at, type, subject, data }) => ({
    at,
    type,
    subject,
    data,
  }));
  return { records, passes };
}

describe('a tick works on what is due', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'LOOP-17: seed %i: what is recorded is the same as where everything is looked at in every tick',
    async (seed) => {
      const [due, all] = [await lived(seed, 0), await lived(seed, 50)];
      expect(due.records.length).toBeGreaterThan(20);
      expect(due.records).toEqual(all.records);
      expect(due.passes).toBeLessThan(all.passes);
    },
  );
});

describe('a lane that hangs', () => {
  const platform = (() => {
    const slo = (name: string) => `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: ${name}
  indicator: { spec: { ratioMetric: { counter: true,
    good: { metricSource: { spec: { query: 'r{service="${name}",code!~"5.."}' } } },
    total: { metricSource: { spec: { query: 'r{service="${name}"}' } } } } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
`;
    const text = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: hang }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p' } }]
  services: [{ name: a, slos: [a] }, { name: b, slos: [b] }]
`;
    const compiled = compile([
      { file: 'p.yaml', text },
      ...['a', 'b'].map((n) => ({ file: `${n}.yaml`, text: slo(n) })),
    ]);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    return compiled.value;
  })();

  it('LOOP-16: holds up no tick and no other lane, and what a person orders in it is carried out', async () => {
    const clock = simulatedClock(1_700_000_000_000);
    const journal = await journalOver(memoryLedger('hang'));
    const hanging = new Set<string>();
    const applied: string[] = [];
    const seen: Delivery = { stable: null, canary: null, weight: 0, canaryHealth: 'absent' };
    const wanted = new Map(['a', 'b'].map((s) => [`${s}/prod`, revisionFor('1.0.0')]));
    const controller = createController(
      platform,
      {
        clock,
        journal,
        desired: { read: async () => ({ commit: 'c', lanes: wanted, problems: [] }) },
        metrics: () => ({ raw: async () => ok([]), instant: async () => ok([]) }),
        delivery: () => ({
          observe: (lane) => (hanging.has(lane) ? new Promise(() => {}) : Promise.resolve(seen)),
          apply: async (effect: ReleaseEffect) => void applied.push(`${effect.lane} ${effect.kind}`),
          probe: async () => 'absent',
        }),
      },
      { warn: () => {} },
    );
    const step = async () => {
      clock.advance(1_000);
      await controller.tick();
    };
    const state = (service: string) => controller.lane(`${service}/prod`)!.state;
    for (let i = 0; i < 5; i++) await step();
    expect([state('a').state, state('b').state]).toEqual(['Deploying', 'Deploying']);
    hanging.add('a/prod');
    applied.length = 0;
    // Ticks continue for the other lane while this one is waited for, once.
    for (let i = 0; i < 20; i++) await step();
    expect(applied).toContain('b/prod start');
    await controller.command('a/prod', 'abort', 'it hangs', PERSON, 'o1');
    for (let i = 0; i < 5 && state('a').state === 'Deploying'; i++) await step();
    expect(state('a')).toMatchObject({ state: 'Abort', release: { cause: 'OPERATOR' } });
    expect(applied).toContain('a/prod abort');
    expect(state('b').state).toBe('Deploying');
  });
});
