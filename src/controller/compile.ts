import { type CompileOptions, compileDeclaration } from '../declaration/compile.ts';
import { type Parsed, parseDocuments, type SourceFile } from '../declaration/documents.ts';
import type { Platform } from '../declaration/platform.ts';
import { adviseDelivery, checkDelivery } from '../delivery/check.ts';
import { checkGovernance } from '../governance/check.ts';
import { byPlace, type Problem } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { adviseRuntime, checkRuntime } from '../runtime/check.ts';

/** `spec.freezes[2].rrule` as steps. */
const stepsOf = (path: string): (string | number)[] =>
  [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));

/** The documents that a plane's problem may be about, and the path of it in them. */
function subjectOf(problem: Problem, documents: readonly Parsed[]) {
  const slo = /^slo (.+)$/.exec(problem.path)?.[1];
  if (slo === undefined)
    return { at: documents.find((d) => d.kind === 'sluice.dev/v1 Platform'), path: stepsOf(problem.path) };
  // An SLO of several objectives is named after its document, with more behind it.
  const named = documents.filter((d) => {
    const { name } = (d.value as { metadata: { name: string } }).metadata;
    return d.kind === 'openslo/v1 SLO' && (slo === name || slo.startsWith(`${name}-`));
  });
  const length = (d: Parsed) => (d.value as { metadata: { name: string } }).metadata.name.length;
  return { at: named.sort((a, b) => length(b) - length(a))[0], path: ['metadata', 'name'] };
}

/** Problems of planes with the lines where to fix them. The files are parsed again, since this is rare. */
export function placedIn(files: readonly SourceFile[], problems: readonly Problem[]): Problem[] {
  if (problems.length === 0) return [];
  const { documents } = parseDocuments(files);
  const placed = problems.map((problem) => {
    const { at, path } = subjectOf(problem, documents);
    return at ? { ...problem, file: at.file, line: at.lineOf(path) } : { ...problem, file: files[0]!.file };
  });
  return placed.sort(byPlace);
}

/** The declaration and every plane's checks: all problems at once, or a frozen Platform. */
export function compile(files: readonly SourceFile[], options?: CompileOptions): Result<Platform, Problem[]> {
  const declared = compileDeclaration(files, options);
  if (!declared.ok) return declared;
  const checks = [checkRuntime, checkDelivery, checkGovernance];
  const problems = placedIn(
    files,
    checks.flatMap((check) => check(declared.value)),
  );
  return problems.length > 0 ? fail(problems) : ok(declared.value);
}

/** Notes about valid declarations that may surprise. */
export const advise = (platform: Platform, files: readonly SourceFile[]): Problem[] =>
  [
    ...platform.origin.notes,
    ...placedIn(files, [...adviseRuntime(platform), ...adviseDelivery(platform)]),
  ].sort(byPlace);
