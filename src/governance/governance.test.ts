import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wasStable } from '../../test/lane.ts';
import type { CalendarFreeze } from '../declaration/platform.ts';
import { localDay, readRecurrence } from '../declaration/recurrence.ts';
import type { Revision } from '../delivery/events.ts';
import { emptyLane } from '../delivery/lane.ts';
import { calendarFreezes, freezesBetween, nextFlip, occurrences } from './calendar.ts';
import { changeOf, rulesTouched } from './changes.ts';
import { decisionOf, outcomeKey } from './decision.ts';
import { decisionMarkdown, decisionSentence } from './decision-text.ts';
import { evolve, GOVERNANCE_EVENT_VERSION, noGovernance, recordedFreezes, waiverFacts } from './events.ts';
import { covers, parseScope, scopeText } from './facts.ts';
import { type AutoFreeze, autoFreeze, holdOf, NO_FREEZE, type SpendSeen } from './freeze.ts';

const HOUR = 3_600_000;
const base: CalendarFreeze = {
  name: 'weekend',
  reason: 'nobody is here',
  environments: null,
  services: null,
  timeZone: 'Europe/Berlin',
  start: '2026-03-27T18:00',
  end: '2026-03-30T08:00',
  durationMs: null,
  recurrence: null,
};
const at = (text: string) => Date.parse(text);
const recurring = (rrule: string, more: Partial<CalendarFreeze> = {}): CalendarFreeze => {
  const freeze = { ...base, ...more };
  const read = readRecurrence(rrule, localDay(freeze.start));
  if (!read.ok) throw new Error(read.error);
  return { ...freeze, recurrence: read.value };
};
const spans = (freeze: CalendarFreeze, from: string, to: string) => {
  const found = occurrences(freeze, at(from), at(to));
  if (!found.ok) throw new Error(found.error);
  return found.value.map((s) => [new Date(s.from).toISOString(), new Date(s.to).toISOString()]);
};

