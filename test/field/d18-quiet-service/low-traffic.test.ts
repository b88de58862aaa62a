import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { noticesFold } from '../../../src/api/notices/fold.ts';
import { laneSentence } from '../../../src/api/sentences.ts';
import { compile } from '../../../src/controller/compile.ts';
import { renderAll } from '../../../src/controller/render.ts';
import { laneSettings, slisOf } from '../../../src/controller/settings.ts';
import { abortConditions } from '../../../src/delivery/abort-conditions.ts';
import { assess, beginRelease, type EvidenceBySlo, evidenceOf } from '../../../src/delivery/assess.ts';
import { stepDeadline } from '../../../src/delivery/deadline.ts';
import type { Event } from '../../../src/delivery/events.ts';
import { evolve } from '../../../src/delivery/evolve.ts';
import type { Lane } from '../../../src/delivery/lane.ts';
import { canary, evaluating } from '../../../src/delivery/release-states.ts';
import type { LedgerRecord } from '../../../src/ledger/record.ts';
import { closeIntervals } from '../../../src/runtime/counts.ts';
import type { Series } from '../../../src/runtime/port.ts';
import { contextOf, inShort, laneOf, lookOf, NOW, releaseOf, SETTINGS } from '../../lane.ts';
import { availabilitySlo } from '../../slo.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LOAD = `load: { address: 'http://{service}.test', targets: [{ service: billing, path: /probe, rps: 5 }] }`;
const LOW = 'lowTraffic: { longest: 3d, synthetic: { label: route, value: /probe } }';

const text = (strategy: string, load = LOAD) => `${availabilitySlo('billing')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: prod, delivery: argo-rollouts, prometheus: { address: 'http://p.test' }${load ? `, ${load}` : ''} }]
  services: [{ name: billing, slos: [billing-availability], strategy: { ${strategy} } }]
`;
function declared(strategy: string, load = LOAD) {
  const compiled = compile([{ file: 'p.yaml', text: text(strategy, load) }]);
  if (!compiled.ok) return compiled.error;
  const platform = compiled.value;
  const [service, environment] = [platform.services[0]!, platform.environments[0]!];
  return { platform, service, environment, settings: laneSettings(platform, service, environment) };
}
function valid(strategy: string, load = LOAD) {
  const found = declared(strategy, load);
  if (!('platform' in found)) throw new Error(JSON.stringify(found));
  return found;
}

describe('d18: a declared policy for low traffic', () => {
  it.each([
    [
      'hours that end before they begin',
      'lowTraffic: { hours: { from: "17:00", to: "09:00", timeZone: UTC } }',
      LOAD,
      /from before to/,
    ],
    ['a time zone that is none', 'lowTraffic: { hours: { timeZone: Europe/Berlim } }', LOAD, /time zone/],
    ['a day that is none', 'lowTraffic: { hours: { days: [holiday], timeZone: UTC } }', LOAD, /days/],
    ['requests of our own that nobody sends', LOW, '', /no environment sends synthetic requests to billing/],
  ])('QUIET-6: %s is refused', (_, strategy, load, why) => {
    const found = declared(strategy, load);
    expect(JSON.stringify(found)).toMatch(why);
    expect(Array.isArray(found)).toBe(true);
  });

  it('QUIET-6: without one everything is as it was, and nothing of it is recorded', () => {
    const { settings, platform } = valid('dwell: 60s');
    expect(settings.release).not.toHaveProperty('lowTraffic');
    expect(settings.release.slos).toEqual([{ slo: 'billing-availability', objective: 0.999 }]);
    expect(JSON.stringify(platform)).not.toContain('lowTraffic');
  });
});

