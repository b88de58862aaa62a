import type { RolloutResource, Step } from './resources.ts';

const REVISION = { name: 'revision', valueFrom: { podTemplateHashValue: 'Latest' } } as const;

/** A step that waits for an answer of ours. */
const waiting = (templateName: string, service: string, environment: string): object => ({
  analysis: {
    templates: [{ templateName, clusterScope: true }],
    args: [{ name: 'service', value: service }, { name: 'environment', value: environment }, REVISION],
  },
});

const isOurs = (step: Step): boolean =>
  step.analysis?.templates.some(({ templateName }) => /^sluice-(start|verdict)$/.test(templateName)) ?? false;

/**
 * The steps of a Rollout with the start gate before them and a verdict after each weight: its own pauses and analyses
 * stay where they are. A merge patch holds lists whole, so they are all written. Pure.
 */
export function patchOf(r: RolloutResource, service: string, environment: string): object | null {
  const own = (r.spec.strategy.canary?.steps ?? []).filter((step) => !isOurs(step));
  if (own.length === 0) return null;
  const steps = own.flatMap((step): object[] =>
    step.setWeight !== undefined && step.setWeight > 0
      ? [step, waiting('sluice-verdict', service, environment)]
      : [step],
  );
  const { name, namespace } = r.metadata;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, ...(namespace ? { namespace } : {}) },
    spec: { strategy: { canary: { steps: [waiting('sluice-start', service, environment), ...steps] } } },
  };
}
