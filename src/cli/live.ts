import { placedIn } from '../controller/compile.ts';
import { checkLive, LiveFailure, type LiveFinding } from '../controller/live-check.ts';
import { livePaces } from '../controller/live-traffic.ts';
import type { SourceFile } from '../declaration/documents.ts';
import type { Platform } from '../declaration/platform.ts';
import type { Pace } from '../delivery/pace.ts';
import { counted } from '../kit/counted.ts';
import { ok } from '../kit/result.ts';
import { NO_ANSWER_NEXT } from './command.ts';
import { CliError, EXIT, type Io, palette, table } from './io.ts';
import { printPaces } from './pace.ts';
import type { CommandParts } from './parts.ts';

/** A finding at the line of the SLO that it is about. */
interface PlacedFinding extends LiveFinding {
  readonly file: string;
  readonly line: number;
}

export interface LiveReport {
  readonly environment: string;
  readonly address: string;
  readonly findings: readonly PlacedFinding[];
  /** How long releases take at the traffic that it has seen. */
  readonly paces: readonly Pace[];
}

const placed = (files: readonly SourceFile[], finding: LiveFinding): PlacedFinding => {
  const { code, message, slo } = finding;
  const [at] = placedIn(files, [{ code, message, file: '', line: 1, path: `slo ${slo}` }]);
  return { ...finding, file: at!.file, line: at!.line };
};

/** Which Prometheus to ask for which environment: the one that is named for all, or each its own. */
function targetsOf(platform: Platform, url: string | null): { environment: string; address: string }[] {
  const targets = platform.environments.map(({ name, prometheus }) => ({
    environment: name,
    address: url ?? prometheus.address,
  }));
  const reachable = targets.filter((t) => t.address !== 'embedded');
  if (reachable.length > 0) return reachable;
  throw new CliError(EXIT.usage, {
    code: 'NO_PROMETHEUS',
    message: 'no environment names the address of a Prometheus',
    next: 'name one: --prometheus http://localhost:9090',
  });
}

/** Compares a declaration with each Prometheus; it never writes. */
export async function checkSources(
  io: Io,
  parts: Pick<CommandParts, 'openLive'>,
  platform: Platform,
  files: readonly SourceFile[],
  url: string | null,
): Promise<LiveReport[]> {
  const reports: LiveReport[] = [];
  for (const { environment, address } of targetsOf(platform, url)) {
    const found = platform.environments.find((e) => e.name === environment)!;
    const opened = await parts.openLive(platform, environment, address, io.env);
    if (!opened.ok)
      throw new CliError(EXIT.unreachable, {
        code: 'SOURCE_UNAVAILABLE',
        message: opened.error,
        next: 'set what is missing, or name another Prometheus with --prometheus',
      });
    try {
      const findings = await checkLive(platform, found, opened.value, Date.now());
      const paces = environment ? await livePaces(platform, found, opened.value, Date.now()) : ok([]);
      if (!paces.ok) throw new LiveFailure(paces.error);
      reports.push({
        environment,
        address,
        findings: findings.map((f) => placed(files, f)),
        paces: paces.value,
      });
    } catch (thrown) {
      if (!(thrown instanceof LiveFailure)) throw thrown;
      throw new CliError(EXIT.unreachable, {
        ...thrown.failure,
        next: NO_ANSWER_NEXT,
      });
    } finally {
      await opened.value.close();
    }
  }
  return reports;
}

export const isWrong = (reports: readonly LiveReport[]): boolean =>
  reports.some((r) => r.findings.some((f) => f.level === 'wrong'));

/** What was found, for a person. */
export function printLive(io: Io, platform: Platform, reports: readonly LiveReport[]): void {
  const p = palette(io);
  for (const { environment, address, findings, paces } of reports) {
    const where = environment ? `${environment} (${address})` : address;
    const rows = findings.map((f) => [
      `${f.file}:${f.line}`,
      f.slo,
      f.side,
      f.level,
      `${f.message}${f.next ? ` (${f.next})` : ''}`,
    ]);
    if (rows.length > 0) io.out(table([['WHERE', 'SLO', 'SIDE', 'LEVEL', 'FINDING'], ...rows]));
    const wrong = new Set(findings.filter((f) => f.level === 'wrong').map((f) => f.slo)).size;
    const all = platform.slos.length;
    io.out(
      wrong === 0
        ? `${p.green('matches')} ${where}: ${counted(all, 'SLO')} ${all === 1 ? 'selects what it says' : 'select what they say'}\n`
        : `${p.red('does not match')} ${where}: ${wrong} of ${all} SLOs would give wrong numbers\n`,
    );
    printPaces(io, paces);
  }
}
