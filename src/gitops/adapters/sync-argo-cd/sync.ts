import type { DeliveryPort } from '../../../delivery/port.ts';
import type { Kubernetes } from '../../../io/kubernetes/client.ts';
import { type Reflector, reflect } from '../../../io/kubernetes/reflector.ts';
import { laneName } from '../../../kit/lane.ts';
import { fail, ok } from '../../../kit/result.ts';
import type { Clock } from '../../../kit/time.ts';
import { ENVIRONMENT_LABEL } from '../../labels.ts';
import type { DesiredRepository } from '../../port.ts';
import { type Live, liveOf, type SyncPort } from '../../sync.ts';
import { type Application, applicationOf } from './application.ts';

export interface ArgoCdSyncOptions {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  /** Of Argo CD itself: its Applications are there. */
  readonly namespace: string;
  /** Those that run in an environment. */
  services(environment: string): readonly string[];
  delivery(environment: string): DeliveryPort;
  readonly repository: Pick<DesiredRepository, 'hint'>;
  warn(details: object, message: string): void;
}

export interface ArgoCdSync extends SyncPort {
  close(): Promise<void>;
}

const FRESH_MS = 15_000;
const REFRESH = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };

/** Argo CD applies the repository: what it says of its Applications, beside what the Rollouts say they serve. */
export function argoCdSync(options: ArgoCdSyncOptions): ArgoCdSync {
  const { kubernetes, clock, namespace, services, delivery } = options;
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications`;
  const applications: Reflector<Application> = reflect({
    kubernetes,
    clock,
    path,
    labelSelector: ENVIRONMENT_LABEL,
    pick: applicationOf,
    warn: options.warn,
  });
  const of = (environment: string): Application[] =>
    [...applications.values()].filter((a) => a.environment === environment);

  async function liveIn(environment: string, service: string): Promise<[string, Live]> {
    const application = of(environment).find((a) => a.service === service);
    // One Rollout that is not there says nothing of the others.
    const seen = liveOf(
      await delivery(environment)
        .observe(laneName(service, environment), null)
        .catch(() => null),
    );
    if (seen.health === 'Unknown') return [service, seen];
    if (!application) return [service, seen];
    const { sync, note, malformed } = application;
    // One that cannot be read says nothing of what serves, which the Rollout does.
    const health = malformed === null ? application.health : seen.health;
    return [service, { ...seen, health, application: { tool: 'Argo CD', sync, note } }];
  }

  return {
    async live(environment) {
      if (!applications.seenWithin(FRESH_MS))
        return fail(`Argo CD at ${kubernetes.server} has not reported for ${FRESH_MS / 1_000} s`);
      return ok(
        new Map(await Promise.all(services(environment).map((service) => liveIn(environment, service)))),
      );
    },
    async refresh(environment) {
      options.repository.hint();
      await Promise.all(of(environment).map(({ name }) => kubernetes.patch(`${path}/${name}`, REFRESH)));
    },
    close: () => applications.close(),
  };
}