/** A release that waits for requests alone, of which so many came since its step began. */
const waiting = (progress: number, spentMs: number, lowTraffic?: object) =>
  releaseOf({
    enteredStepAt: NOW - spentMs,
    settings: {
      ...SETTINGS.release,
      deadlineMs: 30 * MINUTE,
      holdMs: 4 * HOUR,
      ...(lowTraffic ? { lowTraffic: { longestMs: null, hours: null, ...lowTraffic } } : {}),
    },
    verdict: {
      verdict: 'inconclusive',
      reasons: ['TOO_FEW_REQUESTS'],
      numbers: [{ slo: 's', goodLeft: 332 * (1 - progress), goodNeeded: 332 }],
    },
  });
const longestMs = 72 * HOUR;

describe('d18: a deadline that follows from traffic', () => {
  it.each([
    ['half of the requests came in ten minutes', 0.5, 10 * MINUTE, 40 * MINUTE],
    ['all but came in a minute', 0.99, MINUTE, 30 * MINUTE],
    ['a tenth of them came in five hours', 0.1, 5 * HOUR, 72 * HOUR],
    ['a tenth of them came in two hours', 0.1, 2 * HOUR, 40 * HOUR],
    ['none came at all', 0, 2 * HOUR, 72 * HOUR],
  ])('QUIET-7: %s', (_, progress, spent, deadline) =>
    expect(stepDeadline(waiting(progress, spent, { longestMs }), NOW)).toBeCloseTo(deadline, 3),
  );

  it('QUIET-7: without a policy, and with any other doubt, the deadline is the declared one', () => {
    expect(stepDeadline(waiting(0.1, HOUR), NOW)).toBe(30 * MINUTE);
    const doubted = waiting(0.1, HOUR, { longestMs });
    const verdict = { ...doubted.verdict!, reasons: ['TOO_FEW_REQUESTS', 'SOURCE_UNAVAILABLE' as const] };
    expect(stepDeadline({ ...doubted, verdict } as typeof doubted, NOW)).toBe(30 * MINUTE);
  });

  it('QUIET-7: a step that waits longer than the declared deadline, and within its own, is not held', () => {
    const events = (policy?: object) =>
      inShort(
        evaluating(contextOf({ release: waiting(0.4, HOUR, policy) }, { look: lookOf(), assessment: null })),
      );
    expect(events({ longestMs })).toEqual([]);
    expect(events()).toEqual(['held']);
  });
});

describe('d18: a person, in working hours', () => {
  const hours = {
    days: ['mon', 'tue', 'wed', 'thu', 'fri'],
    fromMinute: 9 * 60,
    toMinute: 17 * 60,
    timeZone: 'Europe/Berlin',
  };
  const at = (time: string, more: Partial<Lane['release']> = {}, reasons = ['TOO_FEW_REQUESTS']) => {
    const now = Date.parse(time);
    const release = {
      ...waiting(0.1, 0, { hours }),
      enteredStepAt: now - 2 * HOUR,
      ...more,
      verdict: { verdict: 'inconclusive', reasons, numbers: [] },
    } as unknown as NonNullable<Lane['release']>;
    return { ...contextOf({ release }, { look: null, assessment: null }), now };
  };

  it.each([
    ['Monday at nine there', '2026-01-05T08:00:00Z', ['held']],
    ['Monday a minute before nine', '2026-01-05T07:59:00Z', []],
    ['Monday at five', '2026-01-05T16:00:00Z', []],
    ['a summer Monday, an hour earlier', '2026-07-06T07:00:00Z', ['held']],
    ['Saturday at noon', '2026-01-10T11:00:00Z', []],
    ['midnight', '2026-01-05T23:00:00Z', []],
  ])('QUIET-8: %s', (_, time, events) => expect(inShort(canary(at(time)))).toEqual(events));

  it('QUIET-8: reminders as well; what is doubted for another reason asks at any time, and ends', () => {
    const held = { heldAt: Date.parse('2026-01-09T12:00:00Z') };
    expect(inShort(abortConditions(at('2026-01-10T12:00:00Z', held)))).toEqual([]);
    expect(inShort(abortConditions(at('2026-01-12T08:00:00Z', held)))).toEqual(['held']);
    const other = ['TOO_FEW_REQUESTS', 'BURN_FIRING'];
    expect(inShort(canary(at('2026-01-10T11:00:00Z', {}, other)))).toEqual(['held']);
    expect(inShort(abortConditions(at('2026-01-10T12:00:00Z', held, other)))[0]).toMatch(/HOLD_EXPIRED/);
  });

  it('QUIET-8: the message says what it waits for, and that nothing is taken back', () => {
    const [event] = canary(at('2026-01-05T08:00:00Z'));
    expect(event).toMatchObject({ type: 'release.held', data: { held: true, wants: 'traffic' } });
    const { target } = releaseOf();
    const record = (seq: number, type: string, data: object) =>
      ({ seq, at: seq, type, v: 1, subject: 'checkout/prod', data }) as unknown as LedgerRecord;
    const told = [
      record(1, 'release.opened', { release: 'checkout.prod.1', target, from: null }),
      record(2, event!.type, event!.data),
    ].reduce(noticesFold.apply, noticesFold.initial);
    expect(told.threads.get('checkout.prod.1')).toMatchObject({
      kind: 'needs-a-person',
      text: expect.stringMatching(/Too few requests arrived before its deadline.*not rolled back/),
    });
  });
});

