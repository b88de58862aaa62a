import { describe, expect, it } from 'vitest';
import type { Revision } from '../delivery/events.ts';
import { emptyLane, type Lane } from '../delivery/lane.ts';
import { STATES } from '../delivery/machine.ts';
import { isRelease } from '../delivery/transitions.ts';
import { revisionOf } from './desired.ts';
import { type Live, liveOf, syncOf } from './sync.ts';

const rev = (version: string): Revision =>
  revisionOf({ version, digest: `sha256:${version.padEnd(64, '0')}`, config: {} });
const [one, two] = [rev('1'), rev('2')];
const lane = (more: Partial<Lane> = {}): Lane => ({
  ...emptyLane('cart/prod'),
  state: 'Stable',
  stable: one,
  ...more,
});
const live = (revision: Revision | null): Live => ({
  revision: revision?.revision ?? null,
  health: 'Healthy',
});
const rejected = {
  revision: two.revision,
  digest: two.digest,
  reason: 'HARM_SHOWN' as const,
  identity: null,
  release: 'r',
};
const hold = { id: 'f', reason: 'quarter end', by: 'ops', until: null };

describe('whether what serves is what Git asks for', () => {
  it.each([
    ['as asked', lane(), one, live(one), 'Synced', '1 serves, as requested in Git'],
    [
      'condemned',
      lane({ rejected: [rejected] }),
      two,
      live(one),
      'OutOfSync',
      'Git asks for 2, which was rejected; 1 serves',
    ],
    ['held', lane({ hold }), two, live(one), 'OutOfSync', '2 is held: quarter end; 1 serves'],
    [
      'set aside',
      lane({ aside: [two.revision] }),
      two,
      live(one),
      'OutOfSync',
      'Git asks for 2, which a person stopped; 1 serves',
    ],
    ['newly asked for', lane(), two, live(one), 'OutOfSync', 'Git asks for 2; 1 serves'],
    [
      'changed by hand',
      lane(),
      one,
      live(two),
      'OutOfSync',
      `${two.revision} serves; 1 (${one.revision}) was released`,
    ],
    [
      'nothing serves',
      lane(),
      one,
      live(null),
      'OutOfSync',
      `nothing serves; 1 (${one.revision}) was released`,
    ],
    ['removed in Git', lane(), null, live(one), 'OutOfSync', '1 serves, but Git has no version for it'],
    [
      'nothing at all',
      lane({ state: 'Idle', stable: null }),
      null,
      live(null),
      'Synced',
      'Git has no version for it, and nothing serves',
    ],
    [
      'first to come',
      lane({ state: 'Idle', stable: null }),
      one,
      live(null),
      'OutOfSync',
      'Git asks for 1; nothing serves',
    ],
    [
      'out of sight',
      lane(),
      one,
      { revision: null, health: 'Unknown' },
      'Unknown',
      'what runs is currently unknown',
    ],
  ] as const)('SYNC-1: %s', (_, at, wanted, seen, word, why) =>
    expect(syncOf(at, wanted, seen)).toEqual({ word, why }),
  );

  const told = (sync: 'Synced' | 'OutOfSync' | 'Unknown', note = '') => ({
    ...live(one),
    application: { tool: 'Argo CD' as const, sync, note },
  });
  it.each([
    ['agrees', told('Synced'), 'Synced', '1 serves, as requested in Git'],
    [
      'sees a difference',
      told('OutOfSync'),
      'OutOfSync',
      '1 serves; Argo CD says the rest is out of sync with Git',
    ],
    [
      'sees a difference and says where',
      told('OutOfSync', 'Service changed'),
      'OutOfSync',
      '1 serves; Argo CD says the rest is out of sync with Git: Service changed',
    ],
    ['cannot tell', told('Unknown'), 'Unknown', '1 serves; Argo CD cannot compare it with Git'],
  ] as const)(
    'SYNC-7: where the right version serves, Argo CD has the word on the rest: it %s',
    (_, seen, word, why) => expect(syncOf(lane(), one, seen)).toEqual({ word, why }),
  );

  it('SYNC-1: while a release is on its way, or taken back, nothing is called drift', () => {
    const release = { target: two } as never;
    for (const state of STATES) {
      const moving = isRelease(state) || state === 'Abort' || state === 'Rollback';
      const { word } = syncOf(lane({ state, release }), two, live(one));
      expect(word, state).toBe(moving ? 'Progressing' : 'OutOfSync');
    }
  });

  it('SYNC-2: what the edge says in the words of whoever applies Git', () => {
    const seen = { stable: 'a', canary: null, weight: 0, canaryHealth: 'absent' } as const;
    expect(liveOf(seen)).toEqual({ revision: 'a', health: 'Healthy' });
    expect(liveOf({ ...seen, canary: 'b', weight: 20 })).toEqual({ revision: 'a', health: 'Progressing' });
    expect(liveOf({ ...seen, stable: null })).toEqual({ revision: null, health: 'Missing' });
    expect(liveOf({ ...seen, stable: null, canary: 'b' })).toEqual({ revision: null, health: 'Progressing' });
    expect(liveOf(null)).toEqual({ revision: null, health: 'Unknown' });
  });
});
