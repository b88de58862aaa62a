import { describe, expect, it } from 'vitest';
import { decide } from '../../decide.ts';
import type { Event, Revision } from '../../events.ts';
import { evolve } from '../../evolve.ts';
import { emptyLane, type Lane } from '../../lane.ts';
import type { State } from '../../machine.ts';
import type { LaneSettings, Observation } from '../../observation.ts';
import { type AnalysisRun, analysisRunOf } from './analysis-runs.ts';
import { digestIn } from './artefact.ts';
import { askedOf as askedIn, deliveryOf as observed, type Scene } from './observed.ts';
import { type Pod, podOf } from './pods.ts';
import { type Rollout, rolloutOf } from './rollout.ts';
import { replicaSetOf } from './template.ts';

const DIGEST = `sha256:${'b'.repeat(64)}`;

interface Status {
  readonly current?: string;
  readonly stable?: string;
  readonly weight?: number;
  readonly of?: string;
  readonly abort?: boolean;
  readonly message?: string;
  readonly phase?: string;
  readonly observed?: string;
  readonly step?: number;
  readonly pauses?: string[];
  readonly overdue?: boolean;
}

/** As the chart renders it: each weight waits for us. */
const VERDICT = { analysis: { templates: [{ templateName: 'checkout-verdict' }] } };

const rollout = (status: Status, spec: object = {}) =>
  rolloutOf({
    metadata: { name: 'checkout', generation: 4 },
    spec: {
      strategy: {
        canary: {
          trafficRouting: { nginx: {} },
          steps: [20, 50, 100].flatMap((setWeight) => [{ setWeight }, VERDICT]),
        },
      },
      template: {
        metadata: { labels: { 'app.kubernetes.io/version': '1.1.0' } },
        spec: { containers: [{ name: 'service', image: `shop@${DIGEST}` }] },
      },
      ...spec,
    },
    status: {
      observedGeneration: status.observed ?? '4',
      currentPodHash: status.current ?? 'two',
      stableRS: status.stable ?? 'one',
      abort: status.abort ?? false,
      phase: status.phase ?? (status.abort ? 'Degraded' : 'Progressing'),
      message: status.message ?? '',
      currentStepIndex: status.step ?? 1,
      pauseConditions: (status.pauses ?? []).map((reason) => ({ reason })),
      canary:
        status.weight === undefined
          ? {}
          : { weights: { canary: { weight: status.weight, podTemplateHash: status.of ?? 'two' } } },
      conditions: status.overdue
        ? [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }]
        : [],
    },
  });

const setFor = (hash: string) =>
  replicaSetOf({
    metadata: {
      name: `checkout-${hash}`,
      labels: { 'rollouts-pod-template-hash': hash },
      ownerReferences: [{ kind: 'Rollout', name: 'checkout' }],
    },
    spec: {
      template: {
        metadata: { labels: { 'app.kubernetes.io/version': hash === 'one' ? '1.0.0' : '1.1.0' } },
        spec: { containers: [{ name: 'service', image: `shop@${DIGEST}` }] },
      },
    },
  });
const sceneOf = (given: Rollout, pods: readonly Pod[] = [], runs: readonly AnalysisRun[] = []): Scene => ({
  rollout: given,
  replicaSets: ['one', 'two'].map(setFor),
  pods,
  runs,
  container: null,
  promotedInFull: null,
});
const askedOf = (given: Rollout) => askedIn(sceneOf(given));
const deliveryOf = (
  given: Rollout,
  pods: readonly Pod[],
  target: string | null,
  runs: readonly AnalysisRun[] = [],
) => observed(sceneOf(given, pods, runs), target);

const podObject = (hash: string, container: object = { ready: true }, more: object = {}) => ({
  metadata: {
    name: `checkout-${hash}`,
    labels: {
      'rollouts-pod-template-hash': hash,
    },
    ownerReferences: [{ kind: 'ReplicaSet', name: `checkout-${hash}` }],
    ...more,
  },
  status: { containerStatuses: [{ name: 'service', ...container }] },
});
const pod = (hash: string, container?: object, more?: object): Pod => podOf(podObject(hash, container, more));

