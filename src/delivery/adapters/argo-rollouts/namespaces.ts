import { type ArgoRollouts, type ArgoRolloutsOptions, argoRollouts, serviceOf } from './delivery.ts';

interface NamespacesOptions extends Omit<ArgoRolloutsOptions, 'namespace'> {
  /** Namespace of each service that is declared. */
  readonly namespaces: ReadonlyMap<string, string>;
}

/**
 * The Rollouts of one environment, each service in the namespace that it has there. Namespaces are followed apart: one
 * that cannot be read affects only its own services.
 */
export function argoRolloutsIn({ namespaces, ...shared }: NamespacesOptions): ArgoRollouts {
  const followed = new Map(
    [...new Set(namespaces.values())].map((namespace) => [namespace, argoRollouts({ ...shared, namespace })]),
  );
  function of(service: string): ArgoRollouts {
    const found = followed.get(namespaces.get(service) ?? '');
    if (!found) throw new Error(`broken invariant: service ${service} is not declared`);
    return found;
  }
  const deliveryOf = (lane: string) => of(serviceOf(lane)).delivery;
  return {
    delivery: {
      observe: async (lane, target) => deliveryOf(lane).observe(lane, target),
      apply: async (effect) => deliveryOf(effect.lane).apply(effect),
      probe: async (effect) => deliveryOf(effect.lane).probe(effect),
    },
    asked: (service) => of(service).asked(service),
    standing: async (service) => of(service).standing(service),
    close: async () => void (await Promise.all([...followed.values()].map((one) => one.close()))),
  };
}
