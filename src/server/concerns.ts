import type { Context } from 'hono';
import type { z } from 'zod';
import type { Platform } from '../declaration/platform.ts';
import { desiredPath } from '../gitops/desired.ts';
import type { ForgePort, PullRequest } from '../gitops/forge.ts';
import type { Governance } from '../governance/events.ts';
import { type Coverage, parseScope, scopeText } from '../governance/facts.ts';
import type { Teams } from '../kit/actor.ts';
import { parseForeign } from '../kit/json.ts';

/** What an order concerns: services by name, or in words why it concerns more than those. */
export type Concern = { readonly services: readonly string[] } | { readonly all: string };

export const UNSAID: Concern = { all: 'the request does not say which service it concerns' };

export const teamsOf = ({ services }: Pick<Platform, 'services'>): Teams =>
  new Map(services.map(({ name, team }) => [name, team ?? null]));

const one = (service: string): Concern => ({ services: [service] });

const byFreeze = (state: Governance, id: string): Coverage | undefined =>
  state.freezes.get(id)?.scope ?? state.auto.get(id.replace(/^auto:/, ''));

/** A freeze or waiver that is there, by the `id` in the path of a request. */
export const ofStanding =
  (kind: 'freezes' | 'waivers', state: () => Governance) =>
  (c: Context): Concern => {
    const id = c.req.param('id') ?? '';
    const scope = kind === 'freezes' ? byFreeze(state(), id) : state().waivers.get(id)?.scope;
    return scope ? ofCoverage(scope) : { all: `${id} is not on record` };
  };

/** The service in the path of a request. */
export const serviceInPath = (c: Context): Concern => {
  const service = c.req.param('service');
  return service ? one(service) : UNSAID;
};

function jsonOf(text: string): unknown {
  try {
    return parseForeign(text);
  } catch {
    return undefined;
  }
}

/** What a body says, as the route itself reads it; a body that the route refuses concerns everything. */
export const inBody =
  <T extends z.ZodType>(schema: T, concern: (body: z.output<T>) => Concern | Promise<Concern>) =>
  async (c: Context): Promise<Concern> => {
    const read = schema.safeParse(jsonOf(await c.req.text()));
    return read.success ? concern(read.data) : UNSAID;
  };

/** What holds for an environment holds for every service in it, now and later. */
const ofCoverage = (scope: Coverage): Concern =>
  scope.service === '*' ? { all: `"${scopeText(scope)}" covers every service` } : one(scope.service);

export function ofScope(text: string): Concern {
  const scope = parseScope(text);
  return scope ? ofCoverage(scope) : { all: `"${text}" is not a scope` };
}

/** An SLO belongs to its service. */
export function ofSlo({ slos }: Pick<Platform, 'slos'>, name: string): Concern {
  const slo = slos.find((s) => s.name === name);
  return slo ? one(slo.service) : { all: `no SLO is named "${name}"` };
}

/** Services by the paths of their desired state. */
const byPath = ({ services, environments }: Pick<Platform, 'services' | 'environments'>) =>
  new Map(
    services.flatMap(({ name }) =>
      environments.map((e): [string, string] => [desiredPath(e.name, name), name]),
    ),
  );

/** What a pull request changes, by exactly its two commits: a file that is of no service concerns everything. */
export async function ofPull(
  forge: Pick<ForgePort, 'files'>,
  platform: Pick<Platform, 'services' | 'environments'>,
  pull: Pick<PullRequest, 'base' | 'head'>,
): Promise<Concern> {
  const listed = await forge.files(pull);
  if (!listed.ok) return { all: `its files could not be listed: ${listed.error.message}` };
  if (!listed.value.complete) return { all: 'it changes more files than are listed' };
  if (listed.value.files.length === 0) return { all: 'it changes no file' };
  const known = byPath(platform);
  const paths = listed.value.files.flatMap(({ path, previous }) => [path, ...(previous ? [previous] : [])]);
  const stray = paths.find((path) => !known.has(path));
  if (stray !== undefined) return { all: `it changes ${stray}, which is of no service` };
  return { services: [...new Set(paths.map((path) => known.get(path)!))] };
}