describe('what a Rollout and its pods are, in our words', () => {
  it.each([
    [
      'nothing but a Rollout that was just made',
      rollout({ stable: '', current: 'one' }),
      [],
      null,
      { stable: null, canary: 'one', weight: 0, canaryHealth: 'absent' },
    ],
    [
      'it serves what it asks for',
      rollout({ current: 'one', weight: 0 }),
      [pod('one')],
      null,
      { stable: 'one', canary: null, weight: 0 },
    ],
    [
      'its new version waits at the start gate, without a pod',
      rollout({ weight: 0, step: 0 }),
      [pod('one')],
      'two',
      { canary: 'two', weight: 0, canaryHealth: 'absent' },
    ],
    [
      'the new version starts',
      rollout({ weight: 0 }),
      [pod('one'), pod('two', { ready: false })],
      'two',
      { canaryHealth: 'starting', weight: 0 },
    ],
    ['20 %', rollout({ weight: 20 }), [pod('one'), pod('two')], 'two', { canaryHealth: 'ready', weight: 20 }],
    [
      'a weight of another revision is not its own',
      rollout({ weight: 20, of: 'three' }),
      [pod('one'), pod('two')],
      'two',
      { weight: 0 },
    ],
    [
      'aborted, and traffic is back',
      rollout({ weight: 0, abort: true }),
      [pod('one'), pod('two')],
      'two',
      { weight: 0, canaryHealth: 'ready' },
    ],
    [
      'aborted, and its pods are gone',
      rollout({ weight: 0, abort: true }),
      [pod('one')],
      'two',
      { weight: 0, canaryHealth: 'absent' },
    ],
    [
      'a pod that is going is none',
      rollout({ weight: 0, abort: true }),
      [pod('one'), pod('two', {}, { deletionTimestamp: 'now' })],
      'two',
      { canaryHealth: 'absent' },
    ],
    [
      'it crashes repeatedly',
      rollout({ weight: 20 }),
      [
        pod('two', {
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1 } },
        }),
      ],
      'two',
      { canaryHealth: 'exited', exit: 'container service crashes repeatedly, with code 1 (3 restarts)' },
    ],
    [
      'one restart is no crash loop',
      rollout({ weight: 20 }),
      [pod('two', { ready: true, restartCount: 1 })],
      'two',
      { canaryHealth: 'ready' },
    ],
    [
      'not ready within its progress deadline',
      rollout({ weight: 0, overdue: true }),
      [pod('two', { ready: false })],
      'two',
      { canaryHealth: 'exited', exit: 'it was not ready within its progress deadline' },
    ],
    [
      'promoted',
      rollout({ stable: 'two', weight: 0 }),
      [pod('two')],
      'two',
      { stable: 'two', canary: null, weight: 0, canaryHealth: 'absent' },
    ],
    [
      'superseded while a release is about the old one',
      rollout({ current: 'three', weight: 0, of: 'three' }),
      [pod('one'), pod('two')],
      'two',
      { canary: 'three', weight: 0, canaryHealth: 'ready' },
    ],
  ] as const)('ROLLOUT-1: %s', (_, given, pods, target, expected) => {
    expect(deliveryOf(given, pods, target)).toMatchObject(expected);
  });

  it.each([
    [
      'by the burn rates',
      'Rollout aborted update to revision 2: Metric "burn" assessed Failed due to failed (1) > failureLimit (0)',
      'burn',
    ],
    ['by our verdict', 'Step-based analysis phase error/failed: Metric "verdict" assessed Failed', 'verdict'],
    [
      'by an analysis whose Secret could not be read',
      'Rollout aborted update to revision 2: Background analysis phase error/failed: Unable to resolve metric arguments: Get "https://10.96.0.1:443/api/v1/namespaces/shop/secrets/token": net/http: TLS handshake timeout',
      'unmeasured',
    ],
    ['by a person', 'Rollout aborted update to revision 2', 'hand'],
    ['without a word', '', 'hand'],
  ])('ROLLOUT-2: stopped %s, it says so', (_, message, by) => {
    expect(deliveryOf(rollout({ abort: true, message, weight: 0 }), [], 'two').stopped?.by).toBe(by);
    expect(deliveryOf(rollout({ abort: true, message, weight: 0 }), [], 'other').stopped).toBeUndefined();
  });

  it('ROLLOUT-2: an abort that its controller has not taken up yet has no word of its own', () => {
    const early = {
      abort: true,
      phase: 'Progressing',
      message: 'waiting for all steps to complete',
      weight: 20,
    };
    expect(deliveryOf(rollout(early), [], 'two').stopped).toBeUndefined();
  });

  it('ROLLOUT-2: an analysis that failed says what it measured; one of an attempt before says nothing', () => {
    const run = (hash: string, metric: string) =>
      analysisRunOf({
        metadata: {
          name: 'run',
          labels: { 'rollouts-pod-template-hash': hash },
          ownerReferences: [{ kind: 'Rollout', name: 'checkout' }],
        },
        status: {
          phase: 'Failed',
          metricResults: [
            { name: metric, phase: 'Failed', measurements: [{ value: '[0]' }, { value: '[1]' }] },
          ],
        },
      });
    const aborted = rollout({ abort: true, message: 'Metric "burn" assessed Failed', weight: 0 });
    const noteOf = (...runs: ReturnType<typeof run>[]) => deliveryOf(aborted, [], 'two', runs).stopped?.note;
    expect(noteOf(run('two', 'burn'))).toBe('Metric "burn" assessed Failed; it said [1]');
    expect(noteOf(run('one', 'burn'))).toBe('Metric "burn" assessed Failed');
    const byHand = rollout({ abort: true, message: 'Rollout aborted update to revision 2', weight: 0 });
    expect(deliveryOf(byHand, [], 'two', [run('two', 'burn')]).stopped?.by).toBe('hand');
  });

  it('ROLLOUT-3: where pods are counted the weight is that of the step behind it, and none once its pods are gone', () => {
    const strategy = { canary: { steps: [{}, { setWeight: 20 }, {}, { setWeight: 50 }] } };
    const counted = (status: Status) => rollout(status, { strategy });
    const both = [pod('one'), pod('two')];
    expect(deliveryOf(counted({ step: 0 }), both, 'two').weight).toBe(0);
    expect(deliveryOf(counted({ step: 2 }), both, 'two').weight).toBe(20);
    expect(deliveryOf(counted({ step: 4 }), both, 'two').weight).toBe(50);
    expect(deliveryOf(counted({ step: 2, abort: true }), both, 'two').weight).toBe(20);
    expect(deliveryOf(counted({ step: 2, abort: true }), [pod('one')], 'two').weight).toBe(0);
  });

  it('ROLLOUT-4: what it asks for counts once its controller has seen it; the artefact is its digest, or its tag', () => {
    expect(askedOf(rollout({}))).toEqual({
      revision: 'two',
      version: '1.1.0',
      digest: DIGEST,
      config: {},
      template: 'unknown',
    });
    expect(askedOf(rollout({ observed: '3' }))).toBeNull();
    expect(askedOf(rollout({ current: '' }))).toBeNull();
    expect(digestIn('registry.invalid/shop:1.1.0')).toBe('tag:registry.invalid/shop:1.1.0');
  });
});

