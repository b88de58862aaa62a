import { join } from 'node:path';
import { type Releases, readReleases } from '../../../shop/profile.ts';
import type { Platform } from '../../declaration/platform.ts';
import type { PastRecord, PastSeries } from '../../embedded/history.ts';
import { revisionOf } from '../../gitops/desired.ts';
import { readPlatform } from '../files.ts';
import { CliError, EXIT, type Io } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { desiredOf, ENVIRONMENT, RPS } from './stage.ts';

const firstVersion = (releases: Releases, service: string) =>
  revisionOf(desiredOf(releases, service, '1.0.0'));

/** A steady, healthy past of everything that runs at version 1.0.0. */
export function healthyPast(platform: Platform, releases: Releases, rps = RPS): PastSeries[] {
  const routes: Record<string, [string, number][]> = {
    frontend: [
      ['/', rps.look],
      ['/buy', rps.buy],
    ],
    cart: [['/cart', rps.look]],
    checkout: [['/checkout', rps.buy]],
    payment: [['/pay', rps.buy]],
  };
  return platform.services.flatMap(({ name }) => {
    const { revision, version } = firstVersion(releases, name);
    return (routes[name] ?? []).flatMap(([route, rps]) => {
      const labels = {
        service: name,
        version,
        route,
        environment: ENVIRONMENT,
        revision,
        instance: `${name}-${revision}`,
        job: 'services',
      };
      return [
        { labels: { ...labels, code: '200' }, perSecond: rps },
        // One stray error of the past would spend a budget that is a minute long.
        { labels: { ...labels, code: '500' }, perSecond: 0 },
      ];
    });
  });
}

/** What rules would have recorded of that past: all requests of a service, and its failed ones. */
export const healthyRecords = (platform: Platform, past: readonly PastSeries[]): PastRecord[] =>
  platform.slos.map((slo) => {
    const mine = past.filter((s) => s.labels['service'] === slo.service);
    const sum = (list: readonly PastSeries[]) => list.reduce((all, s) => all + s.perSecond, 0);
    return {
      labels: { service: slo.service, slo: slo.name, environment: ENVIRONMENT },
      perSecond: sum(mine),
      badPerSecond: sum(mine.filter((s) => s.labels['code'] === '500')),
    };
  });

/** Loads that past into Prometheus before it starts; gives the releases that the shop knows. */
export async function loadPast(
  io: Io,
  work: string,
  directory: string,
  parts: Pick<CommandParts, 'loadHistory' | 'locateProgram'>,
): Promise<Releases> {
  const platform = readPlatform(io, directory);
  const releases = readReleases(join(directory, 'releases.yaml'));
  const promtool = await parts.locateProgram('promtool', io.env);
  if (!promtool)
    throw new CliError(EXIT.unreachable, {
      code: 'PROGRAMS_MISSING',
      message: 'promtool is missing',
      next: 'apt-get install --no-install-recommends prometheus',
    });
  const past = healthyPast(platform, releases);
  await parts.loadHistory({
    promtool,
    tsdb: join(work, ENVIRONMENT, 'prometheus', 'tsdb'),
    scratch: join(work, 'scratch'),
    series: past,
    records: healthyRecords(platform, past),
    endSeconds: Math.floor(Date.now() / 1_000) - 1,
  });
  return releases;
}
