import { stringify } from 'yaml';
import { servicesIn } from '../declaration/layout.ts';
import {
  type Environment,
  namespaceOf,
  type Platform,
  type Service,
  strategyOf,
} from '../declaration/platform.ts';
import { analysisTemplates } from '../delivery/render/argo-rollouts/analysis.ts';
import { type OwnPace, plainPatch, plainRollout } from '../delivery/render/argo-rollouts/without-server.ts';
import { serviceValues } from '../delivery/render/helm/values.ts';
import { prometheusRules } from '../runtime/render/kubernetes/resources.ts';
import { ruleGroups } from '../runtime/render/prometheus/rules.ts';
import { groupsText } from '../runtime/render/prometheus/text.ts';
import type { RenderedFiles } from './render.ts';

const HEADER = '# Written once by `sluice eject`. It is yours now: nothing renders it again.\n';
const yaml = (value: object): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** A Rollout as its owner keeps it, with what tells whose it is. */
export interface OwnRollout {
  readonly name: string;
  /** Left out: its manifest does not say. */
  readonly namespace: string | undefined;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Each weight is kept for as long as the longest fast window: what burns is then seen before more users meet it. */
function paceOf(service: Service, environment: Environment): OwnPace {
  const { steps, dwellMs } = strategyOf(service, environment);
  const pauseMs = Math.max(dwellMs, environment.burn.fast.windowMs);
  return { service: service.name, weights: steps, pauseSeconds: Math.ceil(pauseMs / 1_000) };
}

/** Whether a Rollout is that of a service in an environment. */
const isOf = (rollout: OwnRollout, service: Service, namespace: string): boolean =>
  rollout.name === (service.rollout ?? service.name) &&
  (rollout.namespace === undefined || rollout.namespace === namespace);

function serviceFiles(
  platform: Platform,
  service: Service,
  environment: Environment,
  rollouts: readonly OwnRollout[],
): [string, string][] {
  const base = `${environment.name}/${service.name}`;
  const values = serviceValues(platform, service, environment, { server: null });
  const pace = paceOf(service, environment);
  const namespace = namespaceOf(service, environment);
  const own = rollouts.find((one) => isOf(one, service, namespace));
  const rollout: [string, string] = own
    ? [`${base}/rollout.yaml`, yaml(plainRollout(own.manifest, pace))]
    : [`${base}/rollout-patch.yaml`, yaml(plainPatch(service.rollout ?? service.name, namespace, pace))];
  return [
    [rollout[0], HEADER + rollout[1]],
    [`${base}/analysistemplates.yaml`, HEADER + analysisTemplates(values).map(yaml).join('---\n')],
    [`${base}/values.yaml`, HEADER + yaml(values)],
  ];
}

/** Everything by which releases go on being stopped by their burn rates without a server of ours, and alerts fire. */
export function ejectAll(platform: Platform, rollouts: readonly OwnRollout[]): RenderedFiles {
  const files = new Map<string, string>();
  for (const environment of platform.environments) {
    const base = environment.name ? `${environment.name}/` : '';
    const groups = ruleGroups(platform, environment);
    files.set(`${base}prometheus/rules.yml`, HEADER + groupsText(groups));
    for (const [i, text] of prometheusRules(environment, groups).entries())
      files.set(`${base}prometheusrule-${i + 1}.yaml`, HEADER + text);
    if (environment.delivery !== 'argo-rollouts') continue;
    for (const service of servicesIn(platform, environment))
      for (const [path, text] of serviceFiles(platform, service, environment, rollouts))
        files.set(path, text);
  }
  return files;
}
