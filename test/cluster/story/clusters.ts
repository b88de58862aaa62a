import { expect } from 'vitest';
import { ABROAD } from '../abroad.ts';
import { laneOf, lanesOf, recordsOf, untilLane } from '../people.ts';
import type { Stage } from '../stage.ts';
import { until } from '../wait.ts';
import { LAB } from './lab.ts';

const MINUTE = 60_000;

/** A second cluster, in which somebody else delivers: watched by the same server, and never touched. */
export function clustersStory(stage: Stage): void {
  stage.step(
    'CLUSTER-12: Given mode observe in a second cluster, When a Rollout that is not ours moves, Then it is followed and nothing is touched',
    async () => {
      const house = stage.house();
      const { abroad } = house;
      abroad.show('cart', { version: '7.0.0', current: 'one', stable: 'one', weight: 0 });
      await untilLane(
        house,
        'cart',
        ABROAD,
        'is taken as it is',
        MINUTE,
        (l) => l.state === 'Stable' && l.stable === '7.0.0',
      );
      abroad.show('cart', { version: '7.1.0', current: 'two', stable: 'one', weight: 0 });
      await untilLane(house, 'cart', ABROAD, 'is Deploying', MINUTE, (l) => l.state === 'Deploying');
      abroad.show('cart', { version: '7.1.0', current: 'two', stable: 'one', weight: 25 });
      await untilLane(
        house,
        'cart',
        ABROAD,
        'is at 25%',
        MINUTE,
        (l) => l.state === 'Canary' && l.weight === 25,
      );
      abroad.show('cart', { version: '7.1.0', current: 'two', stable: 'two', weight: 0 });
      await untilLane(
        house,
        'cart',
        ABROAD,
        'is Stable on 7.1.0',
        MINUTE,
        (l) => l.state === 'Stable' && l.stable === '7.1.0',
      );
      const writers = JSON.parse(
        abroad.kubectl(['get', 'rollout', 'cart', '-n', ABROAD, '-o', 'json', '--show-managed-fields']),
      ) as { metadata: { managedFields: { manager: string }[] } };
      expect(new Set(writers.metadata.managedFields.map((f) => f.manager.split('-')[0]))).toEqual(
        new Set(['kubectl']),
      );
      const effects = (await recordsOf(house, `cart/${ABROAD}`)).flatMap(
        (r) => (r.data['effects'] as object[]) ?? [],
      );
      expect(effects).toEqual([]);
    },
  );

  stage.step(
    'CLUSTER-13: When the second cluster cannot be reached, Then its lanes stand still, and the others go on',
    async () => {
      const house = stage.house();
      const before = await laneOf(house, 'cart', ABROAD);
      await house.abroad.process.kill();
      const health = async () =>
        (await house.api<Health>('GET', '/api/v1/pipeline')).services
          .find((s) => s.service === 'cart')!
          .stands.find((s) => s.environment === ABROAD)?.sync?.word;
      await until('it is told', MINUTE, async () => (await health()) === 'Unknown');
      const lanes = await lanesOf(house);
      expect(lanes.find((l) => l.service === 'cart' && l.environment === ABROAD)).toMatchObject({
        state: before.state,
        stable: before.stable,
      });
      expect(lanes.filter((l) => l.environment === LAB).every((l) => l.state === 'Stable')).toBe(true);
      // It stays away: what follows is told without it.
      stage
        .report()
        .outcome('one of two clusters out of reach', 'its lanes stand still; releases in the other go on');
    },
  );
}

interface Health {
  readonly services: readonly {
    readonly service: string;
    readonly stands: readonly {
      readonly environment: string;
      readonly sync: { readonly word: string } | null;
    }[];
  }[];
}
