import { isIn } from '../declaration/layout.ts';
import { systemClock } from '../io/clock.ts';
import type { DeliveredEnvironment } from '../wiring/delivery.ts';
import { repositoryOf } from '../wiring/places.ts';
import { writeServeFile } from '../wiring/serve-file.ts';
import type { AppContext } from './context.ts';

/** Where each service answers, by environment; environments without one that is known are empty. */
function edgesOf({ platform }: AppContext, environments: readonly DeliveredEnvironment[]) {
  const edges = (environment: DeliveredEnvironment) =>
    platform.services
      .filter((s) => isIn(s, environment.name))
      .flatMap(({ name }): [string, string][] => {
        const edge = environment.edgeOf(name);
        return edge === null ? [] : [[name, edge]];
      });
  return Object.fromEntries(environments.map((e) => [e.name, Object.fromEntries(edges(e))]));
}

/** Tells where everything is: people on stdout, the command line in a file that only its owner reads. */
export function announce(
  context: AppContext,
  environments: readonly DeliveredEnvironment[],
  token: string,
): void {
  const { io, platform, work } = context;
  const { url } = context.listener;
  const repository = repositoryOf(platform, work);
  const edges = edgesOf(context, environments);
  const prometheus = Object.fromEntries(environments.map((e) => [e.name, e.prometheus]));
  const startedAt = systemClock.now();
  writeServeFile(work, { pid: process.pid, url, token, startedAt, edges, prometheus, repository });
  io.out(`Sluice serves ${platform.name} at ${url}\n`);
  const how =
    platform.forge?.at.kind === 'local'
      ? 'clone it, push a branch, then: sluice pull open'
      : platform.forge
        ? 'changes need a pull request'
        : 'commit a version there to release it';
  io.out(`Desired state: ${repository} (${how})\n`);
  for (const [name, services] of Object.entries(edges)) {
    const list = Object.entries(services).map(([service, address]) => `${service} ${address}`);
    if (list.length > 0) io.out(`Edge of ${name}: ${list.join(', ')}\n`);
  }
}
