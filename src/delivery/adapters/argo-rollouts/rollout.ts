import { z } from 'zod';
import type { Revision } from '../../events.ts';
import type { Delivery, StoppedThere } from '../../port.ts';

/** The label by which Argo Rollouts tells its ReplicaSets apart, and we the arms of a canary. */
export const HASH_LABEL = 'rollouts-pod-template-hash';
const VERSION_LABELS = ['app.kubernetes.io/version', 'version'] as const;
const STRAINED_RESTARTS = 2;

const labels = z.record(z.string(), z.string()).default({});
const step = z.looseObject({ setWeight: z.number().optional() });
const arm = z.looseObject({ weight: z.number().default(0), podTemplateHash: z.string().default('') });

/** A Rollout, as far as it is read here. */
const rolloutSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), generation: z.number().default(0) }),
  spec: z.looseObject({
    paused: z.boolean().default(false),
    template: z
      .looseObject({
        metadata: z.looseObject({ labels }).default({ labels: {} }),
        spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string().default('') })) }),
      })
      .optional(),
    strategy: z
      .looseObject({
        canary: z
          .looseObject({ steps: z.array(step).default([]), trafficRouting: z.unknown().optional() })
          .optional(),
      })
      .default({}),
  }),
  status: z
    .looseObject({
      abort: z.boolean().default(false),
      promoteFull: z.boolean().default(false),
      phase: z.string().default(''),
      message: z.string().default(''),
      observedGeneration: z.union([z.string(), z.number()]).default(''),
      currentPodHash: z.string().default(''),
      stableRS: z.string().default(''),
      currentStepIndex: z.number().optional(),
      pauseConditions: z.array(z.looseObject({ reason: z.string() })).default([]),
      canary: z.looseObject({ weights: z.looseObject({ canary: arm }).optional() }).default({}),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
});

export interface Rollout {
  readonly name: string;
  /** The controller has seen the last change of what is asked for. */
  readonly current: boolean;
  readonly paused: boolean;
  readonly aborted: boolean;
  readonly promoteFull: boolean;
  /** Its controller has taken up the abort: only from then on the message is about it. */
  readonly degraded: boolean;
  readonly message: string;
  /** Hash of what is asked for, and of what serves as stable; empty: nothing. */
  readonly asked: string;
  readonly stable: string;
  readonly version: string;
  readonly image: string;
  readonly weights: { readonly routed: boolean; readonly percent: number; readonly of: string };
  readonly overdue: boolean;
  /** It waits for a person, after answers that told it nothing. */
  readonly inconclusive: boolean;
}

const versionIn = (of: Readonly<Record<string, string>>, image: string, hash: string): string =>
  VERSION_LABELS.map((name) => of[name]).find(Boolean) ?? /:([\w.-]+)$/.exec(image)?.[1] ?? hash;

/** The artefact, exactly; a tag is at least a name for it. */
export const digestIn = (image: string): string =>
  /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? `tag:${image}`;

/** The weight of the last step that is behind it, where pods are counted instead of requests. */
function stepWeight(steps: readonly z.infer<typeof step>[], index: number | undefined): number {
  if (steps.length === 0) return 100;
  const behind = steps.slice(0, index ?? 0).flatMap((s) => (s.setWeight === undefined ? [] : [s.setWeight]));
  return behind.at(-1) ?? 0;
}

export function rolloutOf(object: unknown): Rollout {
  const { metadata, spec, status } = rolloutSchema.parse(object);
  const canary = spec.strategy.canary;
  const routed = canary?.trafficRouting !== undefined;
  const image = spec.template?.spec.containers[0]?.image ?? '';
  const seen = status.canary.weights?.canary;
  return {
    name: metadata.name,
    current: String(status.observedGeneration) === String(metadata.generation),
    paused: spec.paused,
    aborted: status.abort,
    promoteFull: status.promoteFull,
    degraded: status.phase === 'Degraded',
    message: status.message,
    asked: status.currentPodHash,
    stable: status.stableRS,
    image,
    version: versionIn(spec.template?.metadata.labels ?? {}, image, status.currentPodHash),
    weights: routed
      ? { routed, percent: seen?.weight ?? 0, of: seen?.podTemplateHash ?? '' }
      : {
          routed,
          percent: stepWeight(canary?.steps ?? [], status.currentStepIndex),
          of: status.currentPodHash,
        },
    overdue: status.conditions.some((c) => c.reason === 'ProgressDeadlineExceeded' && c.status === 'False'),
    inconclusive: status.pauseConditions.some((c) => c.reason === 'InconclusiveAnalysisRun'),
  };
}

const containerState = z
  .looseObject({
    ready: z.boolean().default(false),
    restartCount: z.number().default(0),
    image: z.string().default(''),
    state: z
      .looseObject({ waiting: z.looseObject({ reason: z.string().default('') }).optional() })
      .default({}),
    lastState: z
      .looseObject({
        terminated: z.looseObject({ exitCode: z.number(), reason: z.string().default('') }).optional(),
      })
      .default({}),
  })
  .prefault({});
const podSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels, deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string().default('') })) }),
  status: z.looseObject({ containerStatuses: z.array(containerState).default([]) }).prefault({}),
});

export interface Pod {
  readonly service: string;
  readonly hash: string;
  readonly version: string;
  readonly image: string;
  readonly going: boolean;
  readonly ready: boolean;
  /** How it ends again and again; null: it does not. */
  readonly crash: string | null;
}

