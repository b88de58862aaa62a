import type { ForgeFailure, ForgePort } from '../../gitops/forge.ts';
import { fail, ok, type Result } from '../../kit/result.ts';

/** A file as a forge gave it; null: it is not there. Or why nobody reads it. */
export type FoundText = Result<string | null, string>;

/**
 * A file at a commit, as a pull request brings it. One that is longer than a forge is asked for will be so at each try:
 * that is a problem of the pull request, which is denied, and not a failure of the forge.
 */
export async function textAt(
  forge: ForgePort,
  sha: string,
  path: string,
): Promise<Result<FoundText, ForgeFailure>> {
  const found = await forge.text(sha, path);
  if (found.ok) return ok(found);
  return found.error.code === 'TOO_LARGE' ? ok(fail(`${path}:1: ${found.error.message}`)) : found;
}
