import { describe, expect, it } from 'vitest';
import { beginEvidence, type Evidence, evidenceDefaults, ruleOf } from './evidence/evidence.ts';
import { beginSecond, type SecondEvidence, secondRule } from './evidence/second.ts';
import type { VerdictReason } from './reasons.ts';
import { type Gates, judge, OPEN_GATES } from './verdict.ts';

const made = secondRule({ ...evidenceDefaults(2), objective: 0.999 });
if (!made.ok) throw new Error(made.error);
const rule = made.value;

const evidence = (more: Partial<SecondEvidence> = {}): SecondEvidence => ({
  ...beginSecond(rule, []),
  intervals: 1,
  ...more,
});
const TRIED = evidence({ exposure: rule.enough });
const TOO_FEW = evidence({ exposure: rule.enough + 0.001 });
const HARMED = evidence({ overAnswered: true, worseAnswered: true, badSeen: rule.settings.minBad });
const of = (...all: Evidence[]) => new Map(all.map((e, i) => [`slo-${i}`, e] as const));

const said = (all: ReadonlyMap<string, Evidence>, gates: Partial<Gates> = {}) => {
  const { verdict, reasons } = judge(all, { ...OPEN_GATES, ...gates });
  return { verdict, reasons };
};

describe('a verdict', () => {
  it.each([
    ['harm to the only SLO', of(HARMED), {}, 'HARM_SHOWN'],
    ['harm to one SLO of two', of(TRIED, HARMED), {}, 'HARM_SHOWN'],
    ['harm while the source does not answer', of(HARMED), { trouble: 'SOURCE_UNAVAILABLE' }, 'HARM_SHOWN'],
    ['harm while it warms up', of(HARMED), { warmingUp: true, dwelt: false }, 'HARM_SHOWN'],
    ['harm beside a failed guard: the graver one is told', of(HARMED), { guard: 'failed' }, 'HARM_SHOWN'],
    ['a failed guard beside evidence that would pass', of(TRIED), { guard: 'failed' }, 'GUARD_FAILED'],
    [
      'a failed guard before any evidence',
      of(evidence({ intervals: 0 })),
      { guard: 'failed' },
      'GUARD_FAILED',
    ],
    ['a failed guard of a release without SLOs', of(), { guard: 'failed' }, 'GUARD_FAILED'],
    [
      'a failed guard while everything else holds back',
      of(TOO_FEW),
      { guard: 'failed', burn: 'no-data', trouble: 'STALE_DATA', load: 'awaited', dwelt: false },
      'GUARD_FAILED',
    ],
  ] as const)('JUDGE-10: it fails: %s', (_, all, gates, reason) =>
    expect(said(all, gates)).toEqual({ verdict: 'fail', reasons: [reason] }),
  );

  it.each([
    ['over budget alone', { worseAnswered: false }],
    ['worse than stable alone', { overAnswered: false }],
    ['both, with one bad request too few to speak of', { badSeen: rule.settings.minBad - 1 }],
  ])('JUDGE-10: it does not fail: %s', (_, more) =>
    expect(said(of({ ...HARMED, ...more })).verdict).toBe('inconclusive'),
  );

  it('JUDGE-10: the numbers behind it are told by SLO, in the words of the edition', () => {
    const { numbers } = judge(of(TRIED, TOO_FEW), OPEN_GATES);
    expect(numbers).toMatchObject([
      { slo: 'slo-0', exposure: rule.enough, clumps: expect.any(Number) },
      { slo: 'slo-1', exposure: rule.enough + 0.001, clumps: expect.any(Number) },
    ]);
    expect(numbers[0]).not.toHaveProperty('dispersion');
    const first = ruleOf({ ...evidenceDefaults(1), objective: 0.999 });
    if (!first.ok) throw new Error(first.error);
    const old = beginEvidence(first.value, []);
    expect(judge(of(old), OPEN_GATES).numbers[0]).toMatchObject({ dispersion: expect.any(Number) });
    expect(judge(of(old), OPEN_GATES).numbers[0]).not.toHaveProperty('clumps');
  });

  it('JUDGE-11: it passes where every SLO was tried enough and nothing holds it back', () =>
    expect(said(of(TRIED, TRIED), { guard: 'ok', load: 'over' })).toEqual({
      verdict: 'pass',
      reasons: ['TRIED_ENOUGH'],
    }));

  const alone = evidence({ exposure: 9, stepBack: true });
  it('JUDGE-14: it asks to step back, beside all that holds it back, and only where this look is news', () => {
    expect(said(of(TRIED, alone))).toEqual({
      verdict: 'inconclusive',
      reasons: ['STEP_BACK', 'TOO_FEW_REQUESTS'],
    });
    expect(said(of({ ...TRIED, stepBack: true })).reasons, 'before a pass').toEqual(['STEP_BACK']);
    expect(said(of(alone), { fresh: false }).reasons).toEqual(['TOO_FEW_REQUESTS']);
    expect(said(of({ ...HARMED, stepBack: true })), 'harm goes first').toEqual({
      verdict: 'fail',
      reasons: ['HARM_SHOWN'],
    });
  });

  const holdingBack: [string, ReadonlyMap<string, Evidence>, Partial<Gates>, VerdictReason[]][] = [
    ['too few requests for one SLO of two', of(TRIED, TOO_FEW), {}, ['TOO_FEW_REQUESTS']],
    ['no SLO at all', of(), {}, ['NO_DATA']],
    ['an SLO without one interval', of(TRIED, { ...TRIED, intervals: 0 }), {}, ['NO_DATA']],
    ['the canary missing at last', of({ ...TRIED, missing: 'NO_DATA' }), {}, ['NO_DATA']],
    [
      'the stable version missing at last',
      of({ ...TRIED, missing: 'STABLE_MISSING' }),
      {},
      ['STABLE_MISSING'],
    ],
    ['a source that does not answer', of(TRIED), { trouble: 'SOURCE_UNAVAILABLE' }, ['SOURCE_UNAVAILABLE']],
    ['old samples', of(TRIED), { trouble: 'STALE_DATA' }, ['STALE_DATA']],
    ['a sample that is no number', of(TRIED), { trouble: 'NOT_A_NUMBER' }, ['NOT_A_NUMBER']],
    ['a burn rate without data', of(TRIED), { burn: 'no-data' }, ['BURN_NO_DATA']],
    ['a burn rate that fires', of(TRIED), { burn: 'firing' }, ['BURN_FIRING']],
    ['a guard without an answer', of(TRIED), { guard: 'no-data' }, ['GUARD_NO_DATA']],
    ['a load test that is not over', of(TRIED), { load: 'awaited' }, ['LOAD_RUNNING']],
    ['the warm-up', of(TRIED), { warmingUp: true }, ['WARMING_UP']],
    ['the dwell of the step', of(TRIED), { dwelt: false }, ['WAITING_FOR_DWELL']],
    [
      'several things, told in one order',
      of(TOO_FEW, { ...TRIED, missing: 'STABLE_MISSING' }),
      { dwelt: false, warmingUp: true, guard: 'no-data', burn: 'firing', trouble: 'STALE_DATA' },
      [
        'STABLE_MISSING',
        'STALE_DATA',
        'BURN_FIRING',
        'GUARD_NO_DATA',
        'WARMING_UP',
        'WAITING_FOR_DWELL',
        'TOO_FEW_REQUESTS',
      ],
    ],
  ];
  it.each(holdingBack)('JUDGE-11: it waits: %s', (_, all, gates, reasons) =>
    expect(said(all, gates)).toEqual({ verdict: 'inconclusive', reasons }),
  );
});
