import { compileDeclaration } from '../declaration/compile.ts';
import type { SourceFile } from '../declaration/documents.ts';
import type { Platform } from '../declaration/platform.ts';
import { checkDelivery } from '../delivery/check.ts';
import { byPlace, type Problem } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';

/** The declaration and every plane's checks: all problems at once, or a frozen Platform. */
export function compile(files: readonly SourceFile[]): Result<Platform, Problem[]> {
  const declared = compileDeclaration(files);
  if (!declared.ok) return declared;
  const file = files.find((f) => /kind:\s*Platform/.test(f.text))?.file ?? files[0]!.file;
  const problems = checkDelivery(declared.value).map((p) => ({ ...p, file }));
  return problems.length > 0 ? fail(problems.sort(byPlace)) : ok(declared.value);
}
