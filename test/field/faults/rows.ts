import type { VerdictReason } from '../../../src/delivery/reasons.ts';
import type { Told } from '../cluster/machine.ts';
import {
  aborted,
  analysisRun,
  condition,
  crashing,
  digest,
  evicted,
  nodeGone,
  noImage,
  noRoom,
  notMade,
  overdue,
  type PodState,
  pod,
  type RolloutState,
  replicaSet,
  rollout,
} from '../cluster/objects.ts';
import type { Recorded } from '../cluster/scene.ts';

/** A sidecar comes first in the pod; the service is the container whose image changed. */
export const ONE = {
  hash: 'one',
  containers: [
    { name: 'proxy', image: 'registry.test/proxy:1.9' },
    { name: 'app', image: `registry.test/orders@${digest('a')}` },
  ],
};
export const TWO = {
  hash: 'two',
  containers: [ONE.containers[0]!, { name: 'app', image: `registry.test/orders@${digest('b')}` }],
};

const SETS = [replicaSet(ONE), replicaSet(TWO)];
/** The Rollout with the pods of both revisions. */
export const recorded = (
  state: Partial<RolloutState>,
  pods: readonly object[],
  more: Partial<Recorded> = {},
): Recorded => ({
  rollout: rollout({ asked: TWO, stable: ONE, weight: 0, ...state }),
  replicaSets: SETS,
  pods,
  ...more,
});

const times = (count: number, of: (i: number) => object) => Array.from({ length: count }, (_, i) => of(i));
export const stablePods = times(4, (i) => pod(ONE, i));
export const canaryPods = (...states: (PodState | undefined)[]) =>
  states.map((state, i) => pod(TWO, i, state));
const sick: PodState = { ready: false };
const ofApp = (status: object): PodState => ({ ready: false, containers: { app: status } });
const ofProxy = (status: object): PodState => ({ ready: false, containers: { proxy: status } });

export type Again =
  | 'it continues'
  | 'it waits'
  | 'retried automatically'
  | 'retried on request'
  | 'retried after a lift';

export interface Fault {
  readonly name: string;
  /** What the cluster shows. */
  readonly shows: string;
  /** Whether it has traffic already. */
  readonly at: 'start' | 'canary';
  readonly scene: Recorded;
  readonly told?: Told;
  /** It lasts until the time to start is over. */
  readonly lasts?: boolean;
  readonly promotedInFull?: string;
  readonly called: string | null;
  readonly blamed: boolean;
  readonly again: Again;
}

const starting = (...pods: readonly object[]) => recorded({}, [...stablePods, ...pods]);
const serving = (state: Partial<RolloutState>, ...pods: readonly object[]) =>
  recorded({ weight: 10, ...state }, [...stablePods, ...pods]);
const stopped = (cause: string | undefined, ...runs: readonly object[]) =>
  recorded({ abort: true, conditions: [aborted(cause)] }, [...stablePods, ...canaryPods(undefined)], {
    runs,
  });
const inconclusive = (...reasons: VerdictReason[]): Told => ({ verdict: 'inconclusive', reasons });
const quota = condition(
  'ReplicaFailure',
  'True',
  'FailedCreate',
  'pods "orders-two-x" is forbidden: exceeded quota: shop, requested: cpu=2, used: cpu=8, limited: cpu=8',
);
const measured = (where: string, metric: string, phase: string, why: string) =>
  `${where} analysis phase error/failed: Metric "${metric}" assessed ${phase} due to ${why}`;
const NOBODY = { blamed: false, called: null } as const;
const UNBLAMED = {
  blamed: false,
  called: 'COULD_NOT_RUN',
  again: 'retried automatically',
  at: 'start',
  lasts: true,
} as const;

