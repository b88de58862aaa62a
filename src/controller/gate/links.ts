import { ENVIRONMENTS } from '../../gitops/desired.ts';
import type { ChangedFiles, ForgeFailure, ForgePort } from '../../gitops/forge.ts';
import { ok, type Result } from '../../kit/result.ts';

/** Whether a path is a folder, lies below it, or is a part of the way to it. */
const concerns = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(`${folder}/`) || folder.startsWith(`${path}/`);

/**
 * Symbolic links that a pull request brings to the desired state or the declaration. Git gives the words of a link, and
 * what applies Git, or a forge, follows it: two readers of one file. What it leads to would change without touching a
 * path that is decided on.
 */
export async function linkProblems(
  forge: ForgePort,
  headSha: string,
  declaration: string | null,
  { files }: ChangedFiles,
): Promise<Result<string[], ForgeFailure>> {
  const folders = [ENVIRONMENTS, ...(declaration === null ? [] : [declaration])];
  const paths = files
    .filter(({ status, path }) => status !== 'removed' && folders.some((folder) => concerns(folder, path)))
    .map(({ path }) => path);
  if (paths.length === 0) return ok([]);
  const found = await forge.links(headSha, paths);
  if (!found.ok) return found;
  return ok(found.value.map((path) => `${path}:1: it is a symbolic link: put what it leads to in its place`));
}
