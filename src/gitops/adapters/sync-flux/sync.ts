import type { DeliveryPort } from '../../../delivery/port.ts';
import type { Kubernetes } from '../../../io/kubernetes/client.ts';
import { type Reflector, reflect } from '../../../io/kubernetes/reflector.ts';
import { laneName } from '../../../kit/lane.ts';
import { fail, ok } from '../../../kit/result.ts';
import type { Clock } from '../../../kit/time.ts';
import { type FluxKind, fluxPath, fluxRefusal, REQUESTED_AT } from '../../flux-kinds.ts';
import { ENVIRONMENT_LABEL } from '../../labels.ts';
import type { DesiredRepository } from '../../port.ts';
import { type Live, liveOf, type SyncPort } from '../../sync.ts';
import { type FluxObject, fluxObject } from './objects.ts';
import { type FluxStatus, fluxStatus } from './status.ts';

/** One environment that the Flux of this cluster applies. */
export interface FluxEnvironment {
  readonly services: readonly string[];
  /** Name of its GitRepository. */
  readonly source: string;
  /** That it follows. */
  readonly branch: string;
}

export interface FluxSyncOptions {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  /** Of the objects of Flux. */
  readonly namespace: string;
  /** By name. */
  readonly environments: ReadonlyMap<string, FluxEnvironment>;
  delivery(environment: string): DeliveryPort;
  readonly repository: Pick<DesiredRepository, 'hint'>;
  warn(details: object, message: string): void;
}

export interface FluxSync extends SyncPort {
  close(): Promise<void>;
}

const FRESH_MS = 15_000;

type Reflectors = Readonly<Record<FluxKind, Reflector<FluxObject>>>;

/** Follows the objects of Flux in one namespace, each kind by itself. */
function reflectors({ kubernetes, clock, namespace, warn }: FluxSyncOptions): Reflectors {
  const of = (kind: FluxKind, labelled: boolean): Reflector<FluxObject> =>
    reflect({
      kubernetes,
      clock,
      path: fluxPath(kind, namespace),
      ...(labelled ? { labelSelector: ENVIRONMENT_LABEL } : {}),
      pick: (object) => fluxObject(kind, object),
      warn,
    });
  return {
    // One that exists has labels of its own.
    GitRepository: of('GitRepository', false),
    Kustomization: of('Kustomization', true),
    HelmRelease: of('HelmRelease', true),
  };
}

/** Why a kind is not served, or may not be read, in words; null: all are. */
function refusalOf(all: Reflectors, namespace: string): string | null {
  for (const [kind, reflector] of Object.entries(all) as [FluxKind, Reflector<FluxObject>][]) {
    const refused = reflector.refusal();
    const said = refused && fluxRefusal(kind, namespace, refused.status);
    if (said) return `${said.found}; ${said.next}`;
  }
  return null;
}

const inEnvironment = (reflector: Reflector<FluxObject>, environment: string): FluxObject[] =>
  [...reflector.values()].filter((object) => object.environment === environment);

/** What Flux says of one service of an environment. */
function statusIn(
  all: Reflectors,
  environment: string,
  { source, branch }: FluxEnvironment,
  service: string,
): FluxStatus {
  const concerns = (object: FluxObject) => object.service === service;
  const kustomizations = inEnvironment(all.Kustomization, environment);
  return fluxStatus({
    source: all.GitRepository.get(source) ?? null,
    sourceName: source,
    kustomizations: [...kustomizations.filter((k) => k.service === ''), ...kustomizations.filter(concerns)],
    releases: inEnvironment(all.HelmRelease, environment).filter(concerns),
    branch,
  });
}

/** Flux applies the repository: what its objects say, beside what the Rollouts say they serve. */
export function fluxSync(options: FluxSyncOptions): FluxSync {
  const { kubernetes, clock, namespace, environments, delivery } = options;
  const all = reflectors(options);

  async function liveIn(
    environment: string,
    service: string,
    refused: string | null,
  ): Promise<[string, Live]> {
    // One Rollout that is not there says nothing of the others.
    const seen = liveOf(
      await delivery(environment)
        .observe(laneName(service, environment), null)
        .catch(() => null),
    );
    if (seen.health === 'Unknown') return [service, seen];
    if (refused !== null)
      return [service, { ...seen, application: { tool: 'Flux', sync: 'Unknown', note: refused } }];
    const { sync, note, degraded } = statusIn(all, environment, environments.get(environment)!, service);
    const health = degraded ? 'Degraded' : seen.health;
    return [service, { ...seen, health, application: { tool: 'Flux', sync, note } }];
  }

  return {
    async live(environment) {
      const refused = refusalOf(all, namespace);
      if (refused === null && !Object.values(all).every((r) => r.seenWithin(FRESH_MS)))
        return fail(`Flux at ${kubernetes.server} has not reported for ${FRESH_MS / 1_000} s`);
      const { services } = environments.get(environment)!;
      return ok(new Map(await Promise.all(services.map((service) => liveIn(environment, service, refused)))));
    },
    async refresh(environment) {
      options.repository.hint();
      const { source } = environments.get(environment)!;
      // What Flux fetches anew, it applies at once; without a new commit there is nothing to apply.
      if (!all.GitRepository.get(source)) return;
      const annotations = { [REQUESTED_AT]: new Date(clock.now()).toISOString() };
      await kubernetes.patch(`${fluxPath('GitRepository', namespace)}/${source}`, {
        metadata: { annotations },
      });
    },
    async close() {
      await Promise.all(Object.values(all).map((reflector) => reflector.close()));
    },
  };
}
