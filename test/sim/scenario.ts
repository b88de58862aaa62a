import { expect } from 'vitest';
import { seededRandom } from '../../src/kit/random.ts';
import { verifyChain } from '../../src/ledger/record.ts';
import { createHouse, type House, LANE } from './harness.ts';
import { watch } from './invariants.ts';
import type { Behaviour } from './world.ts';

const PERSON = { id: 'operator', kind: 'person', scopes: ['operate'] } as const;
const STEP_MS = 1_000;
const CHAOS_STEPS = 1_500;
const SETTLE_MS = 3_600_000;

/** The simulated seeds: a few in every run of the tests, all of them in `npm run check`. */
const SEEDS = Array.from({ length: 200 }, (_, i) => i + 1);
const SAMPLE_SIZE = 12;
export const SAMPLE = SEEDS.slice(0, SAMPLE_SIZE);
export const REST = SEEDS.slice(SAMPLE_SIZE);

function behaviour(random: ReturnType<typeof seededRandom>): Behaviour {
  const kinds: Behaviour[] = [
    { errorRate: 0 },
    { errorRate: 0.0003 },
    { errorRate: 0.05 },
    { errorRate: 0.3 },
    { errorRate: 1 },
    { errorRate: 0, crashOnStart: true },
    { errorRate: 0, crashAfterMs: 90_000 },
    { errorRate: 0.5, failsAfterMs: 100_000 },
    { errorRate: 0.0002, readyAfterMs: 20_000 },
  ];
  return kinds[random.below(kinds.length)]!;
}

/** One seeded run: versions, faults, orders and kills at random; then calm, and a healthy version. */
export async function run(
  seed: number,
  onStuck: (house: House) => Promise<void> = async () => {},
): Promise<void> {
  const random = seededRandom(seed * 7_919);
  const house = await createHouse({
    seed,
    rps: [8, 30, 100, 200][random.below(4)]!,
    scrapeMs: [1_000, 5_000][random.below(2)]!,
    scrapeLoss: random.chance(0.3) ? 0.05 : 0,
  });
  const { world } = house;
  const check = watch(house);
  world.push('1.0.0', { errorRate: 0.0001 });
  let metricsDown = false;
  let versions = 0;
  let orders = 0;
  for (let step = 0; step < CHAOS_STEPS; step++) {
    const dice = random.next();
    if (dice < 0.004) world.push(`2.${versions++}.0`, behaviour(random));
    else if (dice < 0.007) {
      metricsDown = !metricsDown;
      world.setMetricsDown(metricsDown);
    } else if (dice < 0.009) world.setDesiredDown(random.chance(0.5));
    else if (dice < 0.013)
      world.killAt(random.chance(0.5) ? 'append' : 'effect', random.chance(0.5), random.below(3));
    else if (dice < 0.0145) world.setSharedErrorRate(random.chance(0.5) ? 0.03 : 0);
    else if (dice < 0.016) {
      const command = (['abort', 'pause', 'resume', 'promote'] as const)[random.below(4)]!;
      await house
        .controller()
        .command(LANE, command, 'the dice say so', PERSON, `order-${orders++}`)
        .catch(async (error: Error) => {
          if (error.name !== 'Killed') throw error;
          await house.restart();
        });
    }
    await house.step(STEP_MS);
    await check(metricsDown);
  }
  world.setMetricsDown(false);
  world.setDesiredDown(false);
  world.setSharedErrorRate(0);
  world.endCrashes();
  const last = world.push('9.0.0', { errorRate: 0.0001 });
  const settled = await house.until(
    () => house.state().state === 'Stable' && house.state().stable?.revision === last.revision,
    SETTLE_MS,
    () => check(false),
  );
  if (settled === undefined) await onStuck(house);
  expect(settled, 'in calm, a healthy version becomes Stable').toBeDefined();
  expect(verifyChain(await house.ledger.texts()).breaks).toEqual([]);
}
