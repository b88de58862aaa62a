import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../kit/actor.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { type GitopsData, gitopsEntry } from './events.ts';
import { commitsFold } from './fold.ts';

const ARTEFACT = { version: '2.0.0', digest: 'sha256:two' };

/** Commits in the order in which they are recorded. */
const folded = (...commits: readonly Partial<GitopsData<'desired.changed'>>[]) =>
  commits.reduce((state, more, i) => {
    const data: GitopsData<'desired.changed'> = {
      commit: `c${i}`,
      kind: 'release',
      author: 'ada',
      authoredAt: i,
      message: 'checkout 2.0.0',
      changes: [{ lane: 'checkout/prod', kind: 'release', from: null, to: ARTEFACT }],
      objections: [],
      rewritten: false,
      merge: false,
      ...more,
    };
    const record = { ...gitopsEntry('desired.changed', 'main', data, i, SYSTEM), seq: i + 1 };
    return commitsFold.apply(state, record as unknown as LedgerRecord);
  }, commitsFold.initial);
const KEY = 'checkout/prod@sha256:two';

describe('commits on record', () => {
  it('RELEASE-4: a release names the commit that brought it to its lane, and who merged it', () => {
    expect(folded({}).brought.get(KEY)).toEqual({ commit: 'c0', mergedBy: null });
    const merged = folded({}, { author: 'grace', merge: true });
    expect(merged.brought.get(KEY)).toEqual({ commit: 'c1', mergedBy: 'grace' });
    expect(merged.origins.get('checkout@sha256:two')?.authors).toEqual(['ada']);
    expect(merged.brought.get('checkout/dev@sha256:two')).toBeUndefined();
  });

  it('RELEASE-4: what changes something else of a lane, or removes it, brought nothing', () => {
    const config = { lane: 'checkout/prod', kind: 'config', from: ARTEFACT, to: ARTEFACT } as const;
    const removal = { lane: 'checkout/prod', kind: 'removal', from: ARTEFACT, to: null } as const;
    const after = folded({}, { changes: [config] }, { changes: [removal] });
    expect(after.brought.get(KEY)?.commit).toBe('c0');
  });
});
