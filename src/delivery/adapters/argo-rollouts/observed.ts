import type { Revision } from '../../events.ts';
import type { Delivery } from '../../port.ts';
import type { AnalysisRun } from './analysis-runs.ts';
import { artefactOf, type Chosen, pulledDigest, revisionOf } from './artefact.ts';
import { healthOf, type RolloutHealth } from './fault.ts';
import type { Pod } from './pods.ts';
import type { Rollout } from './rollout.ts';
import { stoppedOf } from './stopped.ts';
import type { PodTemplate, ReplicaSet } from './template.ts';

/** A Rollout with its ReplicaSets, pods and analysis runs. */
export interface Scene {
  readonly rollout: Rollout;
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly runs: readonly AnalysisRun[];
  /** The container that the declaration names as the service. */
  readonly container: string | null;
  /** Whether this revision was seen to be promoted in full, skipping its steps. */
  readonly promotedInFull: string | null;
}

/** The template of a revision: of its ReplicaSet, which a Rollout makes first of all, or still the Rollout's own. */
function templateFor({ rollout, replicaSets }: Scene, hash: string): PodTemplate | null {
  const made = replicaSets.find((rs) => rs.hash === hash)?.template;
  return made ?? (hash === rollout.asked ? rollout.template : null);
}

function chosenFor(scene: Scene, hash: string, template: PodTemplate): Chosen {
  const { rollout, replicaSets, container: declared } = scene;
  const beside = hash === rollout.stable ? null : templateFor(scene, rollout.stable);
  const others = replicaSets.filter((rs) => rs.hash !== hash).map((rs) => rs.template);
  return artefactOf({ template, declared, beside, others });
}

/** The digest that the pods of a revision report for this container, if they agree. */
function pulledFor({ pods }: Scene, hash: string, chosen: Chosen): string | null {
  if ('unclear' in chosen) return null;
  const digests = new Set(
    pods
      .filter((pod) => pod.hash === hash && !pod.going)
      .flatMap((pod) => pod.containers.filter((c) => c.name === chosen.container.name))
      .flatMap((c) => pulledDigest(c.imageId) ?? []),
  );
  return digests.size === 1 ? [...digests][0]! : null;
}

function revisionFor(scene: Scene, hash: string): Revision | null {
  const template = templateFor(scene, hash);
  if (!template) return null;
  const chosen = chosenFor(scene, hash, template);
  return revisionOf(hash, template, chosen, pulledFor(scene, hash, chosen));
}

/** What the Rollout asks for now; null: its controller has not observed it yet. */
export function askedOf(scene: Scene): Revision | null {
  const { rollout } = scene;
  return !rollout.current || rollout.asked === '' ? null : revisionFor(scene, rollout.asked);
}

/** What serves as stable, as far as that is clear. */
function servesOf(scene: Scene): Revision | null {
  const { stable } = scene.rollout;
  const serves = stable === '' ? null : revisionFor(scene, stable);
  return serves?.unclear === undefined ? serves : null;
}

function healthFor(scene: Scene, target: string | null, byDeadline: boolean): RolloutHealth {
  const { rollout, replicaSets, pods } = scene;
  if (target === null || target === rollout.stable) return { health: 'absent' };
  const template = templateFor(scene, target);
  const chosen = template ? chosenFor(scene, target, template) : null;
  return healthOf({
    pods: pods.filter((pod) => pod.hash === target && !pod.going),
    stable: pods.filter((pod) => pod.hash === rollout.stable && !pod.going),
    container: chosen && 'container' in chosen ? chosen.container.name : null,
    overdue: (rollout.overdue || byDeadline) && rollout.asked === target,
    refused: replicaSets.find((rs) => rs.hash === target)?.refused ?? rollout.refused,
    paused: rollout.paused,
  });
}

/**
 * How what is stable now became so, where no pass of ours did it: by a person who promoted it in full, or past a step
 * that waits for us, or at the end of its own steps.
 */
function finishedOf({ rollout, promotedInFull }: Scene): Delivery['finished'] {
  if (rollout.stable === '' || rollout.stable !== rollout.asked) return undefined;
  const last = rollout.steps.at(-1);
  const waited = last !== undefined && rollout.asks.includes(last);
  return promotedInFull === rollout.stable || waited ? 'by hand' : 'own steps';
}

/** A Rollout and its pods in the machine's terms. `target`: the revision of the release. Pure. */
export function deliveryOf(scene: Scene, target: string | null): Delivery {
  const { rollout, pods } = scene;
  const { asked, stable, weights, steps } = rollout;
  const canary = asked !== '' && asked !== stable ? asked : null;
  const stopped = stoppedOf(rollout, scene.runs, target);
  const { health, ...told } = healthFor(scene, target, stopped?.by === 'deadline');
  const carries = canary !== null && weights.of === canary && (weights.routed || !rollout.aborted);
  const lingers = !weights.routed && rollout.aborted && pods.some((pod) => pod.hash === target && !pod.going);
  const serves = servesOf(scene);
  const finished = finishedOf(scene);
  return {
    stable: stable || null,
    canary,
    weight: carries || lingers ? weights.percent : 0,
    canaryHealth: health,
    ...told,
    aborted: rollout.aborted && asked === target,
    ...(steps.length > 0 ? { steps, asks: rollout.asks, waits: rollout.waits } : {}),
    ...(rollout.before ? { returns: true as const } : {}),
    ...(rollout.blueGreen ? { blueGreen: true as const } : {}),
    ...(finished ? { finished } : {}),
    ...(serves ? { serves } : {}),
    ...(stopped ? { stopped } : {}),
  };
}