describe('d18: requests of our own, counted apart', () => {
  const { settings, service, environment, platform } = valid(LOW);
  const slis = slisOf(platform, service, environment);
  const arms = { label: 'revision', canary: 'two', stable: 'one' };
  const NAME = 'billing-availability';
  const OURS = `${NAME} by synthetic requests`;
  const series = (revision: string, route: string, code: string, value: number): Series => ({
    labels: { __name__: 'http_requests_total', service: 'billing', revision, route, code },
    samples: [[NOW - 100, value]],
  });
  const closed = (all: readonly Series[]) =>
    closeIntervals({
      series: all,
      slis,
      arms,
      cursors: {},
      closedAt: NOW - 5_000,
      intervalMs: 5_000,
      now: NOW,
      zero: { canary: false, stable: false },
    });

  it('QUIET-9: each request is counted once, as a user or as our own', () => {
    const { intervals } = closed([
      series('two', '/', '200', 3),
      series('two', '/', '500', 1),
      series('two', '/probe', '200', 40),
      series('one', '/', '200', 9),
      series('one', '/probe', '500', 2),
      series('one', '/probe', '200', 158),
    ]);
    expect(intervals[0]!.counts).toEqual({
      [NAME]: { canary: { total: 4, bad: 1 }, stable: { total: 9, bad: 0 } },
      [OURS]: { canary: { total: 40, bad: 0 }, stable: { total: 160, bad: 2 } },
    });
  });

  it('QUIET-9: where our own requests are there and none of users, that is none and no gap; a pod that is not scraped is one', () => {
    const ours = [series('two', '/probe', '200', 40), series('one', '/probe', '200', 160)];
    expect(closed(ours).intervals[0]!.counts[NAME]).toEqual({
      canary: { total: 0, bad: 0 },
      stable: { total: 0, bad: 0 },
    });
    expect(closed(ours.slice(1)).intervals).toEqual([]);
  });

  it('QUIET-9: an SLO that leaves our own requests out counts them for itself alone', () => {
    const leaves = text(LOW).replaceAll('service="billing"', 'service="billing",route!="/probe"');
    const compiled = compile([{ file: 'p.yaml', text: leaves }]);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    const [users, own] = slisOf(compiled.value, compiled.value.services[0]!, compiled.value.environments[0]!);
    expect(own!.total[0]!.matchers.filter((m) => m.label === 'route')).toEqual([
      { label: 'route', op: '=', value: '/probe' },
    ]);
    expect(users!.total[0]!.matchers.filter((m) => m.label === 'route').map((m) => m.op)).toEqual([
      '!=',
      '!=',
    ]);
  });

  /** A release whose step saw so many requests of users and of our own. */
  function judged(users: { total: number; bad: number }, own: { total: number; bad: number }) {
    const release = releaseOf({
      settings: { ...settings.release, warmUpMs: 0, dwellMs: 0 },
      intervals: {},
      confirmedAt: [NOW - 60_000],
    });
    const before: EvidenceBySlo = beginRelease(release);
    const stable = { total: 1_000, bad: 0 };
    const counts = { [NAME]: { canary: users, stable }, [OURS]: { canary: own, stable } };
    const looks = [1, 2, 3, 4].map((i) => lookOf({ intervals: [{ at: NOW - 50_000 + i, counts }] }));
    let evidence = before;
    let verdict = assess(release, looks[0]!, evidence, settings.burn, NOW).verdict;
    for (const look of looks) {
      const next = assess(release, look, evidence, settings.burn, NOW);
      evidence = next.evidence;
      verdict = next.verdict;
    }
    return { verdict, release, evidence };
  }

  it.each([
    ['enough of our own, few of users', { total: 5, bad: 0 }, { total: 100, bad: 0 }, 'pass'],
    ['enough of users, none of our own', { total: 100, bad: 0 }, { total: 0, bad: 0 }, 'pass'],
    ['few of both', { total: 5, bad: 0 }, { total: 5, bad: 0 }, 'inconclusive'],
    ['our own fail', { total: 5, bad: 0 }, { total: 100, bad: 60 }, 'fail'],
    ['users fail, and our own do not', { total: 30, bad: 25 }, { total: 100, bad: 0 }, 'fail'],
  ] as const)('QUIET-10: %s', (_, users, own, word) => expect(judged(users, own).verdict.verdict).toBe(word));

  it('QUIET-10: it is said of whose requests the step is waiting for', () => {
    const { release, evidence } = judged({ total: 5, bad: 0 }, { total: 20, bad: 0 });
    const lane = laneOf({ release: { ...release, lookTimes: [NOW], verdict: null } });
    expect(laneSentence(lane, evidence, null, NOW)).toMatch(/80 of 332 good synthetic requests seen/);
  });

  it('QUIET-10: what was recorded is judged the same after a restart', () => {
    const { release, evidence } = judged({ total: 5, bad: 0 }, { total: 100, bad: 0 });
    const interval = { step: 0, canary: { total: 100, bad: 0 }, stable: { total: 1_000, bad: 0 } };
    const users = { ...interval, canary: { total: 5, bad: 0 } };
    const intervals = { [NAME]: Array(4).fill(users), [OURS]: Array(4).fill(interval) };
    const again = evidenceOf({ ...release, intervals });
    for (const slo of [NAME, OURS]) expect(again.get(slo)).toEqual(evidence.get(slo));
  });
});

