import { describe, expect, it } from 'vitest';
import type { LedgerRecord } from '../ledger/record.ts';
import { createLogSubjects, logMoves } from './log-subjects.ts';

function rig() {
  const subjects = createLogSubjects();
  subjects.know((lane) => {
    if (lane === 'checkout/prod') return { release: 'checkout-prod-7', pull: 12 };
    return lane === 'cart/prod' ? { release: null, pull: null } : null;
  });
  return subjects;
}

describe('what a line of the log is about', () => {
  const full = { service: 'checkout', environment: 'prod', release: 'checkout-prod-7', pull: 12 };
  it.each<[string, object, object]>([
    ['a lane with a release', { lane: 'checkout/prod', error: 'x' }, full],
    ['an operation of it', { of: 'checkout/prod', code: 'UNAVAILABLE' }, full],
    ['a lane at rest', { lane: 'cart/prod' }, { service: 'cart', environment: 'prod' }],
    ['a pull request', { of: 'pull/31' }, { pull: 31 }],
    ['a subject that is neither', { of: 'ops' }, {}],
    ['a subject that is no text', { of: 7 }, {}],
    ['nothing in particular', { error: 'x' }, {}],
  ])('METRIC-8: %s', (_, details, expected) => expect(rig().of(details)).toEqual(expected));

  it('METRIC-8: before lanes are known, nothing is said of them', () =>
    expect(createLogSubjects().of({ lane: 'checkout/prod' })).toEqual({}));

  it('METRIC-8: every move is a line with its release, pull request, states, reason and record', () => {
    const lines: object[] = [];
    const record = (type: string, subject: string, seq: number) =>
      ({ type, subject, seq, data: { from: 'Canary', to: 'Abort', reason: 'HARM_SHOWN' } }) as LedgerRecord;
    logMoves(
      [record('lane.moved', 'checkout/prod', 9), record('release.looked', 'checkout/prod', 10)],
      rig(),
      (details, message) => lines.push({ ...details, message }),
    );
    expect(lines).toEqual([
      {
        ...full,
        lane: 'checkout/prod',
        from: 'Canary',
        to: 'Abort',
        reason: 'HARM_SHOWN',
        seq: 9,
        message: 'a lane moved',
      },
    ]);
  });
});
