import { type Problem, pathText } from '../kit/problem.ts';
import { isSince } from '../promql/types.ts';
import { LIMITS } from './defaults.ts';
import type { Parsed } from './documents.ts';
import type { DataSourceDocument, OpenSloSlo } from './openslo.ts';
import type { Slo, SloOrigin } from './platform.ts';
import type { Report } from './report.ts';
import type { PlatformDocument } from './schema.ts';

/** Adds to the problems what is told: once, and no more of it than somebody would read. */
export function tellInto(problems: Problem[]): Report['note'] {
  const said = new Set(problems.map(placeOf));
  return (at, path, code, message, next) => {
    if (problems.length >= LIMITS.problems) return;
    const line = at.lineOf(path);
    const there = pathText(at.pathOf(path));
    const problem = { code, file: at.file, line, path: there, message, ...(next ? { next } : {}) };
    // Several SLOs may share one SLI: what is wrong with it is said once.
    const place = placeOf(problem);
    if (!said.has(place)) problems.push(problem);
    said.add(place);
  };
}

const placeOf = ({ file, line, path, message }: Problem): string =>
  JSON.stringify([file, line, path, message]);

/**
 * The oldest Prometheus that is declared, by the Platform or, without one, by sources of OpenSLO: what it does not know
 * cannot be rendered. Null: one is not declared.
 */
export function oldestVersion(
  platform: Parsed<PlatformDocument> | undefined,
  sources: readonly Parsed<DataSourceDocument>[],
): string | null {
  const versions =
    platform?.value.spec.environments.map((e) => e.prometheus.version ?? null) ??
    sources.map((s) => s.value.spec.connectionDetails?.version ?? null);
  return versions.reduce<string | null>(
    (oldest, version) =>
      oldest === null || version === null ? null : isSince(oldest, version) ? version : oldest,
    versions[0] ?? null,
  );
}

/** Where each SLO is declared: found once somebody asks, since lines of a large file take their time. */
export function originOf(
  docs: readonly Parsed<OpenSloSlo>[],
  slosOf: readonly (readonly Slo[])[],
  notes: readonly Problem[],
): SloOrigin {
  let places: SloOrigin['places'] | null = null;
  const found = (): SloOrigin['places'] =>
    Object.fromEntries(
      docs.flatMap((doc, i) =>
        slosOf[i]!.map(
          (slo) => [slo.name, { file: doc.file, line: doc.lineOf(['metadata', 'name']) }] as const,
        ),
      ),
    );
  return {
    notes,
    get places() {
      places ??= found();
      return places;
    },
  };
}
