import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../kit/actor.ts';
import {
  declinedOf,
  evolveProposals,
  type GitopsData,
  gitopsEntry,
  noProposals,
  type Proposals,
} from './events.ts';
import { declinedKey } from './promotion.ts';

const LANE = 'checkout/prod';
const artefact = (version: string) => ({ version, digest: `sha256:${version}` });
const opened = (version = '2'): GitopsData<'proposal.opened'> => ({
  kind: 'promotion',
  number: 7,
  artefact: artefact(version),
  from: ['stage'],
  why: '',
});

const asked = (data: GitopsData<'proposal.opened'>, at = 1, lane = LANE) =>
  gitopsEntry('proposal.opened', lane, data, at, SYSTEM);
const updated = (data: GitopsData<'proposal.updated'>, at: number) =>
  gitopsEntry('proposal.updated', LANE, data, at, SYSTEM);
const ended = (how: GitopsData<'proposal.ended'>['how'], number = 7) =>
  gitopsEntry('proposal.ended', LANE, { number, how, why: '' }, 9, SYSTEM);
const fold = (...entries: Parameters<typeof evolveProposals>[1][]): Proposals =>
  entries.reduce(evolveProposals, noProposals);
const isDeclined = (of: Proposals, service = 'checkout', environment = 'prod', version = '2') =>
  declinedOf(of, service).has(declinedKey('promotion', environment, artefact(version).digest));

describe('what is kept of our pull requests', () => {
  it('ORDER-5: one that is brought up to date is the same one, open since it was opened', () => {
    const kept = fold(asked(opened('1'), 5), updated(opened('2'), 8)).all.get(7);
    expect(kept).toMatchObject({
      version: '2',
      digest: 'sha256:2',
      openedAt: 5,
      ended: null,
      environment: 'prod',
    });
  });

  it.each([
    ['closed', true],
    ['merged', false],
    ['withdrawn', false],
  ] as const)('PROMOTE-2: one that was %s was turned down by a person: %s', (how, declined) => {
    const state = fold(asked(opened()), ended(how));
    expect(state.all.get(7)?.ended).toBe(how);
    expect([...state.open.keys()]).toEqual([]);
    expect(isDeclined(state)).toBe(declined);
  });

  it('PROMOTE-2: a "no" is to that version, in that environment, of that service', () => {
    const state = fold(asked(opened()), ended('closed'));
    expect(isDeclined(state, 'checkout', 'prod', '3')).toBe(false);
    expect(isDeclined(state, 'checkout', 'stage')).toBe(false);
    expect(isDeclined(state, 'search')).toBe(false);
  });

  it('PROMOTE-2: the end of one that was never opened changes nothing, and leaves the others open', () => {
    const state = fold(asked(opened()), ended('closed', 8));
    expect([...state.open.keys()]).toEqual([7]);
    expect(isDeclined(state)).toBe(false);
  });
});
