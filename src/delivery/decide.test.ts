import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { revisionFor } from '../../test/sim/world.ts';
import type { Assessment, LaneSample } from './assess.ts';
import { decide } from './decide.ts';
import type { Event, RecordedBurn, Revision } from './events.ts';
import { evolve } from './evolve.ts';
import { emptyLane, type Lane } from './lane.ts';
import { TABLE } from './machine.ts';
import type { LaneSettings, Observation } from './observation.ts';
import type { Delivery } from './port.ts';
import type { VerdictWord } from './verdict.ts';

const SETTINGS: LaneSettings = {
  mode: 'enforce',
  followed: false,
  release: {
    weights: [20, 50, 100],
    warmUpMs: 0,
    dwellMs: 0,
    deadlineMs: 600_000,
    holdMs: 1_200_000,
    intervalMs: 5_000,
    slos: [{ slo: 's', objective: 0.999 }],
    evidence: { tolerance: 2, detect: 10, rho: 1, alpha: 0.001, beta: 0.05, minBad: 5 },
    loadTested: false,
  },
  burn: { fast: 14, slow: 3 },
  recovery: { looks: 2, burnBelow: 1, forMs: 300_000 },
  declaration: 'sha256:test',
};
const CALM: RecordedBurn = { fast: 0, slow: 0 };
const FIRING: RecordedBurn = { fast: 100, slow: 100 };
const NO_BURN: RecordedBurn = { fast: null, slow: null };
const REASON = { pass: 'TRIED_ENOUGH', fail: 'HARM_SHOWN', inconclusive: 'TOO_FEW_REQUESTS' } as const;

function lookOf(
  verdict: VerdictWord,
  burn: RecordedBurn,
  step: number,
): { look: LaneSample; assessment: Assessment } {
  const counts = { s: { canary: { total: 10, bad: 0 }, stable: { total: 10, bad: 0 } } };
  return {
    look: {
      intervals: [{ at: 1, counts }],
      cursors: {},
      trouble: null,
      burn,
      guard: 'ok',
      asked: 'sha256:0',
    },
    assessment: {
      intervals: { s: [{ step, canary: { total: 10, bad: 0 }, stable: { total: 10, bad: 0 } }] },
      evidence: new Map(),
      verdict: { verdict, reasons: [REASON[verdict]], numbers: [] },
    },
  };
}

/** A lane with a place to run in: effects are carried out at once, unless the place is down. */
function rig(settings: LaneSettings = SETTINGS) {
  let lane: Lane = emptyLane('checkout/prod');
  let now = 1_000_000;
  let desired: Revision | null = null;
  let down = false;
  const running = new Map<string, 'ready' | 'exited'>();
  let edge = { stable: null as string | null, canary: null as string | null, weight: 0 };
  const log: Event[] = [];

  const carryOut = () => {
    for (const { kind, revision, weight, id } of down ? [] : lane.pending) {
      if (kind === 'start') running.set(revision, running.get(revision) ?? 'ready');
      if (kind === 'step') edge = { ...edge, canary: revision, weight };
      if (kind === 'abort') edge = { ...edge, canary: null, weight: 0 };
      if (kind === 'promote') edge = { stable: revision, canary: null, weight: 0 };
      if (kind === 'clean') running.delete(revision);
      lane = evolve(lane, { type: 'effect.settled', data: { id, result: 'done' } }, now);
    }
  };
  const observe = (): Delivery | null => {
    if (down) return null;
    const target = lane.release?.target.revision ?? null;
    const seen = target !== null && target !== edge.stable ? running.get(target) : undefined;
    return {
      stable: edge.stable,
      canary: seen ? target : null,
      weight: edge.weight,
      canaryHealth: seen ?? 'absent',
    };
  };
  return {
    lane: () => lane,
    edge: () => edge,
    log,
    look(verdict: VerdictWord | null, burn: RecordedBurn = CALM, baseline = true): Event[] {
      const before = lane;
      const judged =
        before.release !== null && ['Canary', 'Evaluating', 'Promote', 'Deploying'].includes(before.state);
      const { look, assessment } = lookOf(verdict ?? 'inconclusive', burn, before.release?.step ?? 0);
      const seen: Observation = {
        desired,
        delivery: observe(),
        look: verdict === null ? null : look,
        assessment: verdict !== null && judged ? assessment : null,
        baseline: baseline && desired ? { target: desired.revision, history: {}, cursors: {}, burn } : null,
        unreachableLooks: 0,
        hold: null,
      };
      const events = decide(before, seen, settings, now);
      for (const event of events) lane = evolve(lane, event, now);
      log.push(...events);
      carryOut();
      return events;
    },
    wait: (ms: number) => {
      now += ms;
    },
    push: (version: string) => {
      desired = revisionFor(version);
    },
    serving: (revision: string) => {
      running.set(revision, 'ready');
      edge = { stable: revision, canary: null, weight: 0 };
    },
    exit: () => {
      const target = lane.release?.target.revision;
      if (target && running.has(target) && target !== edge.stable) running.set(target, 'exited');
    },
    order: (command: 'abort' | 'pause' | 'resume' | 'promote', id: string) => {
      lane = evolve(lane, { type: 'command.accepted', data: { id, command, reason: 'a reason' } }, now);
    },
    setDown: (value: boolean) => {
      down = value;
      if (!down) carryOut();
    },
  };
}
type Rig = ReturnType<typeof rig>;