describe('freezes by the calendar', () => {
  it('FREEZE-1: a local time stays that local time over the change to summer time', () =>
    expect(spans(recurring('FREQ=WEEKLY;BYDAY=FR'), '2026-03-20T00:00:00Z', '2026-04-07T00:00:00Z')).toEqual([
      ['2026-03-27T17:00:00.000Z', '2026-03-30T06:00:00.000Z'],
      ['2026-04-03T16:00:00.000Z', '2026-04-06T06:00:00.000Z'],
    ]));

  it.each([
    [
      'an end that the spring skips is the later reading',
      { start: '2026-03-28T18:00', end: '2026-03-29T02:30' },
      '2026-03-29T01:30:00.000Z',
    ],
    [
      'an end that the autumn repeats is the second time',
      { start: '2026-10-24T18:00', end: '2026-10-25T02:30' },
      '2026-10-25T01:30:00.000Z',
    ],
  ])('FREEZE-1: %s', (_, more, end) =>
    expect(spans({ ...base, ...more }, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z')[0]![1]).toBe(end),
  );

  it.each([
    ['a start that the spring skips begins before the gap', '2026-03-29T02:30', '2026-03-29T00:30:00.000Z'],
    ['a start that the autumn repeats begins the first time', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ])('FREEZE-1: %s', (_, start, from) =>
    expect(
      spans(
        { ...base, start, end: null, durationMs: HOUR },
        '2026-01-01T00:00:00Z',
        '2027-01-01T00:00:00Z',
      )[0]![0],
    ).toBe(from),
  );

  it('FREEZE-1: whole days are days of the calendar, hours are hours', () => {
    const over = { ...base, start: '2026-03-28T12:00', end: null };
    expect(
      spans({ ...over, durationMs: 24 * HOUR }, '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z')[0]![1],
    ).toBe('2026-03-29T10:00:00.000Z');
    expect(
      spans({ ...over, durationMs: 23 * HOUR }, '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z')[0]![1],
    ).toBe('2026-03-29T10:00:00.000Z');
  });

  it('FREEZE-2: it stands from its first moment to the one before its last, in its scopes', () => {
    const freeze = { ...base, environments: ['prod', 'stage'], services: ['checkout'] };
    const standing = (text: string) => calendarFreezes([freeze], at(text)).map((f) => scopeText(f.scope));
    expect(standing('2026-03-27T16:59:59.999Z')).toEqual([]);
    expect(standing('2026-03-27T17:00:00Z')).toEqual(['checkout/prod', 'checkout/stage']);
    expect(standing('2026-03-30T05:59:59.999Z')).toHaveLength(2);
    expect(standing('2026-03-30T06:00:00Z')).toEqual([]);
  });

  it.each([
    ['Pacific/Pago_Pago', '2026-03-27T20:00', '2026-03-28T07:00:00Z'],
    ['Pacific/Kiritimati', '2026-03-28T01:00', '2026-03-27T11:00:00Z'],
  ])(
    'FREEZE-2: in %s, where it is another day than in UTC, it stands for its hour',
    (timeZone, start, utc) => {
      const weekly = recurring('FREQ=WEEKLY', { timeZone, start, end: null, durationMs: HOUR });
      const standing = [-1, 0, HOUR - 1, HOUR].map((ms) => calendarFreezes([weekly], at(utc) + ms).length);
      expect(standing).toEqual([0, 1, 1, 0]);
    },
  );

  it('FREEZE-2: one that began months ago is still found, and the next flip is known', () => {
    const long = { ...base, start: '2026-01-01T00:00', end: null, durationMs: 80 * 24 * HOUR };
    expect(calendarFreezes([long], at('2026-03-20T00:00:00Z'))).toHaveLength(1);
    expect(nextFlip([base], at('2026-03-27T00:00:00Z'))).toBe(at('2026-03-27T17:00:00Z'));
    expect(nextFlip([base], at('2026-03-28T00:00:00Z'))).toBe(at('2026-03-30T06:00:00Z'));
    expect(nextFlip([base], at('2026-04-28T00:00:00Z'))).toBeNull();
  });

  it('FREEZE-3: the last Friday of a month, and no other', () => {
    const freeze = recurring('FREQ=MONTHLY;BYDAY=-1FR');
    expect(spans(freeze, '2026-04-01T00:00:00Z', '2026-06-01T00:00:00Z').map(([from]) => from)).toEqual([
      '2026-04-24T16:00:00.000Z',
      '2026-05-29T16:00:00.000Z',
    ]);
  });
  it('FREEZE-3: an end in UTC is a moment, whatever the zone', () => {
    const until = (text: string) =>
      spans(recurring(`FREQ=DAILY;UNTIL=${text}`), '2026-03-01T00:00:00Z', '2026-05-01T00:00:00Z').length;
    // 18:00 in Berlin is 17:00 UTC on the first two days, and 16:00 after the change to summer time.
    expect(until('20260328T170000Z')).toBe(2);
    expect(until('20260328T165959Z')).toBe(1);
    expect(until('20260329T160000Z')).toBe(3);
  });

  it('FREEZE-2: where one occurrence is longer than the time to the next, the next flip is the first of both', () => {
    const long = recurring('FREQ=DAILY', { end: null, durationMs: 30 * HOUR });
    expect(nextFlip([long], at('2026-04-10T12:00:00Z'))).toBe(at('2026-04-10T16:00:00Z'));
    expect(nextFlip([long], at('2026-04-10T16:00:00Z'))).toBe(at('2026-04-10T22:00:00Z'));
    // At the moment that the very first one begins nothing is to end before the second one begins.
    expect(nextFlip([long], at('2026-03-27T17:00:00Z'))).toBe(at('2026-03-28T17:00:00Z'));
  });

  it('FREEZE-13: a freeze that cannot be evaluated stays active, says why, and fails nothing', () => {
    const gone = { ...base, timeZone: 'Europe/Atlantis' };
    const [found] = freezesBetween([gone], at('2026-03-27T00:00:00Z'), at('2026-03-28T00:00:00Z'));
    expect(found).toMatchObject({ id: 'calendar:weekend', until: null });
    expect(found!.reason).toMatch(/^nobody is here \(its calendar cannot be evaluated: .*Atlantis/i);
    expect(nextFlip([gone, base], at('2026-03-27T00:00:00Z'))).toBe(at('2026-03-27T17:00:00Z'));
  });

  it('FREEZE-13: a rule that began long ago is still found: the work is bounded by what is asked for', () => {
    const old = recurring('FREQ=DAILY', { start: '1700-01-01T18:00', end: null, durationMs: HOUR });
    expect(spans(old, '2026-04-10T00:00:00Z', '2026-04-11T00:00:00Z')).toEqual([
      ['2026-04-10T16:00:00.000Z', '2026-04-10T17:00:00.000Z'],
    ]);
  });
});

const RULE = { fast: 14, slow: 3 };
const SETTINGS = { budget: 0, recover: 0.1, forMs: 5_000, onBurn: true };
const CALM: SpendSeen = {
  left: 0.5,
  coverage: 1,
  requests: 10_000,
  fast: 0.2,
  slow: 0.2,
  excludedSince: false,
};
const play = (looks: Partial<SpendSeen>[], everyMs = 1_000): AutoFreeze[] => {
  let state = NO_FREEZE;
  return looks.map((more, i) => {
    state = autoFreeze(state, { ...CALM, ...more }, RULE, SETTINGS, i * everyMs);
    return state;
  });
};
const causes = (states: AutoFreeze[]) => states.map((s) => s.cause);

describe('automatic freezes', () => {
  it('FREEZE-4: begins at the declared share, and ends above the higher one after so long', () => {
    const looks = [{}, { left: 0 }, { left: 0.05 }, ...Array.from({ length: 7 }, () => ({ left: 0.2 }))];
    expect(causes(play(looks))).toEqual([
      null,
      'budget',
      'budget',
      'budget',
      'budget',
      'budget',
      'budget',
      'budget',
      null,
      null,
    ]);
  });
  it('FREEZE-4: between the shares it neither begins nor ends', () => {
    expect(causes(play([{ left: 0.05 }, { left: 0.05 }]))).toEqual([null, null]);
    expect(causes(play([{ left: -1 }, ...Array.from({ length: 20 }, () => ({ left: 0.05 }))])).at(-1)).toBe(
      'budget',
    );
  });
  it('FREEZE-4: calm that is interrupted begins anew', () => {
    const calm = Array.from({ length: 4 }, () => ({ left: 0.2 }));
    expect(causes(play([{ left: 0 }, ...calm, { left: 0.01 }, ...calm])).at(-1)).toBe('budget');
  });
  it('FREEZE-5: the burn rule freezes, with both windows only', () => {
    expect(
      causes(
        play([
          { fast: 20, slow: 1 },
          { fast: 1, slow: 5 },
          { fast: 14, slow: 3 },
        ]),
      ),
    ).toEqual([null, null, 'burn']);
  });
  it('FREEZE-6: no data neither freezes nor lifts', () => {
    const none = { left: null, fast: null, slow: null, requests: null, coverage: null };
    expect(causes(play([none, none]))).toEqual([null, null]);
    expect(causes(play([{ left: -1 }, ...Array.from({ length: 30 }, () => none)])).at(-1)).toBe('budget');
    const blind = Array.from({ length: 30 }, () => ({ left: 0.9, fast: null }));
    expect(causes(play([{ left: -1 }, ...blind])).at(-1)).toBe('budget');
  });
  it('FREEZE-6: a young budget freezes nothing', () =>
    expect(causes(play([{ left: -5, coverage: 0.05, requests: 50 }]))).toEqual([null]));
  it('FREEZE-7: lifted by hand it stays lifted until its cause has been gone once', () => {
    const lifted: AutoFreeze = { cause: 'budget', calmSince: null, overruled: true };
    const spent = autoFreeze(lifted, { ...CALM, left: -1 }, RULE, SETTINGS, 0);
    expect(spent.overruled).toBe(true);
    const recovered = autoFreeze(spent, CALM, RULE, SETTINGS, 1);
    expect(recovered).toEqual(NO_FREEZE);
    expect(autoFreeze(recovered, { ...CALM, left: -1 }, RULE, SETTINGS, 2).cause).toBe('budget');
  });
  it('FREEZE-4: whatever is seen, it ends only after a look that is recovered', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            left: fc.option(fc.double({ min: -2, max: 1, noNaN: true })),
            fast: fc.option(fc.double({ min: 0, max: 40, noNaN: true })),
            slow: fc.option(fc.double({ min: 0, max: 10, noNaN: true })),
          }),
          { maxLength: 60 },
        ),
        (looks) => {
          const states = play(looks);
          for (const [i, state] of states.entries()) {
            const before = states[i - 1];
            if (before?.cause && state.cause === null) {
              const { left, fast, slow } = { ...CALM, ...looks[i]! };
              expect(
                left !== null && left > 0.1 && fast !== null && slow !== null && !(fast >= 14 && slow >= 3),
              ).toBe(true);
            }
          }
        },
      ),
    ));
});

