import { type CompileOptions, compileDeclaration } from '../declaration/compile.ts';
import type { SourceFile } from '../declaration/documents.ts';
import type { Platform } from '../declaration/platform.ts';
import { checkDelivery } from '../delivery/check.ts';
import { checkGovernance } from '../governance/check.ts';
import { byPlace, type Problem } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { adviseRuntime, checkRuntime } from '../runtime/check.ts';

/** The line on which a plane's problem is to be mended: that of the SLO it names, else the Platform's. */
function placed(problem: Problem, files: readonly SourceFile[]): Problem {
  const slo = /^slo (.+)$/.exec(problem.path)?.[1];
  for (const { file, text } of slo ? files : []) {
    // An SLO of several objectives is named after its document.
    const names = slo!.split('-').map((_, i, parts) => parts.slice(0, parts.length - i).join('-'));
    for (const name of names) {
      const found = new RegExp(`name:\\s*["']?${name}["']?\\s*[},\\n]`).exec(text);
      if (found) return { ...problem, file, line: text.slice(0, found.index).split('\n').length };
    }
  }
  const file = files.find((f) => /kind:\s*Platform/.test(f.text))?.file ?? files[0]!.file;
  return { ...problem, file };
}

/** The declaration and every plane's checks: all problems at once, or a frozen Platform. */
export function compile(files: readonly SourceFile[], options?: CompileOptions): Result<Platform, Problem[]> {
  const declared = compileDeclaration(files, options);
  if (!declared.ok) return declared;
  const checks = [checkRuntime, checkDelivery, checkGovernance];
  const problems = checks.flatMap((check) => check(declared.value)).map((p) => placed(p, files));
  return problems.length > 0 ? fail(problems.sort(byPlace)) : ok(declared.value);
}

/** What is valid, and not as somebody may expect. */
export const advise = (platform: Platform, files: readonly SourceFile[]): Problem[] =>
  adviseRuntime(platform)
    .map((p) => placed(p, files))
    .sort(byPlace);