const moves = (events: readonly Event[]) =>
  events.flatMap((e) => (e.type === 'lane.moved' ? [`${e.data.from}→${e.data.to}:${e.data.reason}`] : []));

/** Looks on until a state is reached. */
function until(
  r: Rig,
  state: string,
  verdict: VerdictWord = 'pass',
  burn: RecordedBurn = CALM,
  limit = 400,
): boolean {
  for (let i = 0; i < limit && r.lane().state !== state; i++) {
    r.wait(5_000);
    r.look(verdict, burn);
  }
  return r.lane().state === state;
}

function stableAt(version: string, settings?: LaneSettings): Rig {
  const r = rig(settings);
  r.push(version);
  expect(until(r, 'Stable')).toBe(true);
  return r;
}

type Action =
  | { kind: 'look'; verdict: VerdictWord; burn: RecordedBurn }
  | { kind: 'blind' }
  | { kind: 'wait'; ms: number }
  | { kind: 'push'; version: number }
  | { kind: 'exit' }
  | { kind: 'down'; value: boolean }
  | { kind: 'order'; command: 'abort' | 'pause' | 'resume' | 'promote' };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('look' as const),
      verdict: fc.constantFrom('pass' as const, 'pass' as const, 'fail' as const, 'inconclusive' as const),
      burn: fc.constantFrom(CALM, CALM, CALM, FIRING, NO_BURN),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'blind' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 900_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('push' as const), version: fc.integer({ min: 0, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'exit' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('down' as const), value: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('order' as const),
      command: fc.constantFrom('abort' as const, 'pause' as const, 'resume' as const, 'promote' as const),
    }),
  },
);

function act(r: Rig, a: Action, index: number): Event[] {
  if (a.kind === 'look') return r.look(a.verdict, a.burn);
  if (a.kind === 'blind') return r.look(null);
  if (a.kind === 'wait') r.wait(a.ms);
  else if (a.kind === 'push') r.push(`1.${a.version}.0`);
  else if (a.kind === 'exit') r.exit();
  else if (a.kind === 'down') r.setDown(a.value);
  else r.order(a.command, `order-${index}`);
  return [];
}

