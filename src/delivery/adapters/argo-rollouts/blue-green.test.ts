import { describe, expect, it } from 'vitest';
import { NOW, SETTINGS } from '../../../../test/lane.ts';
import { answerStanding } from '../../answer.ts';
import { decide } from '../../decide.ts';
import type { Event } from '../../events.ts';
import { evolve } from '../../evolve.ts';
import { emptyLane, type Lane } from '../../lane.ts';
import type { State } from '../../machine.ts';
import type { LaneSettings, Observation } from '../../observation.ts';
import { askedOf, deliveryOf, type Scene } from './observed.ts';
import { type Pod, podOf } from './pods.ts';
import { rolloutOf, standingOf } from './rollout.ts';
import { replicaSetOf } from './template.ts';

const HASH = 'rollouts-pod-template-hash';
const template = (version: string) => ({
  metadata: { labels: { version } },
  spec: { containers: [{ name: 'web', image: `shop@sha256:${version.repeat(64)}` }] },
});

interface Status {
  readonly active?: string;
  readonly stable?: string;
  readonly asked?: string;
  readonly abort?: boolean;
  readonly observed?: string;
}
const ASKS = {
  postPromotionAnalysis: { templates: [{ templateName: 'sluice-verdict', clusterScope: true }] },
};
/** A Rollout as its API server has it: one is stable, two is asked for. */
const object = (status: Status, analyses: object = ASKS) => ({
  metadata: { name: 'web', generation: 2 },
  spec: {
    strategy: { blueGreen: { activeService: 'web', previewService: 'web-preview', ...analyses } },
    template: template('b'),
  },
  status: {
    observedGeneration: status.observed ?? '2',
    currentPodHash: status.asked ?? 'two',
    stableRS: status.stable ?? 'one',
    abort: status.abort ?? false,
    phase: status.abort ? 'Degraded' : 'Paused',
    message: status.abort ? 'Rollout aborted update to revision 2' : 'BlueGreenPause',
    pauseConditions: [{ reason: 'BlueGreenPause' }],
    blueGreen: { activeSelector: status.active ?? 'one', previewSelector: 'two' },
    conditions: [],
  },
});

const replicaSet = (hash: string) =>
  replicaSetOf({
    metadata: {
      name: `web-${hash}`,
      labels: { [HASH]: hash },
      ownerReferences: [{ kind: 'Rollout', name: 'web' }],
    },
    spec: { template: template(hash === 'one' ? 'a' : 'b') },
  });
const pod = (hash: string): Pod =>
  podOf({
    metadata: {
      name: `web-${hash}`,
      labels: { [HASH]: hash },
      ownerReferences: [{ kind: 'ReplicaSet', name: `web-${hash}` }],
    },
    status: { containerStatuses: [{ name: 'web', ready: true }] },
  });
const BOTH = [pod('one'), pod('two')];
const sceneOf = (given: object, pods: readonly Pod[] = BOTH): Scene => ({
  rollout: rolloutOf(given),
  replicaSets: ['one', 'two'].map(replicaSet),
  pods,
  runs: [],
  container: null,
  promotedInFull: null,
});

const QUIET = { fast: 0, slow: 0 };
type Look = readonly [given: object, verdict?: 'pass' | 'fail' | undefined, pods?: readonly Pod[]];

/** What is seen of it, look by look, and where the machine stands after each. */
function follow(looks: readonly Look[], more: Partial<LaneSettings> = {}) {
  let lane: Lane = emptyLane('web/prod');
  let now = NOW;
  const states: State[] = [];
  const events: Event[] = [];
  for (const [given, verdict, pods] of looks) {
    now += 1_000;
    const scene = sceneOf(given, pods);
    const desired = askedOf(scene);
    const seen = {
      desired,
      hold: null,
      delivery: deliveryOf(scene, lane.release?.target.revision ?? null),
      look: {
        burn: QUIET,
        intervals: verdict ? [{ s: { step: 0, canary: null, stable: null } }] : [],
        cursors: {},
        trouble: null,
        guard: 'ok',
        asked: 'sha256:0',
      },
      assessment: verdict
        ? {
            verdict: { verdict, reasons: [verdict === 'pass' ? 'TRIED_ENOUGH' : 'HARM_SHOWN'], numbers: [] },
            intervals: {},
            evidence: new Map(),
          }
        : null,
      baseline: desired ? { target: desired.revision, history: {}, cursors: {}, burn: QUIET } : null,
      unreachableLooks: 0,
    } as unknown as Observation;
    const decided = decide(lane, seen, { ...SETTINGS, followed: true, ...more }, now);
    for (const event of decided) lane = evolve(lane, event, now);
    events.push(...decided);
    for (const { id, kind } of rolloutOf(given).aborted ? [] : lane.pending)
      if (kind === 'start')
        lane = evolve(lane, { type: 'effect.settled', data: { id, result: 'done' } }, now);
    states.push(lane.state);
  }
  const moves = events.flatMap((e) => (e.type === 'lane.moved' ? [e.data] : []));
  return { states, events, moves, lane };
}
const SERVES = [object({ asked: 'one' }), undefined, [pod('one')]] as const;
const preview = (analyses?: object) => [object({}, analyses)] as const;
const switched = (verdict?: 'pass' | 'fail', analyses?: object): Look => [
  object({ active: 'two' }, analyses),
  verdict,
];
const done = (analyses?: object): Look => [object({ active: 'two', stable: 'two' }, analyses)];

