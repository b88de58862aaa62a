import { describe, expect, it } from 'vitest';
import {
  assessmentOf,
  deliveryOf,
  inShort,
  laneOf,
  lookOf,
  NOW,
  releaseOf,
  SETTINGS,
  seenOf,
} from '../../test/lane.ts';
import type { LaneSample } from './assess.ts';
import { decide } from './decide.ts';
import type { RecordedBurn } from './events.ts';
import type { Lane, Release } from './lane.ts';

const CALM: RecordedBurn = { fast: 0, slow: 0 };
const FIRING: RecordedBurn = { fast: 14, slow: 3 };
const UNKNOWN: RecordedBurn = { fast: null, slow: null };
const verdict = { verdict: 'inconclusive' as const, reasons: ['TOO_FEW_REQUESTS' as const], numbers: [] };
const assessed = { ...assessmentOf('inconclusive'), verdict };

/** What one look at a judged release puts on record of itself. */
function recorded(release: Partial<Release>, look: Partial<LaneSample>, state: Lane['state'] = 'Evaluating') {
  const lane = laneOf({ state, release: releaseOf({ verdict, ...release }) });
  const events = decide(lane, seenOf({ look: lookOf(look), assessment: assessed }), SETTINGS, NOW);
  return events.flatMap((e) => (e.type === 'release.looked' ? [e.data] : []));
}
const nothingNew = { intervals: [] };

describe('what a look puts on record', () => {
  it('DECIDE-28: counts, with the positions up to which they were read', () =>
    expect(recorded({}, { cursors: { a: [5, 7] }, asked: 'sha256:1' })).toMatchObject([
      { release: 'checkout.prod.1', step: 0, cursors: { a: [5, 7] }, burn: CALM, verdict, asked: 'sha256:1' },
    ]));

  it.each([
    ['nothing new', {}, nothingNew, 0],
    ['counts alone', {}, {}, 1],
    [
      'another reason than before',
      { verdict: { ...verdict, reasons: ['STALE_DATA' as const] } },
      nothingNew,
      1,
    ],
    ['the first verdict', { verdict: null }, nothingNew, 1],
    ['the first look at which the burn rule does not fire', { burnArmed: false }, nothingNew, 1],
    ['a burn rule that still fires', { burnArmed: false }, { ...nothingNew, burn: FIRING }, 0],
    ['a burn rate without data', { burnArmed: false }, { ...nothingNew, burn: UNKNOWN }, 0],
  ])('DECIDE-28: recorded, or not: %s', (_, release, look, records) =>
    expect(recorded(release as Partial<Release>, look)).toHaveLength(records),
  );

  it.each([
    ['armed before, and calm', true, CALM, true],
    ['armed before, and firing now', true, FIRING, true],
    ['armed before, and without data', true, UNKNOWN, true],
    ['calm for the first time', false, CALM, true],
    ['firing since before it began', false, FIRING, false],
    ['without data since before it began', false, UNKNOWN, false],
  ])(
    'DECIDE-9: once the burn rule was seen not to fire it is armed, and stays so: %s',
    (_, burnArmed, burn, armed) =>
      expect(recorded({ burnArmed }, { burn }).map((r) => r.burnArmed)).toEqual([armed]),
  );

  it('DECIDE-28: nothing is recorded of a release that is not on its way', () =>
    expect(recorded({}, {}, 'Abort')).toEqual([]));
});

describe('what one look leads to', () => {
  it('DECIDE-7: a release that begins waits for the next look, even where its version is ready already', () => {
    const lane = laneOf({ state: 'Stable', release: null });
    const events = decide(lane, seenOf({ delivery: deliveryOf({ weight: 0 }) }), SETTINGS, NOW);
    expect(inShort(events)).toEqual([
      'opened checkout.prod.2, attempt 1',
      'Deploying: NEW_VERSION; start two 0',
    ]);
  });

  it('DECIDE-7: counts that bring a release to be judged are judged at once, and pass one step', () => {
    const lane = laneOf({ state: 'Canary' });
    const seen = seenOf({ assessment: assessmentOf('pass') });
    const moves = decide(lane, seen, SETTINGS, NOW).filter((e) => e.type === 'lane.moved');
    expect(inShort(moves)).toEqual(['Evaluating: COUNTS_ARRIVED', 'Canary: NEXT_STEP; step two 50']);
  });
});