describe('deciding, over random sequences of events', () => {
  it('DECIDE-1: never Promote without a pass or a recorded override', () =>
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const r = rig();
        for (const [i, a] of actions.entries()) {
          const ordered = r.lane().commands.some((c) => c.command === 'promote');
          for (const event of act(r, a, i)) {
            if (event.type !== 'lane.moved' || event.data.to !== 'Promote') continue;
            const passed = a.kind === 'look' && a.verdict === 'pass' && event.data.reason === 'PASSED';
            expect(passed || (ordered && event.data.reason === 'OVERRIDDEN')).toBe(true);
          }
        }
      }),
      { numRuns: 2_000 },
    ));

  it('DECIDE-2: after a fail the next traffic is all on stable', () =>
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const r = rig();
        for (const [i, a] of actions.entries()) {
          const judged = ['Canary', 'Evaluating'].includes(r.lane().state);
          act(r, a, i);
          if (judged && a.kind === 'look' && a.verdict === 'fail') {
            expect(r.lane().state === 'Canary' || r.lane().state === 'Evaluating').toBe(false);
            const target = r.lane().release?.target.revision;
            const aborting = r.lane().pending.some((e) => e.kind === 'abort' && e.revision === target);
            expect(aborting || r.edge().canary === null).toBe(true);
          }
          const { state } = r.lane();
          if (state === 'Rollback' || state === 'Degraded') expect(r.edge().canary).toBeNull();
        }
      }),
      { numRuns: 2_000 },
    ));

  it('DECIDE-3: no undeclared move, and only declared weights', () =>
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const r = rig();
        for (const [i, a] of actions.entries()) {
          for (const event of act(r, a, i))
            if (event.type === 'lane.moved') {
              const row = TABLE.find((x) => x.from === event.data.from && x.to === event.data.to);
              expect(row?.reasons).toContain(event.data.reason);
            }
          expect([0, 20, 50, 100]).toContain(r.edge().weight);
        }
      }),
      { numRuns: 2_000 },
    ));

  it('DECIDE-4: every state that can be reached can reach Stable', () =>
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const r = rig();
        for (const [i, a] of actions.entries()) act(r, a, i);
        r.setDown(false);
        r.push('9.9.9');
        r.order('resume', 'calm');
        for (
          let i = 0;
          i < 400 && !(r.lane().state === 'Stable' && r.lane().stable?.version === '9.9.9');
          i++
        ) {
          r.wait(5_000);
          r.look('pass', CALM);
        }
        expect(r.lane()).toMatchObject({ state: 'Stable', stable: { version: '9.9.9' } });
      }),
      { numRuns: 1_000 },
    ));

  it('DECIDE-5: deciding is pure: the same input gives the same events', () =>
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const [a, b] = [rig(), rig()];
        for (const [i, one] of actions.entries()) expect(act(a, one, i)).toEqual(act(b, one, i));
        expect(a.lane()).toEqual(b.lane());
      }),
      { numRuns: 100 },
    ));
});

