import { describe, expect, it } from 'vitest';
import { contextOf, deliveryOf, inShort, lookOf, releaseOf, SETTINGS } from '../../test/lane.ts';
import { externalPromotion } from './external-promotion.ts';
import { observeMode } from './observe-mode.ts';
import type { Delivery } from './port.ts';

const gone = deliveryOf({ canary: null, weight: 0, canaryHealth: 'absent' });
const took = deliveryOf({ stable: 'two', canary: null, weight: 0, canaryHealth: 'absent' });

describe('a release that somebody else delivers', () => {
  it.each([
    ['Deploying', 'without traffic yet', deliveryOf({ weight: 0 }), {}, []],
    ['Deploying', 'with its first traffic', deliveryOf({ weight: 1 }), {}, ['Canary: CANARY_STARTED']],
    ['Deploying', 'with traffic of another canary', deliveryOf({ canary: 'other' }), {}, []],
    ['Deploying', 'serving as stable at once', took, {}, ['Canary: CANARY_STARTED']],
    [
      'Canary',
      'at a share that no step has',
      deliveryOf({ weight: 10 }),
      { confirmedAt: [] },
      ['confirmed step 0 at 10 %'],
    ],
    ['Canary', 'at its second step', deliveryOf({ weight: 50 }), {}, ['confirmed step 1 at 50 %']],
    ['Canary', 'between two steps', deliveryOf({ weight: 99 }), {}, ['confirmed step 1 at 99 %']],
    [
      'Canary',
      'at a lower share than before',
      deliveryOf({ weight: 20 }),
      { step: 1, confirmedAt: [1, 2] },
      ['Evaluating: COUNTS_ARRIVED'],
    ],
    ['Canary', 'without traffic any more', deliveryOf({ weight: 0 }), {}, ['Abort: OPERATOR']],
    [
      'Canary',
      'at a lower share than before, whose step was never seen',
      deliveryOf({ weight: 20 }),
      { step: 1, confirmedAt: [undefined, 2] },
      ['Evaluating: COUNTS_ARRIVED'],
    ],
    ['Evaluating', 'gone', gone, {}, ['Abort: OPERATOR']],
    ['Evaluating', 'serving as stable', took, {}, ['Promote: OVERRIDDEN']],
    ['Promote', 'serving as stable', took, {}, ['Stable: FULL_TRAFFIC']],
    ['Promote', 'not serving as stable any more', deliveryOf(), {}, []],
    ['Canary', 'out of sight', null, {}, []],
  ] as const)('DECIDE-27: in %s, %s', (state, _, delivery, release, events) => {
    const mine = releaseOf({ enforced: false, ...(release as object) });
    const c = contextOf({ state, release: mine }, { delivery: delivery as Delivery | null, look: lookOf() });
    expect(inShort(observeMode(c))).toEqual(events);
  });
});

describe('a release that a person moves on in its cluster', () => {
  const drifted = (seen: number, wanted: number) => `drifted: ${seen} %, wanted ${wanted} %`;
  it.each([
    ['not moved', deliveryOf(), {}, []],
    [
      'moved to its second step',
      deliveryOf({ weight: 50 }),
      {},
      [drifted(50, 20), 'confirmed step 1 at 50 %'],
    ],
    [
      'moved to its last step',
      deliveryOf({ weight: 100 }),
      {},
      [drifted(100, 20), 'confirmed step 2 at 100 %'],
    ],
    [
      'moved between two steps',
      deliveryOf({ weight: 70 }),
      {},
      [drifted(70, 20), 'confirmed step 1 at 70 %'],
    ],
    ['moved by less than a step', deliveryOf({ weight: 30 }), {}, []],
    ['moved back', deliveryOf({ weight: 20 }), { step: 1, confirmedAt: [1, 2] }, []],
    [
      'beyond its first step before that was seen',
      deliveryOf({ weight: 50 }),
      { confirmedAt: [] },
      ['confirmed step 1 at 50 %'],
    ],
    ['another canary, further on', deliveryOf({ canary: 'other', weight: 50 }), {}, []],
    ['promoted in full', took, {}, ['Promote: OVERRIDDEN']],
  ])('ROLLOUT-6: %s', (_, delivery, release, events) => {
    const lane = { release: releaseOf(release) };
    expect(inShort(externalPromotion(contextOf(lane, { delivery }, { followed: true })))).toEqual(events);
    expect(externalPromotion(contextOf(lane, { delivery }, SETTINGS))).toEqual([]);
  });
});