const settings: LaneSettings = {
  mode: 'enforce',
  followed: true,
  release: {
    weights: [20, 50, 100],
    warmUpMs: 0,
    dwellMs: 0,
    deadlineMs: 600_000,
    holdMs: 600_000,
    intervalMs: 1_000,
    slos: [{ slo: 'availability', objective: 0.999 }],
    evidence: { tolerance: 2, detect: 10, rho: 1, alpha: 0.001, beta: 0.05, minBad: 5 },
    loadTested: false,
  },
  burn: { fast: 14, slow: 3 },
  recovery: { looks: 1, burnBelow: 1, forMs: 0 },
  declaration: 'sha256:x',
};
const quiet = { fast: 0, slow: 0 };

/** What is seen of a Rollout, look by look, and where the machine stands after each. */
function follow(
  looks: readonly (readonly [
    ReturnType<typeof rollout>,
    readonly Pod[],
    ('pass' | 'fail' | 'no look' | undefined)?,
  ])[],
  more: Partial<LaneSettings> = {},
) {
  let lane: Lane = emptyLane('checkout/prod');
  let now = 1_000;
  const states: State[] = [];
  const events: Event[] = [];
  for (const [given, pods, told] of looks) {
    now += 1_000;
    const verdict = told === 'no look' ? undefined : told;
    const desired: Revision | null = askedOf(given);
    const seen: Observation = {
      desired,
      hold: null,
      delivery: deliveryOf(given, pods, lane.release?.target.revision ?? null),
      look: {
        burn: quiet,
        intervals: verdict ? [{ availability: { step: 0, canary: null, stable: null } }] : [],
        cursors: {},
        trouble: null,
        guard: 'ok',
        asked: 'sha256:0',
      } as unknown as Observation['look'],
      assessment: verdict
        ? ({
            verdict: { verdict, reasons: [verdict === 'pass' ? 'TRIED_ENOUGH' : 'HARM_SHOWN'], numbers: [] },
            intervals: {},
            evidence: new Map(),
          } as unknown as Observation['assessment'])
        : null,
      baseline:
        desired && told !== 'no look'
          ? { target: desired.revision, history: {}, cursors: {}, burn: quiet }
          : null,
      unreachableLooks: 0,
    };
    const decided = decide(lane, seen, { ...settings, ...more }, now);
    for (const event of decided) lane = evolve(lane, event, now);
    events.push(...decided);
    // A start is done once the Rollout is not aborted: it begins by itself.
    for (const { id, kind } of given.aborted ? [] : lane.pending)
      if (kind === 'start')
        lane = evolve(lane, { type: 'effect.settled', data: { id, result: 'done' } }, now);
    states.push(lane.state);
  }
  return { states, events, lane };
}
const stable = [rollout({ current: 'one', weight: 0 }), [pod('one')]] as const;
const gate = [rollout({ weight: 0, step: 0 }), [pod('one')]] as const;
const at = (weight: number, verdict?: 'pass' | 'fail') =>
  [rollout({ weight }), [pod('one'), pod('two')], verdict] as const;