describe('deciding, case by case', () => {
  it('DECIDE-6: the very first release goes to 100 % at once and is judged alone', () => {
    const r = stableAt('1.0.0');
    expect(r.lane().release?.settings.weights).toEqual([100]);
    expect(moves(r.log)).toEqual([
      'Idle→Deploying:FIRST_RELEASE',
      'Deploying→Canary:CANARY_STARTED',
      'Canary→Evaluating:COUNTS_ARRIVED',
      'Evaluating→Promote:PASSED',
      'Promote→Stable:FULL_TRAFFIC',
    ]);
  });

  it('DECIDE-6: a first release that fails is stopped, and a fix goes forward', () => {
    const r = rig();
    r.push('1.0.0');
    until(r, 'Evaluating', 'inconclusive');
    r.look('fail');
    expect(until(r, 'Degraded', 'inconclusive')).toBe(true);
    expect(r.edge()).toEqual({ stable: null, canary: null, weight: 0 });
    r.push('1.0.1');
    expect(until(r, 'Stable')).toBe(true);
  });

  it('DECIDE-7: a pass takes one step, never two', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive');
    r.look('pass');
    expect(r.edge().weight).toBe(50);
    expect(r.lane()).toMatchObject({ state: 'Canary', release: { step: 1 } });
  });

  it('DECIDE-30: a blamed revision is refused, and so is its digest; the next one starts cleanly', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive');
    r.look('fail');
    until(r, 'Stable', 'inconclusive');
    expect(r.lane().stable?.version).toBe('1.0.0');
    for (let i = 0; i < 10; i++) expect(moves(r.look('pass'))).toEqual([]);
    r.push('1.2.0');
    r.look('pass');
    expect(r.lane()).toMatchObject({
      state: 'Deploying',
      release: { target: { version: '1.2.0' }, step: 0, intervals: { s: [] } },
    });
  });

  it('DECIDE-9: the multi-window rule returns the service to stable, unblamed where harm was not shown', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive');
    expect(moves(r.look('inconclusive', FIRING))).toEqual(['Evaluating→Abort:MULTI_WINDOW_BURN']);
    expect(r.lane()).toMatchObject({ rejected: [], release: { blamed: false } });
    expect(until(r, 'Deploying', 'inconclusive')).toBe(true);
    expect(moves(r.log)).toContain('Recovery→Stable:RECOVERED');
    expect(r.lane().release).toMatchObject({ attempt: 2, target: { version: '1.1.0' } });
  });

  it('DECIDE-9: it is edge-triggered: burning from before the release does not count', () => {
    const r = stableAt('1.0.0');
    r.look('inconclusive', FIRING);
    expect(r.lane().state).toBe('Degraded');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive', FIRING);
    expect(moves(r.look('inconclusive', FIRING))).toEqual([]);
    expect(r.lane().state).toBe('Evaluating');
  });

  it('DECIDE-10: a commit during Rollback waits, and the newest of several wins', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive');
    r.setDown(true);
    r.look('fail');
    r.push('1.2.0');
    r.look('inconclusive');
    expect(r.lane()).toMatchObject({ state: 'Abort', waiting: { version: '1.2.0' } });
    r.push('1.3.0');
    r.look('inconclusive');
    expect(r.lane().waiting?.version).toBe('1.3.0');
    r.setDown(false);
    expect(until(r, 'Deploying', 'inconclusive')).toBe(true);
    expect(r.lane().release?.target.version).toBe('1.3.0');
  });

  it('DECIDE-11: a healthy canary that is superseded is not called failed', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive');
    r.push('1.2.0');
    expect(until(r, 'Deploying', 'inconclusive')).toBe(true);
    expect(moves(r.log).slice(-5)).toEqual([
      'Evaluating→Abort:SUPERSEDED',
      'Abort→Rollback:TRAFFIC_RESTORED',
      'Rollback→Recovery:NOT_FAILED',
      'Recovery→Stable:NOT_FAILED',
      'Stable→Deploying:NEW_VERSION',
    ]);
    expect(r.lane().rejected).toEqual([]);
  });

  it('DECIDE-12: past its deadline a step is held for a person; past the hold it goes back to stable', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive');
    r.wait(SETTINGS.release.deadlineMs);
    r.look('inconclusive');
    expect(r.lane().release?.heldAt).not.toBeNull();
    expect(moves(r.look('pass'))).toEqual([]);
    r.wait(SETTINGS.release.holdMs);
    expect(moves(r.look('pass'))).toContain('Evaluating→Abort:HOLD_EXPIRED');
  });

  it('DECIDE-13: no baseline, no release: without numbers nothing begins, and what waits is seen', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    r.look('inconclusive', CALM, false);
    expect(r.lane()).toMatchObject({ state: 'Stable', waiting: { version: '1.1.0' } });
  });

  it('DECIDE-14: paused, a release is still judged', () => {
    const r = stableAt('1.0.0');
    r.push('1.1.0');
    until(r, 'Evaluating', 'inconclusive');
    r.order('pause', 'p');
    r.look('pass');
    expect(moves(r.look('pass'))).toEqual([]);
    expect(moves(r.look('fail'))).toEqual(['Evaluating→Abort:HARM_SHOWN']);
  });

  it.each([1, 7, 8, 9, 40])(
    'DECIDE-32: of %i orders since the last look each is carried out, in their order',
    (count) => {
      const r = stableAt('1.0.0');
      r.push('1.1.0');
      until(r, 'Deploying', 'inconclusive');
      for (let i = 0; i < count; i++) r.order(i % 2 === 0 ? 'pause' : 'resume', `o${i}`);
      expect(until(r, 'Evaluating', 'inconclusive')).toBe(true);
      r.look('inconclusive');
      expect(r.lane().commands).toEqual([]);
      const answered = r.log.flatMap((e) => (e.type === 'command.done' ? [e.data.id] : []));
      expect(answered).toEqual(Array.from({ length: count }, (_, i) => `o${i}`));
      expect(r.lane().release?.paused).toBe(count % 2 === 1);
    },
  );

  it('DECIDE-15: a relapse in Recovery is Degraded again, and no data stays where it is', () => {
    const r = stableAt('1.0.0');
    r.look('inconclusive', FIRING);
    until(r, 'Recovery', 'inconclusive');
    r.look('inconclusive', NO_BURN);
    expect(r.lane().state).toBe('Recovery');
    expect(moves(r.look('inconclusive', FIRING))).toEqual(['Recovery→Degraded:RELAPSE']);
  });

  it('DECIDE-16: what serves already when we come is adopted, and the next version begins at 20 %', () => {
    const r = rig();
    r.serving(revisionFor('0.9.0').revision);
    r.push('1.0.0');
    expect(until(r, 'Evaluating', 'inconclusive')).toBe(true);
    expect(moves(r.log).slice(0, 2)).toEqual(['Idle→Stable:ADOPTED', 'Stable→Deploying:NEW_VERSION']);
    expect(r.edge()).toMatchObject({ stable: revisionFor('0.9.0').revision, weight: 20 });
  });

  it('DECIDE-16: what serves already and is wanted is left as it is', () => {
    const r = rig();
    r.serving(revisionFor('1.0.0').revision);
    r.push('1.0.0');
    for (let i = 0; i < 5; i++) r.look('inconclusive');
    expect(moves(r.log)).toEqual(['Idle→Stable:ADOPTED']);
    expect(r.lane().stable?.version).toBe('1.0.0');
  });
});