/** `nameLabel`: the label of a pod that says which service it is of. */
export function podOf(object: unknown, nameLabel: string): Pod {
  const { metadata, spec, status } = podSchema.parse(object);
  const image = spec.containers[0]?.image ?? '';
  const hash = metadata.labels[HASH_LABEL] ?? '';
  const crashing = status.containerStatuses.find(
    (c) =>
      c.state.waiting?.reason === 'CrashLoopBackOff' || (!c.ready && c.restartCount >= STRAINED_RESTARTS),
  );
  const ended = crashing?.lastState.terminated;
  return {
    service: metadata.labels[nameLabel] ?? '',
    hash,
    image,
    version: versionIn(metadata.labels, image, hash),
    going: metadata.deletionTimestamp !== undefined,
    ready: status.containerStatuses.length > 0 && status.containerStatuses.every((c) => c.ready),
    crash: crashing
      ? `its container ends again and again${ended ? `, with code ${ended.exitCode}` : ''} (${crashing.restartCount} restarts)`
      : null,
  };
}

const runSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    labels,
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })).default([]),
  }),
  status: z
    .looseObject({
      phase: z.string().default(''),
      metricResults: z
        .array(
          z.looseObject({
            name: z.string(),
            phase: z.string().default(''),
            message: z.string().default(''),
            measurements: z.array(z.looseObject({ value: z.string().default('') })).default([]),
          }),
        )
        .default([]),
    })
    .prefault({}),
});

/** An AnalysisRun, as far as it is read here: why a canary was stopped. */
export interface AnalysisRun {
  readonly rollout: string;
  readonly hash: string;
  /** The metric that failed, or could not be measured, with what it said last. */
  readonly failed: { readonly metric: string; readonly phase: string; readonly said: string } | null;
}

const ENDED_BADLY: readonly string[] = ['Failed', 'Error'];
const MAX_SAID = 200;

export function analysisRunOf(object: unknown): AnalysisRun {
  const { metadata, status } = runSchema.parse(object);
  const bad = status.metricResults.find((m) => ENDED_BADLY.includes(m.phase));
  return {
    rollout: metadata.ownerReferences.find((o) => o.kind === 'Rollout')?.name ?? '',
    hash: metadata.labels[HASH_LABEL] ?? '',
    failed: bad
      ? {
          metric: bad.name,
          phase: bad.phase,
          said: (bad.measurements.at(-1)?.value || bad.message).slice(0, MAX_SAID),
        }
      : null,
  };
}

/** A pod template as the cluster shows it: of what Git asked for, it tells the artefact alone. */
const templateOf = (revision: string, version: string, image: string): Revision => ({
  revision,
  version,
  digest: digestIn(image),
  config: {},
  template: 'unknown',
});

/** What the Rollout asks for now; null: it says nothing that its controller has seen. */
export function askedOf(rollout: Rollout): Revision | null {
  if (!rollout.current || rollout.asked === '') return null;
  return templateOf(rollout.asked, rollout.version, rollout.image);
}

/** What serves as stable, as far as its pods or the Rollout tell. */
function servesOf(rollout: Rollout, pods: readonly Pod[]): Revision | null {
  if (rollout.stable === '') return null;
  if (rollout.stable === rollout.asked) return askedOf(rollout);
  const pod = pods.find((p) => p.hash === rollout.stable);
  return pod ? templateOf(rollout.stable, pod.version, pod.image) : null;
}

const BY_METRIC = /[Mm]etric "(?<metric>[\w-]+)"/;
const WHOSE: Readonly<Record<string, StoppedThere['by']>> = { burn: 'burn', verdict: 'verdict' };

/** Why it was stopped there: the analysis that failed says it, else the Rollout's own message. */
function stoppedOf(
  rollout: Rollout,
  runs: readonly AnalysisRun[],
  target: string | null,
): StoppedThere | undefined {
  const told = rollout.aborted && rollout.degraded;
  if (!told || target === null || rollout.asked !== target) return undefined;
  const message = rollout.message || 'aborted in the cluster';
  const failed = runs.find((r) => r.hash === target && r.failed !== null)?.failed;
  const named = BY_METRIC.exec(rollout.message)?.groups?.['metric'];
  // A run that failed in an attempt before this one says nothing of an abort by hand.
  const measured = failed && failed.metric === named ? `; it said ${failed.said}` : '';
  return { by: WHOSE[named ?? ''] ?? 'hand', note: `${message}${measured}` };
}

/** What the machine is told of a Rollout and its pods. `target`: the revision that a release is about. */
export function deliveryOf(
  rollout: Rollout,
  pods: readonly Pod[],
  target: string | null,
  runs: readonly AnalysisRun[] = [],
): Delivery {
  const { asked, stable, weights } = rollout;
  const canary = asked !== '' && asked !== stable ? asked : null;
  const mine = pods.filter((p) => p.hash === target && !p.going);
  const judged = target !== null && target !== stable;
  const crash = mine.find((p) => p.crash !== null)?.crash;
  const overdue =
    rollout.overdue && asked === target ? 'it was not ready within its progress deadline' : null;
  const exit = judged ? (crash ?? overdue) : null;
  const health = !judged || mine.length === 0 ? 'absent' : mine.some((p) => p.ready) ? 'ready' : 'starting';
  const carries = canary !== null && weights.of === canary && (weights.routed || !rollout.aborted);
  const lingers = !weights.routed && rollout.aborted && mine.length > 0;
  const serves = servesOf(rollout, pods);
  const stopped = stoppedOf(rollout, runs, target);
  return {
    stable: stable || null,
    canary,
    weight: carries || lingers ? weights.percent : 0,
    canaryHealth: exit ? 'exited' : health,
    ...(exit ? { exit } : {}),
    ...(serves ? { serves } : {}),
    ...(stopped ? { stopped } : {}),
  };
}