const record = (type: string, data: object, actor = 'ops', moment = 0, subject = 'checkout/prod') => ({
  type,
  v: GOVERNANCE_EVENT_VERSION,
  subject,
  at: moment,
  actor: { id: actor },
  data,
});
const granted = (more: object = {}) =>
  record('waiver.granted', {
    id: 'w1',
    scope: { environment: 'prod', service: 'checkout' },
    codes: [],
    reason: 'vendor',
    expiresAt: 100,
    singleUse: false,
    pullRequest: null,
    needsSecond: false,
    ...more,
  });

describe('waivers', () => {
  it('WAIVER-1: who, why, until when, and whom it let through', () => {
    const state = [granted(), record('waiver.used', { id: 'w1', pullRequest: 7, decision: 'd' })].reduce(
      evolve,
      noGovernance,
    );
    expect(waiverFacts(state, 9)).toMatchObject([{ id: 'w1', by: 'ops', approved: true, boundTo: null }]);
    expect(state.waivers.get('w1')?.usedFor).toEqual([7]);
  });
  it('WAIVER-2: for a single use it is bound to the first pull request it let through', () => {
    const state = [
      granted({ singleUse: true }),
      record('waiver.used', { id: 'w1', pullRequest: 7, decision: 'd' }),
    ].reduce(evolve, noGovernance);
    expect(waiverFacts(state, 7)).toHaveLength(1);
    expect(waiverFacts(state, 8)).toEqual([]);
  });
  const used = (pullRequest: number) => record('waiver.used', { id: 'w1', pullRequest, decision: 'd' });
  it('WAIVER-2: it stays with the first one, whatever is recorded after', () => {
    const state = [granted({ singleUse: true }), used(7), used(8)].reduce(evolve, noGovernance);
    expect(waiverFacts(state, 7)).toMatchObject([{ boundTo: 7 }]);
    expect(waiverFacts(state, 8)).toEqual([]);
  });
  it('WAIVER-2: for any number of uses it is bound to nobody, and each use is told once', () => {
    const state = [granted(), used(7), used(7), used(8)].reduce(evolve, noGovernance);
    expect(state.waivers.get('w1')?.usedFor).toEqual([7, 8]);
    expect([waiverFacts(state, 7), waiverFacts(state, 9)].map((w) => w.length)).toEqual([1, 1]);
  });
  it('WAIVER-2: for one pull request it is for no other, used or not', () => {
    const state = evolve(noGovernance, granted({ pullRequest: 7 }));
    expect([waiverFacts(state, 7), waiverFacts(state, 8)].map((w) => w.length)).toEqual([1, 0]);
  });
  it('WAIVER-3: where a second person is asked for it holds only with one', () => {
    const asked = evolve(noGovernance, granted({ needsSecond: true }));
    expect(waiverFacts(asked, 7)[0]).toMatchObject({ approved: false });
    const approved = evolve(asked, record('waiver.approved', { id: 'w1', reason: 'yes' }, 'boss'));
    expect(waiverFacts(approved, 7)[0]).toMatchObject({ approved: true, approvedBy: 'boss' });
  });
  it('WAIVER-4: revoked, it is gone', () => {
    const state = [granted(), record('waiver.revoked', { id: 'w1', reason: 'no' })].reduce(
      evolve,
      noGovernance,
    );
    expect(waiverFacts(state, 7)).toEqual([]);
  });
});

