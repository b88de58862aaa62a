/** Objects of a cluster as its API server gives them, with what matters to us filled in and the rest as it usually is. */
export const NAMESPACE = 'shop';
const CREATED = '2026-03-02T10:00:00Z';

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
}

export interface RevisionSpec {
  /** Pod template hash. */
  readonly hash: string;
  readonly containers: readonly ContainerSpec[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const templateOf = ({ containers, labels = { app: 'orders' }, annotations }: RevisionSpec) => ({
  metadata: { labels, ...(annotations ? { annotations } : {}) },
  spec: {
    containers: containers.map((c) => ({
      ...c,
      imagePullPolicy: 'IfNotPresent',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
    })),
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
  },
});

export interface RolloutState {
  readonly name?: string;
  readonly asked: RevisionSpec;
  readonly stable: RevisionSpec;
  readonly steps?: readonly object[];
  readonly stepIndex?: number;
  /** Weight that the router gives to what is asked for; left out: no router, pods are counted. */
  readonly weight?: number;
  readonly abort?: boolean;
  readonly promoteFull?: boolean;
  readonly phase?: string;
  readonly conditions?: readonly object[];
  /** A Deployment that it takes its template from. */
  readonly workloadRef?: string;
  readonly strategy?: object;
}

export const condition = (type: string, status: string, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: CREATED,
  lastUpdateTime: CREATED,
});

/** What the controller says of an abort: with its cause, where there is one beside somebody's hand. */
export const aborted = (cause?: string) =>
  condition(
    'Progressing',
    'False',
    'RolloutAborted',
    `Rollout aborted update to revision 2${cause ? `: ${cause}` : ''}`,
  );
export const overdue = condition(
  'Progressing',
  'False',
  'ProgressDeadlineExceeded',
  'ReplicaSet "orders-two" has timed out progressing.',
);

export const rollout = (state: RolloutState) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: {
    name: state.name ?? 'orders',
    namespace: NAMESPACE,
    generation: 7,
    resourceVersion: '4711',
    creationTimestamp: CREATED,
    annotations: { 'rollout.argoproj.io/revision': '2' },
  },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'orders' } },
    ...(state.workloadRef
      ? { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: state.workloadRef } }
      : { template: templateOf(state.asked) }),
    strategy: state.strategy ?? {
      canary: {
        ...(state.weight === undefined ? {} : { trafficRouting: { nginx: { stableIngress: 'orders' } } }),
        steps: state.steps ?? [
          { setWeight: 10 },
          { pause: {} },
          { setWeight: 40 },
          { pause: { duration: '10m' } },
        ],
      },
    },
  },
  status: {
    observedGeneration: '7',
    currentPodHash: state.asked.hash,
    stableRS: state.stable.hash,
    currentStepIndex: state.stepIndex ?? 1,
    ...(state.abort ? { abort: true, abortedAt: CREATED } : {}),
    ...(state.promoteFull ? { promoteFull: true } : {}),
    phase: state.phase ?? (state.abort ? 'Degraded' : 'Progressing'),
    conditions: state.conditions ?? [
      condition('Progressing', 'True', 'ReplicaSetUpdated', 'ReplicaSet "orders-two" is progressing.'),
    ],
    canary:
      state.weight === undefined
        ? {}
        : {
            weights: {
              canary: {
                weight: state.weight,
                podTemplateHash: state.asked.hash,
                serviceName: 'orders-canary',
              },
              stable: {
                weight: 100 - state.weight,
                podTemplateHash: state.stable.hash,
                serviceName: 'orders',
              },
            },
          },
  },
});

export const replicaSet = (revision: RevisionSpec, of = 'orders', conditions: readonly object[] = []) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: {
    name: `${of}-${revision.hash}`,
    namespace: NAMESPACE,
    labels: { app: 'orders', 'rollouts-pod-template-hash': revision.hash },
    ownerReferences: [
      {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        name: of,
        uid: '1',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  },
  spec: { replicas: 4, template: templateOf(revision) },
  status: { replicas: 4, conditions },
});

