import { describe, expect, it } from 'vitest';
import { fail, ok } from '../kit/result.ts';
import {
  answerOf,
  couldNotAsk,
  type Decision,
  decisionOf,
  outcomeKey,
  reason,
  teamDenials,
} from './decision.ts';

const FROZEN = {
  ...reason('FROZEN', 'a freeze holds prod'),
  service: 'checkout',
  environment: 'prod',
  slo: 's',
};
const ALLOWED = { allow: true, deny: [], warn: [], recorded: [], waiversUsed: [] };
const DENIED = { ...ALLOWED, allow: false, deny: [FROZEN] };
const codes = (answer: { deny: readonly { code: string }[] }) => answer.deny.map((d) => d.code);

describe('what a policy engine said', () => {
  it.each([
    ['an allow', ok(ALLOWED), true, []],
    ['a denial with its reason', ok(DENIED), false, ['FROZEN']],
    ['an allow that gives a reason to deny', ok({ ...DENIED, allow: true }), false, ['FROZEN']],
    ['a denial without a reason', ok({ ...ALLOWED, allow: false }), false, ['POLICY_UNDEFINED']],
    ['an answer without a list of denials', ok({ allow: true }), false, ['POLICY_UNDEFINED']],
    [
      'an answer that only looks like an allow',
      ok({ ...ALLOWED, allow: 'true' }),
      false,
      ['POLICY_UNDEFINED'],
    ],
    ['nothing', ok(undefined), false, ['POLICY_UNDEFINED']],
    [
      'no answer',
      fail({ code: 'POLICY_UNREACHABLE' as const, message: 'away' }),
      false,
      ['POLICY_UNREACHABLE'],
    ],
  ])('POLICY-6: %s', (_, raw, allow, denied) => {
    const answer = answerOf(raw);
    expect([answer.allow, codes(answer)]).toEqual([allow, denied]);
  });

  it.each([
    ['reasons', ok([{ code: 'OURS', msg: 'not on a Friday' }]), true],
    ['no reason', ok([]), true],
    ['a reason without its code', ok([{ msg: 'not on a Friday' }]), false],
    ['something else', ok('no'), false],
  ])('POLICY-7: a team’s policy that gives %s', (_, raw, is) => expect(teamDenials(raw).ok).toBe(is));

  it('POLICY-7: why a team’s policy could not be asked is told as it is', () => {
    const away = fail({ code: 'POLICY_UNREACHABLE' as const, message: 'away' });
    expect(teamDenials(away)).toEqual(away);
  });
});

const POLICY = { revision: 'r1', digest: 'sha256:p' };
const decided = (more: Partial<typeof DENIED> = {}, policy = POLICY, facts: object = { now: 1 }): Decision =>
  decisionOf(answerOf(ok({ ...DENIED, ...more })), facts, policy, 5, 10);

describe('a decision', () => {
  it.each([
    ['other facts', decided({}, POLICY, { now: 2 })],
    ['another policy', decided({}, { ...POLICY, digest: 'sha256:q' })],
    ['another answer', decided({ deny: [{ ...FROZEN, code: 'BUDGET_SPENT' }] })],
  ])('DECISION-1: %s: another decision', (_, other) => {
    expect(decided().id).toBe(decided().id);
    expect(other.id).not.toBe(decided().id);
  });

  const letBy = (by: string[]) => [{ ...FROZEN, by }];
  it.each([
    ['the same again', decided(), true],
    ['other numbers', decided({ deny: [{ ...FROZEN, msg: 'other words', evidence: { left: 0.2 } }] }), true],
    ['another reason', decided({ deny: [{ ...FROZEN, code: 'BUDGET_SPENT' }] }), false],
    [
      'the same reason in another environment',
      decided({ deny: [{ ...FROZEN, environment: 'stage' }] }),
      false,
    ],
    ['the same reason for another service', decided({ deny: [{ ...FROZEN, service: 'search' }] }), false],
    ['the same reason for another SLO', decided({ deny: [{ ...FROZEN, slo: 't' }] }), false],
    ['a waiver that let something through', decided({ recorded: letBy(['w1']) as never }), false],
    ['an allow', decided({ allow: true, deny: [] }), false],
  ])('DECISION-2: what is posted already: %s', (_, other, same) =>
    expect(outcomeKey(other) === outcomeKey(decided())).toBe(same),
  );

  it('DECISION-2: another waiver that lets the same through is another outcome', () => {
    const by = (waiver: string) =>
      outcomeKey(decided({ allow: true, deny: [], recorded: letBy([waiver]) as never }));
    expect(by('w1')).not.toBe(by('w2'));
  });

  it.each([
    ['SOURCE_UNAVAILABLE', true],
    ['SOURCE_NONSENSE', true],
    ['POLICY_UNREACHABLE', true],
    ['FORGE_UNAVAILABLE', true],
    ['FROZEN', false],
    ['POLICY_UNDEFINED', false],
  ])('GATE-19: a denial by %s says that somebody could not be asked: %s', (code, is) => {
    expect(couldNotAsk({ deny: [reason(code, '')] })).toBe(is);
    expect(couldNotAsk({ deny: [FROZEN, reason(code, '')] })).toBe(is);
  });
});