describe('freezes on record', () => {
  const set = record('freeze.set', {
    id: 'f1',
    scope: { environment: 'prod', service: '*' },
    reason: 'x',
    until: 50,
  });
  it('FREEZE-8: by hand it stands to its end, or until it is lifted', () => {
    const state = evolve(noGovernance, set);
    expect(recordedFreezes(state, 49)).toMatchObject([{ id: 'f1', kind: 'manual', by: 'ops' }]);
    expect(recordedFreezes(state, 50)).toEqual([]);
    expect(recordedFreezes(evolve(state, record('freeze.lifted', { id: 'f1', reason: 'ok' })), 1)).toEqual(
      [],
    );
  });
  it('FREEZE-9: a lane is held by the freeze of its scope that lasts longest', () => {
    const state = evolve(noGovernance, set);
    const freezes = [
      ...recordedFreezes(state, 1),
      { ...recordedFreezes(state, 1)[0]!, id: 'f2', until: null },
    ];
    expect(holdOf(freezes, 'checkout', 'prod', 1)).toMatchObject({ id: 'f2', until: null });
    expect(holdOf(freezes, 'checkout', 'stage', 1)).toBeNull();
  });
  it('FREEZE-9: scopes are read as people write them', () => {
    expect(parseScope('checkout/prod')).toEqual({ service: 'checkout', environment: 'prod' });
    expect(parseScope('prod')).toEqual({ service: '*', environment: 'prod' });
    expect(parseScope('a/b/c')).toBeUndefined();
    expect(covers({ service: '*', environment: '*' }, 'x', 'y')).toBe(true);
  });
});