describe('d18: in the cluster', () => {
  it('QUIET-11: burn rates that tell nothing end no release where Sluice is asked as well', async () => {
    const files = await renderAll(valid(LOW).platform, 'kubernetes');
    const templates = [...files].find(([path]) => path.endsWith('billing/analysistemplates.yaml'))![1];
    const limits = templates.split(/^---$/m).flatMap((t) => {
      const document = parse(t) as { spec: { metrics: { inconclusiveLimit: number }[] } } | null;
      return document?.spec.metrics.map((m) => m.inconclusiveLimit) ?? [];
    });
    expect(limits).toEqual([100_000_000, 100_000_000]);
  });

  it('QUIET-11: a hold for want of traffic goes on for days without an end', () => {
    let lane: Lane = laneOf({ state: 'Evaluating', release: { ...waiting(0.1, HOUR), heldAt: NOW } });
    const events: Event[] = [];
    for (let hours = 1; hours <= 96; hours++) {
      const now = NOW + hours * HOUR;
      const found = abortConditions({ ...contextOf({}, { look: null, assessment: null }), lane, now });
      for (const event of found) lane = evolve(lane, event, now);
      events.push(...found);
    }
    expect(new Set(inShort(events))).toEqual(new Set(['held']));
    expect(events).toHaveLength(24);
  });
});
