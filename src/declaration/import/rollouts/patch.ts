import { type RolloutStrategy, rolloutStrategy } from '../../rollout-strategy.ts';
import type { RolloutResource, Step } from './resources.ts';

const REVISION = { name: 'revision', valueFrom: { podTemplateHashValue: 'Latest' } } as const;

/** An analysis that waits for an answer of ours. */
const analysis = (templateName: string, service: string, environment: string): object => ({
  templates: [{ templateName, clusterScope: true }],
  args: [{ name: 'service', value: service }, { name: 'environment', value: environment }, REVISION],
});

/** A step that waits for it. */
const waiting = (templateName: string, service: string, environment: string): object => ({
  analysis: analysis(templateName, service, environment),
});

/** The start gate before the switch, and a verdict after it while the old stack still runs; its own stay as they are. */
function blueGreenOf({ pre, post }: RolloutStrategy, service: string, environment: string): object | null {
  const made = {
    ...(pre.length === 0 ? { prePromotionAnalysis: analysis('sluice-start', service, environment) } : {}),
    ...(post.length === 0 ? { postPromotionAnalysis: analysis('sluice-verdict', service, environment) } : {}),
  };
  return Object.keys(made).length > 0 ? { blueGreen: made } : null;
}

function canaryOf(r: RolloutResource, service: string, environment: string): object | null {
  const own = (r.spec.strategy.canary?.steps ?? []).filter((step) => !isOurs(step));
  if (own.length === 0) return null;
  const steps = own.flatMap((step): object[] =>
    step.setWeight !== undefined && step.setWeight > 0
      ? [step, waiting('sluice-verdict', service, environment)]
      : [step],
  );
  return { canary: { steps: [waiting('sluice-start', service, environment), ...steps] } };
}

const isOurs = (step: Step): boolean =>
  step.analysis?.templates.some(({ templateName }) => /^sluice-(start|verdict)$/.test(templateName)) ?? false;

/**
 * The steps of a Rollout with the start gate before them and a verdict after each weight: its own pauses and analyses
 * stay where they are. A merge patch holds lists whole, so they are all written. Pure.
 */
export function patchOf(r: RolloutResource, service: string, environment: string): object | null {
  const own = rolloutStrategy(r.spec.strategy);
  const strategy =
    own.kind === 'blue-green' ? blueGreenOf(own, service, environment) : canaryOf(r, service, environment);
  if (!strategy) return null;
  const { name, namespace } = r.metadata;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, ...(namespace ? { namespace } : {}) },
    spec: { strategy },
  };
}
