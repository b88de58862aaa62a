import type { Platform } from '../declaration/platform.ts';
import { type Define, jsonOption, type Shared } from './command.ts';
import { checkClusters, printChecks } from './doctor-cluster.ts';
import { platformOf, readDeclarations } from './files.ts';
import { EXIT, type Exit, type Io, palette, printJson, table } from './io.ts';
import { type AnchoredReport, anchoredReport, anchoredRows } from './ledger/anchored.ts';
import { checkSources, isWrong, type LiveReport, printLive } from './live.ts';
import type { CommandParts } from './parts.ts';
import { workOption } from './server-address.ts';

type DoctorParts = Pick<
  CommandParts,
  | 'checkPrograms'
  | 'openCluster'
  | 'locateK6'
  | 'locateProgram'
  | 'openExistingHistory'
  | 'openLive'
  | 'readAnchors'
>;

interface DoctorOptions extends Shared {
  /** True: that of each environment. */
  readonly prometheus?: string | true | undefined;
  /** The chain from Rollouts to their verdicts, in every environment that lives in a cluster. */
  readonly cluster?: boolean | undefined;
}

/** A declaration against its Prometheus, beside what this machine has. */
async function checkDeclaration(
  io: Io,
  where: string,
  options: DoctorOptions,
  parts: DoctorParts,
): Promise<{ readonly platform: Platform; readonly reports: readonly LiveReport[] } | null> {
  const asked = options.prometheus;
  if (asked === undefined) return null;
  const files = readDeclarations(io, where);
  const platform = platformOf(files, where, { platform: 'optional' });
  const url = asked === true ? null : asked;
  return { platform, reports: await checkSources(io, parts, platform, files, url) };
}

const PROGRAMS = ['nginx', 'prometheus', 'promtool', 'prometheus-alertmanager', 'amtool', 'git', 'chromium'];

async function checkMachine(io: Io, parts: DoctorParts) {
  const programs = await Promise.all(
    PROGRAMS.map(async (name) => ({ name, path: await parts.locateProgram(name, io.env) })),
  );
  const k6 = { name: 'k6', path: await parts.locateK6(io.env) };
  const needed = await parts.checkPrograms(io.env);
  const ok = needed.ok && programs.find(({ name }) => name === 'git')?.path != null;
  return { programs, k6, ok, missing: needed.ok ? null : needed.error };
}

const isTampered = (ledger: AnchoredReport | string | null): boolean =>
  ledger !== null && typeof ledger === 'object' && ledger.objection !== null;

/**
 * `sluice doctor`: what this machine has of what a release on it needs, how far the ledger of its work folder is
 * anchored, and whether a declaration fits its Prometheus. Exit 3: something is missing; 1: the last anchor does not
 * lie in the ledger, or a number would be wrong.
 */
export async function doctorCommand(
  io: Io,
  where: string,
  options: DoctorOptions,
  parts: DoctorParts,
): Promise<Exit> {
  const p = palette(io);
  const { programs, k6, ok, missing } = await checkMachine(io, parts);
  const ledger = await anchoredReport(io, options.work, parts);
  const live = await checkDeclaration(io, where, options, parts);
  const cluster = options.cluster ? await checkClusters(io, where, parts) : null;
  const right = (live === null || !isWrong(live.reports)) && (cluster ?? []).every((c) => c.ok);
  if (options.json)
    printJson(io, {
      schema: 'sluice.dev/doctor/v1',
      ok: ok && right,
      node: process.version,
      programs: [...programs, k6],
      ledger: typeof ledger === 'string' ? { error: ledger } : ledger,
      ...(live === null ? {} : { prometheus: live.reports }),
      ...(cluster === null ? {} : { cluster }),
    });
  else {
    io.out(
      table([
        ['node', process.version],
        ...programs.map(({ name, path }) => [name, path ?? 'missing']),
        [k6.name, k6.path ?? "not here: load tests use Sluice's own generator"],
        ...anchoredRows(ledger, Date.now()),
      ]),
    );
    io.out(`${missing ?? `${p.green('ready')}: next, sluice init`}\n`);
    if (live) printLive(io, live.platform, live.reports);
    if (cluster) printChecks(io, cluster);
  }
  // What a release on this machine takes says nothing of a cluster.
  if (!ok && cluster === null) return EXIT.unreachable;
  return isTampered(ledger) || !right ? EXIT.no : EXIT.yes;
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'folder of the declaration to compare with Prometheus', '.')
    .option(
      '--prometheus [url]',
      'compare it with a live Prometheus (default address: that of each environment)',
    )
    .option('--cluster', 'check every link from Rollouts to their verdicts, without changes')
    .addOption(workOption(io))
    .addOption(jsonOption())
    .action((dir, o) => run(() => doctorCommand(io, dir, o, parts)));