/** Who is to blame for what: the page in the docs is made from this, and each row is tried. */
export const FAULTS: readonly Fault[] = [
  {
    ...UNBLAMED,
    name: 'no node has room',
    shows: 'PodScheduled False, Unschedulable',
    scene: starting(...canaryPods(noRoom, noRoom)),
  },
  {
    ...UNBLAMED,
    name: 'its image is not found',
    shows: 'ImagePullBackOff, not found',
    scene: starting(
      ...canaryPods(noImage('app', 'rpc error: code = NotFound desc = registry.test/orders: not found')),
    ),
  },
  {
    ...UNBLAMED,
    name: 'the registry is unavailable, or refuses',
    shows: 'ImagePullBackOff, connection refused',
    scene: starting(...canaryPods(noImage('app', 'dial tcp 192.0.2.1:443: connect: connection refused'))),
  },
  {
    ...UNBLAMED,
    name: 'a Secret or ConfigMap is missing',
    shows: 'CreateContainerConfigError',
    scene: starting(...canaryPods(notMade('app', 'secret "orders-db" not found'))),
  },
  {
    ...UNBLAMED,
    name: 'the quota is used up',
    shows: 'no pod; ReplicaFailure, exceeded quota',
    scene: { ...starting(), replicaSets: [replicaSet(ONE), replicaSet(TWO, 'orders', [quota])] },
  },
  {
    ...UNBLAMED,
    name: 'a sidecar restarts in every pod',
    shows: 'CrashLoopBackOff of another container',
    scene: starting(...canaryPods(ofProxy(crashing()), ofProxy(crashing()))),
  },
  {
    ...UNBLAMED,
    name: 'its node is gone',
    shows: 'Ready Unknown',
    scene: starting(...canaryPods(nodeGone)),
  },
  {
    ...UNBLAMED,
    name: 'the node evicted it',
    shows: 'Failed, Evicted',
    scene: starting(...canaryPods(evicted)),
  },
  {
    ...UNBLAMED,
    name: 'stable pods are broken as well',
    shows: 'no pod of either is ready',
    scene: recorded({}, [...times(4, (i) => pod(ONE, i, sick)), ...canaryPods(ofApp(crashing()))]),
  },
  {
    name: 'all its pods crash',
    shows: 'CrashLoopBackOff of the service in every pod',
    at: 'start',
    scene: starting(...canaryPods(ofApp(crashing()), ofApp(crashing(137, 6, 'OOMKilled')))),
    called: 'CANARY_DOWN',
    blamed: true,
    again: 'retried after a lift',
  },
  {
    name: 'it is never ready',
    shows: 'pods run, Ready False, until the time to start is over',
    at: 'start',
    scene: starting(...canaryPods(sick, sick)),
    lasts: true,
    called: 'FAILED_TO_START',
    blamed: true,
    again: 'retried after a lift',
  },
  {
    name: 'it is never ready, and its Rollout exceeds its deadline first',
    shows: 'ProgressDeadlineExceeded, no pod of it is ready',
    at: 'start',
    scene: recorded({ conditions: [overdue], phase: 'Degraded' }, [...stablePods, ...canaryPods(sick)]),
    called: 'CANARY_DOWN',
    blamed: true,
    again: 'retried after a lift',
  },
  {
    ...NOBODY,
    name: 'a deadline is missed while the canary is ready',
    shows: 'ProgressDeadlineExceeded, its pods are ready',
    at: 'canary',
    scene: recorded({ weight: 10, conditions: [overdue], phase: 'Degraded' }, [
      ...times(4, (i) => pod(ONE, i, { ready: false, containers: { app: crashing() } })),
      ...canaryPods(undefined),
    ]),
    again: 'it continues',
  },
  {
    ...NOBODY,
    name: 'one pod of ten fails',
    shows: 'CrashLoopBackOff of the service in one pod',
    at: 'canary',
    scene: serving({}, ...canaryPods(ofApp(crashing()), ...Array.from({ length: 9 }, () => undefined))),
    again: 'it continues',
  },
  {
    ...NOBODY,
    name: "one pod's sidecar restarts among ten",
    shows: 'CrashLoopBackOff of another container in one pod',
    at: 'canary',
    scene: serving({}, ...canaryPods(ofProxy(crashing()), ...Array.from({ length: 9 }, () => undefined))),
    again: 'it continues',
  },
  {
    ...NOBODY,
    name: 'Prometheus is unavailable',
    shows: 'no answer',
    at: 'canary',
    scene: serving({}, ...canaryPods(undefined)),
    told: { ...inconclusive('SOURCE_UNAVAILABLE'), trouble: 'SOURCE_UNAVAILABLE' },
    again: 'it waits',
  },
  {
    ...NOBODY,
    name: 'Prometheus gives a partial answer',
    shows: 'an answer with warnings',
    at: 'canary',
    scene: serving({}, ...canaryPods(undefined)),
    told: { ...inconclusive('PARTIAL_DATA'), trouble: 'PARTIAL_DATA' },
    again: 'it waits',
  },
  {
    ...NOBODY,
    name: 'the cluster does not answer Sluice',
    shows: 'nothing',
    at: 'start',
    scene: starting(...canaryPods(sick)),
    told: { unseen: true },
    lasts: true,
    again: 'it waits',
  },
  {
    name: 'the Sluice server was unavailable for longer than its limit',
    shows: 'RolloutAborted: metric "verdict" Error',
    at: 'canary',
    scene: stopped(
      measured('Step-based', 'verdict', 'Error', 'consecutiveErrors (181) > consecutiveErrorLimit (180)'),
      analysisRun(TWO, 'verdict', 'Error'),
    ),
    called: 'UNMEASURED',
    blamed: false,
    again: 'retried automatically',
  },
  {
    name: 'the burn rates could not be queried',
    shows: 'RolloutAborted: metric "burn" Error',
    at: 'canary',
    scene: stopped(
      measured('Background', 'burn', 'Error', 'consecutiveErrors (181) > consecutiveErrorLimit (180)'),
      analysisRun(TWO, 'burn', 'Error'),
    ),
    called: 'UNMEASURED',
    blamed: false,
    again: 'retried automatically',
  },
  {
    name: 'the burn rates fire in the cluster',
    shows: 'RolloutAborted: metric "burn" Failed',
    at: 'canary',
    scene: stopped(
      measured('Background', 'burn', 'Failed', 'failed (1) > failureLimit (0)'),
      analysisRun(TWO, 'burn', 'Failed', '[1]'),
    ),
    called: 'MULTI_WINDOW_BURN',
    blamed: false,
    again: 'retried automatically',
  },
  {
    name: "the team's own analysis fails",
    shows: 'RolloutAborted: another metric Failed',
    at: 'canary',
    scene: stopped(
      measured('Background', 'success-rate', 'Failed', 'failed (3) > failureLimit (2)'),
      analysisRun(TWO, 'success-rate', 'Failed', '[0.91]'),
    ),
    called: 'OWN_ANALYSIS',
    blamed: false,
    again: 'retried on request',
  },
  {
    name: "the team's own analysis cannot be measured",
    shows: 'RolloutAborted: another metric Error',
    at: 'canary',
    scene: stopped(
      measured('Background', 'success-rate', 'Error', 'consecutiveErrors (5) > consecutiveErrorLimit (4)'),
      analysisRun(TWO, 'success-rate', 'Error'),
    ),
    called: 'UNMEASURED',
    blamed: false,
    again: 'retried automatically',
  },
  {
    name: 'its Rollout exceeds its own deadline',
    shows: 'RolloutAborted: timed out progressing, no room',
    at: 'start',
    scene: recorded(
      { abort: true, conditions: [aborted('ReplicaSet "orders-two" has timed out progressing.')] },
      [...stablePods, ...canaryPods(noRoom)],
    ),
    called: 'COULD_NOT_RUN',
    blamed: false,
    again: 'retried automatically',
  },
  {
    name: 'aborted by hand',
    shows: 'RolloutAborted, without a cause',
    at: 'canary',
    scene: stopped(undefined),
    called: 'OPERATOR',
    blamed: false,
    again: 'retried on request',
  },
  {
    name: 'aborted by hand, after two scrapes had failed and its pods end',
    shows: 'RolloutAborted, without a cause; CrashLoopBackOff',
    at: 'canary',
    scene: recorded({ abort: true, conditions: [aborted()] }, [
      ...stablePods,
      ...canaryPods(ofApp(crashing())),
    ]),
    told: { unreachableLooks: 2 },
    called: 'OPERATOR',
    blamed: false,
    again: 'retried on request',
  },
  {
    name: 'promoted in full by hand',
    shows: 'promoteFull, then stable',
    at: 'canary',
    scene: recorded({ stable: TWO, stepIndex: 4 }, canaryPods(undefined, undefined)),
    promotedInFull: 'two',
    called: 'OVERRIDDEN',
    blamed: false,
    again: 'it continues',
  },
];

/** As a page of the docs. */
export function faultsPage(): string {
  const rows = FAULTS.map(({ name, shows, called, blamed, again }) => {
    const word = called === null ? '–' : `\`${called}\``;
    return `| ${name} | ${shows} | ${word} | ${blamed ? 'the version: its digest is refused' : 'nobody'} | ${again} |`;
  });
  return `# Faults and blame
How Sluice classifies what happens to a release of a Rollout, and whether the version is blamed. Each row is a test on recorded objects of a cluster (\`test/field/faults\`); \`npm run generate\` creates this page from the rows.

A version is blamed only for its own faults: it fails more requests than its objective allows, the service crashes repeatedly in every pod that could run, or no pod of it becomes ready while stable pods are ready. Only a blamed version needs a lift (\`sluice release lift\`). A release that was stopped by a person or by the team's own analysis starts again on request: with \`sluice release retry\`, with a new commit of the same version, or with a retry in Argo Rollouts. All other releases are retried automatically, at most three times.

| what happens | what the cluster shows | reason | who is blamed | what happens next |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}
