import { describe, expect, it } from 'vitest';
import { wasStable } from '../../test/lane.ts';
import type { Revision } from '../delivery/events.ts';
import { emptyLane } from '../delivery/lane.ts';
import { commitKind, kindOf, type LaneChange, type LaneChangeKind } from './commits.ts';

const revision = (version: string, config: object = {}): Revision => ({
  revision: `${version} ${JSON.stringify(config)}`,
  version,
  digest: `sha256:${version}`,
  config: { ...config },
});

const a = revision('1');
const lane = (...stable: readonly Revision[]) => ({
  lane: { ...emptyLane('checkout/prod'), ...wasStable(...stable) },
  followed: false,
});

describe('what a commit does', () => {
  it.each([
    ['nothing before or after', null, null, [], null],
    ['the same on both sides', a, a, [], null],
    ['another version of the same', a, { ...a, revision: 'b', version: '2' }, [], null],
    ['nothing before', null, a, [], 'first'],
    ['nothing before, and it was stable once', null, a, [a], 'revert'],
    ['another version', a, revision('2'), [], 'release'],
    ['a version that was stable', revision('2'), a, [a], 'revert'],
    [
      'a version that was stable, with another configuration',
      revision('2'),
      revision('1', { a: 1 }),
      [a],
      'release',
    ],
    ['another configuration', a, revision('1', { a: 1 }), [], 'config'],
    ['another configuration of what was stable', a, revision('1', { a: 1 }), [a], 'config'],
    ['a configuration that was stable', a, revision('1', { a: 1 }), [revision('1', { a: 1 })], 'revert'],
    ['another chart', a, { ...a, revision: 'b', chart: 'service@1.0.1' }, [a], 'config'],
    ['nothing after', a, null, [a], 'removal'],
  ] as const)('COMMIT-12: to a lane: %s', (_, base, head, stable, kind) =>
    expect(kindOf({ base, head }, lane(...stable))).toBe(kind),
  );

  const changes = (...kinds: LaneChangeKind[]): LaneChange[] =>
    kinds.map((kind) => ({ lane: 'a/prod', kind, from: null, to: null }));
  it.each([
    ['nothing', changes(), 'nothing'],
    ['a configuration', changes('config'), 'configuration'],
    ['a configuration and a revert', changes('config', 'revert'), 'revert'],
    ['a revert and a release', changes('revert', 'release'), 'release'],
    ['a first version', changes('config', 'first'), 'release'],
    ['a removal', changes('config', 'removal'), 'release'],
  ] as const)('COMMIT-12: as a whole, by the riskiest thing that it does: %s', (_, all, kind) =>
    expect(commitKind(all)).toBe(kind),
  );
});