const revision = (version: string, config = {}): Revision => ({
  revision: `${version}${JSON.stringify(config)}`,
  version,
  digest: `sha256:${version}`,
  config,
});
const place = { service: 'checkout', environment: 'prod' };
const known = { lane: { ...emptyLane('checkout/prod'), ...wasStable(revision('1.0.0')) }, followed: false };

describe('what a pull request does to a lane', () => {
  it.each([
    ['another digest is a release', revision('1.1.0'), revision('1.2.0'), 'release'],
    ['what was stable is a revert', revision('1.1.0'), revision('1.0.0'), 'revert'],
    ['its digest with other values is a release', revision('1.1.0'), revision('1.0.0', { a: 1 }), 'release'],
    [
      'the same digest with another configuration is a configuration',
      revision('1.1.0'),
      revision('1.1.0', { a: 1 }),
      'config',
    ],
    ['nothing before is a first release', null, revision('1.1.0'), 'first'],
    ['nothing after is a removal', revision('1.1.0'), null, 'removal'],
  ])('CHANGE-1: %s', (_, before, after, kind) =>
    expect(changeOf({ ...place, base: before, head: after }, known)?.kind).toBe(kind),
  );
  it('CHANGE-1: the same on both sides is nothing', () => {
    expect(changeOf({ ...place, base: revision('1.1.0'), head: revision('1.1.0') }, known)).toBeNull();
    expect(changeOf({ ...place, base: null, head: null }, known)).toBeNull();
  });
  it('CHANGE-2: what it edits of its own rules is known, renames included', () =>
    expect(
      rulesTouched(
        [
          { path: 'README.md', status: 'modified' },
          { path: 'x', previous: '.github/workflows/sluice-gate.yml', status: 'renamed' },
          { path: 'platform/slos.yaml', status: 'modified' },
          { path: 'platforms/other.yaml', status: 'modified' },
          { path: 'policy/team.rego', status: 'added' },
        ],
        'platform',
      ),
    ).toEqual(['.github/workflows/sluice-gate.yml', 'platform/slos.yaml', 'policy/team.rego']));
});

const answer = { allow: false, deny: [], warn: [], recorded: [], waiversUsed: [] };
const policy = { revision: 'r', digest: 'sha256:p' };

describe('decisions', () => {
  it('DECISION-1: the same facts under the same policy are the same decision', () => {
    const one = decisionOf(answer, { a: 1, b: 2 }, policy, 5, 9);
    expect(decisionOf(answer, { b: 2, a: 1 }, policy, 5, 9)).toEqual(one);
    expect(decisionOf(answer, { a: 2 }, policy, 5, 9).id).not.toBe(one.id);
    expect(one.id).toMatch(/^d-[0-9a-f]{16}$/);
  });
  it('DECISION-2: numbers alone are no new outcome', () => {
    const deny = (msg: string, code = 'BUDGET_EXHAUSTED') => [{ code, msg, evidence: {}, docs: '' }];
    const key = (msg: string, code?: string) =>
      outcomeKey(decisionOf({ ...answer, deny: deny(msg, code) }, {}, policy, 1, 2));
    expect(key('-1 % left')).toBe(key('-2 % left'));
    expect(key('x')).not.toBe(key('x', 'FROZEN'));
  });
  it('DECISION-3: a stranger’s words stay words in the comment', () => {
    const deny = [
      { code: 'X', msg: 'a | b <img src=x> [l](javascript:x) `c`\n# h @all', evidence: {}, docs: '' },
    ];
    const text = decisionMarkdown(decisionOf({ ...answer, deny }, {}, policy, 1, 2), 1, null);
    expect(text).not.toMatch(/(?<!\\)(<img|\[l\]|`c`)|\n# h|@all/);
    expect(decisionSentence(decisionOf({ ...answer, deny }, {}, policy, 1, 2))).toContain('Denied');
  });
});
