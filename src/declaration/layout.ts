import type { Environment, Platform, Service, Slo } from './platform.ts';

/** Whether a service runs in an environment, by its name; one that names no environments runs in all. */
export const isIn = (
  service: { readonly environments?: readonly string[] | undefined },
  environment: string,
): boolean => service.environments?.includes(environment) ?? true;

/** The services of an environment, as declared. */
export const servicesIn = (platform: Pick<Platform, 'services'>, environment: Environment): Service[] =>
  platform.services.filter((service) => isIn(service, environment.name));

/** Whether an SLO is recorded in an environment: where its service runs. A service that no Platform names is everywhere. */
export function isRecordedIn(platform: Pick<Platform, 'services'>, slo: Slo, environment: string): boolean {
  const service = platform.services.find((s) => s.name === slo.service);
  return service === undefined || isIn(service, environment);
}

/** The SLOs that are recorded in an environment, as declared. */
export function slosIn(platform: Pick<Platform, 'services' | 'slos'>, environment: Environment): Slo[] {
  const elsewhere = new Set(
    platform.services.filter((s) => !isIn(s, environment.name)).map((service) => service.name),
  );
  return elsewhere.size === 0
    ? [...platform.slos]
    : platform.slos.filter((slo) => !elsewhere.has(slo.service));
}

/** Every lane of the platform, environments in promotion order. */
export const lanesOf = (platform: Platform): { service: Service; environment: Environment }[] =>
  platform.environments.flatMap((environment) =>
    servicesIn(platform, environment).map((service) => ({ service, environment })),
  );

/** The part of an environment that the order of promotion goes by. */
type Ordered = Pick<Environment, 'name' | 'after'>;

/** Environments right before one, over those that are passed over; each is visited once. */
function reached(all: ReadonlyMap<string, Ordered>, from: Ordered, there: ReadonlySet<string>) {
  const direct = new Set<string>();
  const over = new Set<string>();
  const visited = new Set<string>();
  const visit = ({ after }: Ordered, into: Set<string>) => {
    for (const name of after) {
      if (visited.has(name)) continue;
      visited.add(name);
      if (there.has(name)) into.add(name);
      else visit(all.get(name) ?? { name, after: [] }, over);
    }
  };
  visit(from, direct);
  return { direct, over };
}

/** Every environment before one, direct or not. */
function allBefore(all: ReadonlyMap<string, Ordered>, name: string, found = new Set<string>()): Set<string> {
  for (const before of all.get(name)?.after ?? [])
    if (!found.has(before)) {
      found.add(before);
      allBefore(all, before, found);
    }
  return found;
}

/**
 * The environments right before one in the promotion order of one service. An environment in which the service does not
 * run is passed over, for those before it; what comes before another of them anyway is left out.
 */
export function beforeIn(
  environments: readonly Ordered[],
  service: Pick<Service, 'environments'>,
  environment: Ordered,
): readonly string[] {
  if (environment.after.every((name) => isIn(service, name))) return environment.after;
  const all = new Map(environments.map((e) => [e.name, e]));
  const there = new Set(environments.filter((e) => isIn(service, e.name)).map((e) => e.name));
  const { direct, over } = reached(all, environment, there);
  const found = [...direct, ...over];
  const earlier = new Set(found.flatMap((name) => [...allBefore(all, name)]));
  return found.filter((name) => direct.has(name) || !earlier.has(name));
}

/** The environments of one service, each with what comes right before it; of all for a service that is not declared. */
export function orderOf(
  platform: Pick<Platform, 'services' | 'environments'>,
  name: string,
): { readonly environment: Environment; readonly after: readonly string[] }[] {
  const service = platform.services.find((s) => s.name === name) ?? {};
  return platform.environments
    .filter((environment) => isIn(service, environment.name))
    .map((environment) => ({ environment, after: beforeIn(platform.environments, service, environment) }));
}