describe('a Rollout followed through the ten states', () => {
  it('ROLLOUT-5: its first version is taken as stable once it serves, and not before', () => {
    const first = [rollout({ stable: '', current: 'one' }), [pod('one', { ready: false })]] as const;
    // Between two looks as well: what waits for its own pods is on no record, look by look.
    const between = [first[0], first[1], 'no look'] as const;
    const { states, events } = follow([first, between, first, between, stable]);
    expect(states).toEqual(['Idle', 'Idle', 'Idle', 'Idle', 'Stable']);
    expect(events.map((e) => e.type)).toEqual(['lane.adopted', 'lane.moved']);
  });

  it('ROLLOUT-5: a good release: Deploying at the start gate, judged at each weight, Promote, Stable', () => {
    const done = [rollout({ stable: 'two', weight: 0 }), [pod('two')]] as const;
    const { states, events } = follow([
      stable,
      gate,
      at(20),
      at(20, 'pass'),
      at(50),
      at(50, 'pass'),
      at(100),
      at(100, 'pass'),
      done,
    ]);
    expect(states).toEqual([
      'Stable',
      'Deploying',
      'Canary',
      'Canary',
      'Canary',
      'Canary',
      'Canary',
      'Promote',
      'Stable',
    ]);
    expect(events.filter((e) => e.type === 'release.confirmed').map((e) => e.data.weight)).toEqual([
      20, 50, 100,
    ]);
    expect(events.some((e) => e.type === 'lane.drifted')).toBe(false);
  });

  it('ROLLOUT-5: a bad one: Abort, Rollback once its traffic is gone, Degraded once its pods are', () => {
    const aborted = [rollout({ weight: 0, abort: true }), [pod('one'), pod('two')]] as const;
    const gone = [rollout({ weight: 0, abort: true }), [pod('one')]] as const;
    const { states, lane } = follow([stable, gate, at(20), at(20, 'fail'), at(20), aborted, gone]);
    expect(states).toEqual(['Stable', 'Deploying', 'Canary', 'Abort', 'Abort', 'Rollback', 'Degraded']);
    expect(lane.rejected).toHaveLength(1);
    expect(lane.stable?.revision).toBe('one');
  });

  it('ROLLOUT-6: promoted in full by hand, it is on record as overridden', () => {
    const done = [rollout({ stable: 'two', weight: 0 }), [pod('two')]] as const;
    const { states, events } = follow([stable, gate, at(20), done]);
    expect(states).toEqual(['Stable', 'Deploying', 'Canary', 'Stable']);
    const moves = events.filter((e) => e.type === 'lane.moved').map((e) => e.data);
    expect(moves.map((m) => m.reason)).toContain('OVERRIDDEN');
    expect(moves.find((m) => m.reason === 'OVERRIDDEN')!.note).toBe('promoted in the cluster');
  });

  it('ROLLOUT-6: one step promoted by hand is drift, on record, and judged from there', () => {
    const { states, events } = follow([stable, gate, at(20), at(50), at(50, 'pass')]);
    expect(states.at(-1)).toBe('Canary');
    expect(events.filter((e) => e.type === 'lane.drifted').map((e) => e.data.seen)).toEqual(['50 %']);
    expect(events.filter((e) => e.type === 'release.confirmed').map((e) => e.data.step)).toEqual([0, 1]);
  });

  it.each([
    ['by hand', 'Rollout aborted update to revision 2', 'OPERATOR'],
    ['by its own burn rates', 'Metric "burn" assessed Failed', 'MULTI_WINDOW_BURN'],
  ])('ROLLOUT-6: aborted in the cluster %s, the machine follows and blames nobody', (_, message, reason) => {
    const stopped = [rollout({ weight: 0, abort: true, message }), [pod('one'), pod('two')]] as const;
    const { events, lane } = follow([stable, gate, at(20), stopped]);
    expect(events.filter((e) => e.type === 'lane.moved').map((e) => e.data.reason)).toContain(reason);
    expect(lane.rejected).toEqual([]);
  });

  it('ROLLOUT-6: a fix that the burn rates stop at its start is tried again, and nobody is blamed', () => {
    const message = 'Background analysis phase error/failed: Metric "burn" assessed Failed';
    const stopped = [rollout({ weight: 0, abort: true, message }), [pod('one')]] as const;
    const { events, lane } = follow([stable, gate, stopped, stopped, stopped, stopped, stopped, stopped]);
    const abort = events.filter((e) => e.type === 'lane.moved').find((e) => e.data.to === 'Abort')!;
    expect(abort.data).toMatchObject({ from: 'Deploying', reason: 'MULTI_WINDOW_BURN', blamed: false });
    expect(events.filter((e) => e.type === 'release.opened')).toHaveLength(2);
    expect(lane.aside).toEqual([]);
  });

  it('ROLLOUT-7: an abort that came too late: what was made stable is stable, and what replaces it is judged anew', () => {
    const late = [rollout({ stable: 'two', weight: 0 }), [pod('two')]] as const;
    const { lane, events } = follow([stable, gate, at(20), at(20, 'fail'), late, late, late]);
    expect(lane.stable?.revision).toBe('two');
    expect(events.filter((e) => e.type === 'lane.drifted')).toHaveLength(1);
    expect(lane.rejected.map((r) => r.revision)).toEqual(['two']);
  });

  it('ROLLOUT-8: in observe mode nothing is asked of it, whatever it does', () => {
    const { events, states } = follow([stable, gate, at(20), at(20, 'fail'), at(50)], { mode: 'observe' });
    expect(states.at(-1)).not.toBe('Abort');
    expect(events.flatMap((e) => (e.type === 'lane.moved' ? e.data.effects : []))).toEqual([]);
  });
});

