import { describe, expect, it } from 'vitest';
import { laneOf, revision, wasStable } from '../../test/lane.ts';
import { asDelivered, changeKind, condemnedIn, isHeldBack, isRefused } from './admission.ts';
import type { Revision } from './events.ts';
import { identityOf } from './identity.ts';
import type { Lane, Rejected } from './lane.ts';

const HOLD = { id: 'f', reason: 'peak', by: 'ops', until: null };
const one = revision('one');
const two = revision('two');
const tuned = (of: Revision, value = 1): Revision => ({
  ...of,
  revision: `${of.revision}-${value}`,
  config: { value },
});
const charted: Revision = { ...one, revision: 'one-charted', chart: 'service@1.0.1' };
const relabelled: Revision = { ...one, revision: 'one-relabelled', version: '1.0.0+1' };
const blamed = (of: Revision): Rejected => ({
  revision: of.revision,
  digest: of.digest,
  version: of.version,
  identity: identityOf(of),
  reason: 'HARM_SHOWN',
  release: 'checkout.prod.1',
});
/** A pod template, of which it is known or not what Git asked for. */
const template = (of: Revision, name: string, known: 'known' | 'unknown' = 'known'): Revision => ({
  ...of,
  ...(known === 'unknown' ? { config: {} } : {}),
  revision: name,
  template: known,
});
const at = (more: Partial<Lane> = {}) => laneOf({ state: 'Stable', release: null, ...more });

describe('what a change of a lane is', () => {
  const here = (...stable: Revision[]) => ({ stable: stable.at(-1) ?? null, ...wasStable(...stable) });
  it.each<[string, Partial<Lane>, Revision, string]>([
    ['the same as what is stable', here(one), one, 'nothing'],
    ['the same under another version', here(one), relabelled, 'nothing'],
    ['anything, where nothing is', here(), one, 'first'],
    ['another digest', here(one), two, 'release'],
    ['another configuration', here(one), tuned(one), 'configuration'],
    ['another chart', here(one), charted, 'configuration'],
    ['what was stable before', here(one, two), one, 'revert'],
    ['what was stable before, under another version', here(one, two), relabelled, 'revert'],
    ['its digest with new values', here(one, two), tuned(one), 'release'],
    ['a configuration that was stable before', here(tuned(one), one), tuned(one), 'revert'],
    [
      'what was stable, and was condemned since',
      { ...here(one, two), rejected: [blamed(one)] },
      one,
      'release',
    ],
    [
      'what was stable, where its digest was condemned under other values',
      { ...here(one, two), rejected: [blamed(tuned(one))] },
      one,
      'release',
    ],
    [
      'a configuration of the stable digest that was stable, where another was condemned',
      { ...here(tuned(one), one), rejected: [blamed(tuned(one, 2))] },
      tuned(one),
      'revert',
    ],
  ])('CHANGE-3: %s', (_, lane, wanted, kind) =>
    expect(changeKind(wanted, lane.stable ?? null, at(lane))).toBe(kind),
  );

  it('CHANGE-3: of a lane that nothing is known of, nothing is a revert', () => {
    expect(changeKind(one, two, undefined)).toBe('release');
    expect(changeKind(one, null, null)).toBe('first');
  });

  const rolled = here(template(one, 'pod-1'), template(two, 'pod-2'));
  it.each<[string, Partial<Lane>, Revision, string]>([
    ['the template that it was stable as', rolled, template(one, 'pod-1'), 'revert'],
    ['another template, though Git asks for what was stable', rolled, template(one, 'pod-3'), 'release'],
    ['the template, though Git asks for other values', rolled, template(tuned(one), 'pod-1'), 'release'],
    ['the template, of which Git says nothing', rolled, template(one, 'pod-1', 'unknown'), 'revert'],
    ['a new template, of which Git says nothing', rolled, template(one, 'pod-3', 'unknown'), 'release'],
    ['another template of what is stable', rolled, template(two, 'pod-3'), 'configuration'],
    [
      'what Git asks for, where the template was stable without a word of Git',
      here(template(one, 'pod-1', 'unknown'), template(two, 'pod-2')),
      template(one, 'pod-1'),
      'release',
    ],
  ])('CHANGE-4: of a pod template: %s', (_, lane, wanted, kind) =>
    expect(changeKind(wanted, lane.stable ?? null, at(lane))).toBe(kind),
  );

  it('CHANGE-4: what Git asks for is known by the template that it was stable as, version included', () => {
    const lane = at(rolled);
    expect(asDelivered(lane, one, true)).toEqual(template(one, 'pod-1'));
    expect(asDelivered(lane, tuned(one), true)).toEqual(template(tuned(one), 'one-1'));
    expect(asDelivered(lane, relabelled, true).revision).toBe('one-relabelled');
    expect(asDelivered(lane, one, false)).toBe(one);
    const condemned = at({ ...rolled, rejected: [blamed(template(tuned(one), 'pod-9'))] });
    expect(asDelivered(condemned, tuned(one), true).revision).toBe('pod-9');
  });
});

describe('what is refused', () => {
  it.each([
    ['the revision', blamed(two), two, true],
    ['its digest under another configuration', blamed(two), tuned(two), true],
    ['another digest', blamed(two), revision('three'), false],
    ['another configuration of the stable digest', blamed(tuned(one)), tuned(one, 2), false],
    ['that very configuration of the stable digest', blamed(tuned(one)), tuned(one), true],
    [
      'that very configuration under another version',
      blamed(tuned(one)),
      { ...tuned(one), revision: 'x', version: '9' },
      true,
    ],
    [
      'that very configuration as another pod template',
      blamed(tuned(one)),
      template(tuned(one), 'pod-9'),
      true,
    ],
    ['what is stable, whatever was said of it', blamed(one), one, false],
    ['another pod template of what is stable', blamed(template(one, 'pod-2')), template(one, 'pod-3'), false],
  ])('DECIDE-30: what was condemned is refused: %s', (_, known, wanted, refused) =>
    expect(isRefused(at({ rejected: [known] }), wanted)).toBe(refused),
  );

  it('DECIDE-30: the stable digest is not condemned for others, though a configuration of it was', () => {
    const lane = at({ rejected: [blamed(tuned(one)), blamed(two)] });
    expect(condemnedIn(lane).map((r) => r.digest)).toEqual(['sha256:two']);
    expect(condemnedIn(undefined)).toEqual([]);
  });
});

describe('what a hold stops', () => {
  const lane = at({ stable: two, ...wasStable(one, two) });
  it.each([
    ['a new version', revision('three'), HOLD, true],
    ['another configuration of what is stable', tuned(two), HOLD, true],
    ['another chart of what was stable', charted, HOLD, true],
    ['what was stable before with other values', tuned(one), HOLD, true],
    ['what was stable before', one, HOLD, false],
    ['what is stable', two, HOLD, false],
    ['nothing, where nothing holds', revision('three'), null, false],
  ])('FREEZE-15: %s', (_, wanted, hold, held) => expect(isHeldBack(lane, wanted, hold)).toBe(held));
});
