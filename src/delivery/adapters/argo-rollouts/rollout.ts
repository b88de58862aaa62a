import { z } from 'zod';
import { type RolloutStrategy, rolloutStrategy } from '../../../declaration/rollout-strategy.ts';
import type { RolloutStanding } from '../../answer.ts';
import { conditions, type PodTemplate, templateOf, templateSchema } from './template.ts';

const templates = z
  .array(z.looseObject({ templateName: z.string().default(''), clusterScope: z.boolean().default(false) }))
  .default([]);
const step = z.looseObject({
  setWeight: z.number().optional(),
  pause: z.unknown().optional(),
  experiment: z.unknown().optional(),
  plugin: z.unknown().optional(),
  analysis: z.looseObject({ templates }).optional(),
});
const arm = z.looseObject({ weight: z.number().default(0), podTemplateHash: z.string().default('') });

/** A Rollout, as far as it is read here. */
const rolloutSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), generation: z.number().default(0) }),
  spec: z.looseObject({
    paused: z.boolean().default(false),
    template: templateSchema.optional(),
    strategy: z
      .looseObject({
        canary: z
          .looseObject({
            steps: z.array(step).nullish(),
            trafficRouting: z.unknown().optional(),
            dynamicStableScale: z.boolean().default(false),
          })
          .optional(),
        blueGreen: z.unknown().optional(),
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
      pauseConditions: z.array(z.looseObject({ reason: z.string() })).nullish(),
      canary: z.looseObject({ weights: z.looseObject({ canary: arm }).nullish() }).default({}),
      blueGreen: z.looseObject({ activeSelector: z.string().default('') }).prefault({}),
      conditions,
    })
    .prefault({}),
});
type Step = z.infer<typeof step>;

export interface Rollout {
  readonly name: string;
  /** Whether the controller has observed the latest change. */
  readonly current: boolean;
  readonly paused: boolean;
  readonly aborted: boolean;
  readonly promoteFull: boolean;
  /** Why it was aborted, in its controller's words; null: it has not processed an abort yet. */
  readonly abortWord: string | null;
  /** Hash of what is asked for, and of what serves as stable; empty: nothing. */
  readonly asked: string;
  readonly stable: string;
  /** Its own pod template; null: it refers to that of a workload. */
  readonly template: PodTemplate | null;
  readonly weights: { readonly routed: boolean; readonly percent: number; readonly of: string };
  /** The weights of its own steps, ascending. */
  readonly steps: readonly number[];
  /** Those of them at which it waits for Sluice's verdict. */
  readonly asks: readonly number[];
  /** Those of them before which it waits at steps of its own: pauses, analyses that are not ours. */
  readonly waits: readonly number[];
  /** Where it asks for our verdict at the weight before all traffic, by `status.currentStepIndex`; null: nowhere. */
  readonly before: { readonly weight: number; readonly index: number } | null;
  readonly overdue: boolean;
  /** Why none of its pods can be made, in its own words; null: they can. */
  readonly refused: string | null;
  /** Whether it waits for a person, after inconclusive answers. */
  readonly inconclusive: boolean;
  /** All traffic is switched at once: one weight, 100, before which it waits for as long as it likes. */
  readonly blueGreen: boolean;
}

/** The weight of the last step that is behind it, where pods are counted instead of requests. */
function stepWeight(steps: readonly Step[], index: number | undefined): number {
  if (steps.length === 0) return 100;
  const behind = steps.slice(0, index ?? 0).flatMap((s) => (s.setWeight === undefined ? [] : [s.setWeight]));
  return behind.at(-1) ?? 0;
}

/** Weights that it goes through, each higher than the one before: going back a step is not judged anew. */
function ascending(steps: readonly Step[]): number[] {
  const weights: number[] = [];
  for (const { setWeight = 0 } of steps) if (setWeight > (weights.at(-1) ?? 0)) weights.push(setWeight);
  return weights;
}

/**
 * What its controller said when it took the abort up. A phase may still be about a deadline that was missed before,
 * so the condition counts where there is one.
 */
function abortWordOf(status: z.infer<typeof rolloutSchema>['status']): string | null {
  if (!status.abort) return null;
  const progressing = status.conditions.find((c) => c.type === 'Progressing');
  if (progressing) return progressing.reason === 'RolloutAborted' ? progressing.message : null;
  return status.phase === 'Degraded' ? status.message : null;
}

/** The templates that ask for our verdicts are named so: one a service, or one for all. */
const isVerdict = (name: string): boolean => name === 'sluice-verdict' || name.endsWith('-verdict');

const asksUs = ({ analysis }: Step): boolean =>
  analysis?.templates.some((t) => isVerdict(t.templateName)) ?? false;

/** The start gate of every Rollout has a name of its own. */
const isOurs = (name: string): boolean => name === 'sluice-start' || isVerdict(name);