describe('a Rollout that can be set back from full traffic', () => {
  const stepsOf = (steps: object[], more: object = {}) =>
    rollout({}, { strategy: { canary: { trafficRouting: { nginx: {} }, steps, ...more } } }).before;
  const weight = (setWeight: number) => ({ setWeight });
  const PAUSE = { pause: { duration: '1m' } };
  const other = { analysis: { templates: [{ templateName: 'latency' }] } };
  const asked = [weight(20), VERDICT, weight(50), VERDICT, weight(100), VERDICT];

  it.each([
    ['by our own steps', asked, {}, { weight: 50, index: 3 }],
    [
      'past what a team puts between',
      [weight(50), PAUSE, VERDICT, other, weight(100), VERDICT],
      {},
      { weight: 50, index: 2 },
    ],
    [
      'not where nobody asks before',
      [weight(20), VERDICT, weight(50), PAUSE, weight(100), VERDICT],
      {},
      null,
    ],
    ['not where nobody asks at full traffic', asked.slice(0, -1), {}, null],
    ['not where full traffic is no step', asked.slice(0, 4), {}, null],
    ['not where it is the first step', [weight(100), VERDICT], {}, null],
    ['not where the pods of stable go', asked, { dynamicStableScale: true }, null],
    ['not where pods are counted', asked, { trafficRouting: undefined }, null],
    ['not without steps', [], {}, null],
  ])('ROLLOUT-14: %s', (_, steps, more, expected) => {
    expect(stepsOf(steps, more)).toEqual(expected);
  });
});