export interface PodState {
  /** Ready, unless it says otherwise. */
  readonly ready?: boolean;
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly object[];
  /** Status of containers, by name, beside what is usual. */
  readonly containers?: Readonly<Record<string, object>>;
  /** What the kubelet pulled, by container. */
  readonly pulled?: Readonly<Record<string, string>>;
  readonly going?: boolean;
}

const podCondition = (type: string, status: string, reason = '', message = '') => ({
  type,
  status,
  ...(reason ? { reason } : {}),
  ...(message ? { message } : {}),
  lastProbeTime: null,
  lastTransitionTime: CREATED,
});

/** A pod of a revision, named by a number. Its only labels are those of the Rollout and of its own template. */
export const pod = (revision: RevisionSpec, number: number, state: PodState = {}, of = 'orders') => {
  const ready = state.ready ?? true;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${of}-${revision.hash}-${number}`,
      namespace: NAMESPACE,
      labels: { ...(revision.labels ?? { app: 'orders' }), 'rollouts-pod-template-hash': revision.hash },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${of}-${revision.hash}`,
          uid: '2',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      ...(state.going ? { deletionTimestamp: CREATED, deletionGracePeriodSeconds: 30 } : {}),
    },
    spec: { containers: templateOf(revision).spec.containers, nodeName: 'node-a' },
    status: {
      phase: state.phase ?? 'Running',
      ...(state.reason ? { reason: state.reason } : {}),
      ...(state.message ? { message: state.message } : {}),
      conditions: state.conditions ?? [
        podCondition('PodScheduled', 'True'),
        podCondition('Ready', ready ? 'True' : 'False', ready ? '' : 'ContainersNotReady'),
      ],
      containerStatuses: revision.containers.map(({ name, image }) => ({
        name,
        image,
        imageID: state.pulled?.[name] ?? '',
        ready,
        started: ready,
        restartCount: 0,
        state: { running: { startedAt: CREATED } },
        lastState: {},
        ...state.containers?.[name],
      })),
    },
  };
};

/** A container that crashes repeatedly. */
export const crashing = (exitCode = 1, restartCount = 4, reason = 'Error') => ({
  ready: false,
  started: false,
  restartCount,
  state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 1m20s restarting failed container' } },
  lastState: { terminated: { exitCode, reason, finishedAt: CREATED } },
});

const waiting = (reason: string, message: string) => ({
  ready: false,
  started: false,
  state: { waiting: { reason, message } },
});
/** Pods that do not run, by why. */
export const noRoom: PodState = {
  ready: false,
  phase: 'Pending',
  conditions: [
    podCondition('PodScheduled', 'False', 'Unschedulable', '0/3 nodes are available: 3 Insufficient cpu.'),
  ],
};
export const noImage = (container: string, why: string): PodState => ({
  ready: false,
  phase: 'Pending',
  containers: { [container]: waiting('ImagePullBackOff', `Back-off pulling image: ErrImagePull: ${why}`) },
});
export const notMade = (container: string, why: string): PodState => ({
  ready: false,
  phase: 'Pending',
  containers: { [container]: waiting('CreateContainerConfigError', why) },
});
export const nodeGone: PodState = {
  ready: false,
  conditions: [
    podCondition('PodScheduled', 'True'),
    podCondition('Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'),
  ],
};
export const evicted: PodState = {
  ready: false,
  phase: 'Failed',
  reason: 'Evicted',
  message: 'The node was low on resource: memory.',
};

export const analysisRun = (
  revision: RevisionSpec,
  metric: string,
  phase: 'Failed' | 'Error' | 'Inconclusive',
  value = '',
  of = 'orders',
) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: {
    name: `${of}-${revision.hash}-2-1`,
    namespace: NAMESPACE,
    labels: { 'rollouts-pod-template-hash': revision.hash, 'rollout-type': 'Step' },
    ownerReferences: [
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: of, uid: '1', controller: true },
    ],
  },
  status: {
    phase,
    message: `Metric "${metric}" assessed ${phase}`,
    metricResults: [
      { name: metric, phase, count: 3, measurements: value ? [{ phase, value, startedAt: CREATED }] : [] },
    ],
  },
});