/** Weights that need a pass by Sluice. A question before the first weight is the start gate. */
function asking(steps: readonly Step[]): number[] {
  const asked = new Set<number>();
  let weight = 0;
  for (const step of steps) {
    weight = Math.max(weight, step.setWeight ?? 0);
    if (weight > 0 && asksUs(step)) asked.add(weight);
  }
  return [...asked];
}

/**
 * The analysis of ours at the last weight below all traffic, where all traffic is asked about as well. While stable keeps
 * its pods, the Rollout can be set back there.
 */
function beforeAll(steps: readonly Step[]): Rollout['before'] {
  const [from, last] = steps.flatMap(({ setWeight }, i) => (setWeight === undefined ? [] : [i])).slice(-2);
  if (from === undefined || last === undefined || steps[last]!.setWeight !== 100) return null;
  const weight = steps[from]!.setWeight;
  const index = steps.findLastIndex((s, i) => i > from && i < last && asksUs(s));
  return weight && index >= 0 && steps.slice(last).some(asksUs) ? { weight, index } : null;
}

/** What a team puts between its weights, and what ends when they say: without an end, or after hours. */
const isOwnWait = ({ pause, experiment, plugin, analysis }: Step): boolean =>
  pause !== undefined ||
  experiment !== undefined ||
  plugin !== undefined ||
  (analysis !== undefined && !analysis.templates.some((t) => isOurs(t.templateName)));

function waiting(steps: readonly Step[]): number[] {
  const waits: number[] = [];
  let weight = 0;
  let waited = false;
  for (const step of steps) {
    const next = step.setWeight ?? 0;
    if (next > weight) {
      if (waited) waits.push(next);
      weight = next;
      waited = false;
    } else waited ||= isOwnWait(step);
  }
  return waits;
}

type Status = z.infer<typeof rolloutSchema>['status'];

/** Whether a blue-green Rollout has switched users to what is asked for, and still keeps what was stable. */
const isSwitched = ({ blueGreen, currentPodHash, stableRS }: Status): boolean =>
  blueGreen.activeSelector === currentPodHash && currentPodHash !== stableRS;

/** All of its traffic, or none, and who gets it. */
const switchOf = (status: Status): Rollout['weights'] => ({
  routed: true,
  percent: isSwitched(status) ? 100 : 0,
  of: status.currentPodHash,
});

const WHOLE = [100] as const;

/** A blue-green Rollout as a canary of one step: what is asked after the switch is asked at that step. */
const oneStep = ({ post }: RolloutStrategy): Pick<Rollout, 'steps' | 'asks' | 'waits'> => ({
  steps: WHOLE,
  asks: post.some(isVerdict) ? WHOLE : [],
  waits: WHOLE,
});

/** Its position by its own steps, as read. If its controller is behind, the position is unknown. */
export function standingOf(object: unknown): RolloutStanding {
  const { metadata, spec, status } = rolloutSchema.parse(object);
  const current = String(status.observedGeneration) === String(metadata.generation);
  const steps = spec.strategy.canary?.steps ?? [];
  const blueGreen = rolloutStrategy(spec.strategy).kind === 'blue-green';
  return {
    revision: current ? status.currentPodHash : '',
    weight: blueGreen ? switchOf(status).percent : stepWeight(steps, status.currentStepIndex),
    aborted: status.abort,
  };
}

export function rolloutOf(object: unknown): Rollout {
  const { metadata, spec, status } = rolloutSchema.parse(object);
  const { canary } = spec.strategy;
  const strategy = rolloutStrategy(spec.strategy);
  const blueGreen = strategy.kind === 'blue-green';
  const routed = canary?.trafficRouting !== undefined;
  const steps = canary?.steps ?? [];
  const seen = status.canary.weights?.canary;
  const has = (type: string, word: string) =>
    status.conditions.find((c) => c.type === type && c.status === word);
  const refused = has('ReplicaFailure', 'True');
  return {
    name: metadata.name,
    current: String(status.observedGeneration) === String(metadata.generation),
    paused: spec.paused,
    aborted: status.abort,
    promoteFull: status.promoteFull,
    abortWord: abortWordOf(status),
    asked: status.currentPodHash,
    stable: status.stableRS,
    template: spec.template ? templateOf(spec.template) : null,
    weights: blueGreen
      ? switchOf(status)
      : routed
        ? { routed, percent: seen?.weight ?? 0, of: seen?.podTemplateHash ?? '' }
        : { routed, percent: stepWeight(steps, status.currentStepIndex), of: status.currentPodHash },
    ...(blueGreen
      ? oneStep(strategy)
      : { steps: ascending(steps), asks: asking(steps), waits: waiting(steps) }),
    // Counted by pods, or with pods of stable that go with its traffic, users would meet a stable that starts.
    before: routed && !canary?.dynamicStableScale ? beforeAll(steps) : null,
    overdue: status.conditions.some((c) => c.reason === 'ProgressDeadlineExceeded' && c.status === 'False'),
    refused: refused ? refused.message || refused.reason : null,
    inconclusive: (status.pauseConditions ?? []).some((c) => c.reason === 'InconclusiveAnalysisRun'),
    blueGreen,
  };
}
