import { describe, expect, it } from 'vitest';
import type { Revision } from '../delivery/events.ts';
import { commitKind, kindOf, type LaneChange, type LaneChangeKind } from './commits.ts';

const revision = (version: string, config: object = {}): Revision => ({
  revision: `${version} ${JSON.stringify(config)}`,
  version,
  digest: `sha256:${version}`,
  config: { ...config },
});

describe('what a commit does', () => {
  it.each([
    ['nothing before or after', null, null, [], null],
    ['the same on both sides', revision('1'), revision('1'), [], null],
    ['nothing before', null, revision('1'), [], 'first'],
    ['nothing before, and it was stable once', null, revision('1'), ['sha256:1'], 'revert'],
    ['another version', revision('1'), revision('2'), [], 'release'],
    ['a version that was stable', revision('2'), revision('1'), ['sha256:1'], 'revert'],
    ['another configuration', revision('1'), revision('1', { a: 1 }), [], 'config'],
    [
      'another configuration of what was stable',
      revision('1'),
      revision('1', { a: 1 }),
      ['sha256:1'],
      'config',
    ],
    ['nothing after', revision('1'), null, ['sha256:1'], 'removal'],
  ] as const)('COMMIT-1: to a lane: %s', (_, base, head, good, kind) =>
    expect(kindOf({ base, head, good })).toBe(kind),
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
  ] as const)('COMMIT-1: as a whole, by the riskiest thing that it does: %s', (_, all, kind) =>
    expect(commitKind(all)).toBe(kind),
  );
});