describe('a blue-green Rollout', () => {
  it.each([
    ['its preview has no traffic', object({}), { canary: 'two', weight: 0, canaryHealth: 'ready' }],
    ['it has switched', object({ active: 'two' }), { stable: 'one', canary: 'two', weight: 100 }],
    ['it was aborted, and has switched back', object({ abort: true }), { weight: 0, aborted: true }],
    ['what was asked for is stable', object({ active: 'two', stable: 'two' }), { canary: null, weight: 0 }],
    ['its first version', object({ active: '', stable: '', asked: 'one' }), { stable: null, weight: 0 }],
  ])('BLUEGREEN-1: %s', (_, given, expected) =>
    expect(deliveryOf(sceneOf(given), 'two')).toMatchObject({
      blueGreen: true,
      steps: [100],
      asks: [100],
      waits: [100],
      ...expected,
    }),
  );

  it('BLUEGREEN-1: it waits before its switch for as long as it likes', () => {
    const looks = Array.from({ length: 40 }, () => preview());
    const { states, moves } = follow([SERVES, ...looks], {
      release: { ...SETTINGS.release, deadlineMs: 5_000, holdMs: 5_000 },
    });
    expect(states.at(-1)).toBe('Canary');
    expect(moves.map((m) => m.to)).not.toContain('Abort');
  });

  it('BLUEGREEN-2: a good one is judged after the switch, while the old stack runs, and promoted', () => {
    const { states, moves } = follow([
      SERVES,
      preview(),
      preview(),
      switched(),
      switched('pass'),
      done(),
      done(),
    ]);
    expect(states.at(-1)).toBe('Stable');
    expect(moves.find((m) => m.to === 'Promote')?.reason).not.toBe('OVERRIDDEN');
    expect(moves.map((m) => m.to)).not.toContain('Abort');
  });

  it('BLUEGREEN-2: a bad one is aborted after the switch, and users return to the old stack', () => {
    const back: Look = [object({ abort: true })];
    const { states, moves, lane } = follow([
      SERVES,
      preview(),
      preview(),
      switched(),
      switched('fail'),
      back,
      [object({ abort: true }), undefined, [pod('one')]],
    ]);
    expect(moves.find((m) => m.to === 'Abort')).toMatchObject({ blamed: true });
    expect(moves.flatMap((m) => m.effects.map((e) => e.kind))).toContain('abort');
    expect(states).toContain('Rollback');
    expect(lane.rejected).toHaveLength(1);
    expect(lane.stable?.revision).toBe('one');
  });

  it.each(['enforce', 'observe'] as const)(
    'BLUEGREEN-2: in mode %s one that nobody judges is recorded as not judged, and nothing is blocked',
    (mode) => {
      const own = {};
      const { states, moves, lane } = follow(
        [SERVES, preview(own), preview(own), done(own), done(own), done(own), done(own)],
        { mode },
      );
      expect(states.at(-1)).toBe('Stable');
      expect(moves.find((m) => m.reason === 'OWN_STEPS')?.note).toBe(
        'not judged: blue-green, and it was stable as soon as it had traffic',
      );
      expect(moves.map((m) => m.to)).not.toContain('Abort');
      expect(lane.rejected).toEqual([]);
    },
  );

  it('BLUEGREEN-3: where it stands is told by its switch: nothing before it, everything after', () => {
    expect(standingOf(object({}))).toEqual({ revision: 'two', weight: 0, aborted: false });
    expect(standingOf(object({ active: 'two' }))).toEqual({ revision: 'two', weight: 100, aborted: false });
    expect(standingOf(object({ active: 'two', observed: '1' })).revision).toBe('');
  });

  it('BLUEGREEN-3: before the switch only the start gate is answered, after it what is on record', () => {
    const before = follow([SERVES, preview(), preview()]).lane;
    const asked = askedOf(sceneOf(object({})));
    const answer = (lane: Lane, given: object) =>
      answerStanding(lane, asked, 'two', standingOf(given)).verdict;
    expect(answer(before, object({}))).toBe('pass');
    expect(answer(before, object({ active: 'two' }))).toBe('inconclusive');
    const judged = follow([SERVES, preview(), preview(), switched(), switched('pass')]).lane;
    expect(answer(judged, object({ active: 'two' }))).toBe('pass');
  });
});
