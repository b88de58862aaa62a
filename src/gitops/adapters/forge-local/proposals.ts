import { fail, messageOf, ok } from '../../../kit/result.ts';
import type { ForgeResult, PullRequest, WantedChange } from '../../forge.ts';
import { commitOnto, git, gitAsked } from '../git/program.ts';
import { open, openOf, viewOf } from './pull-requests.ts';
import { find, keepPull, type LocalState, shaOf, tell } from './state.ts';

const SLUICE = { name: 'sluice', email: 'sluice@localhost' };

const isSame = async (repository: string, one: string, other: string): Promise<boolean> =>
  (await gitAsked(repository, ['diff', '--quiet', one, other])) !== null;

/** The branch as it should be: one commit on its base. A branch that is open and says the same stays as it is. */
async function writeBranch(
  state: LocalState,
  { branch, base, files, title }: WantedChange,
  isOpen: boolean,
): ForgeResult<null> {
  const { repository } = state;
  const onto = await shaOf(state, base);
  if (!onto) return fail({ code: 'NOT_FOUND', message: `there is no branch ${base}` });
  try {
    const commit = await commitOnto(repository, onto, files, title, SLUICE);
    if (await isSame(repository, onto, commit))
      return fail({ code: 'INVALID', message: `no commits between ${base} and ${branch}` });
    const standing = isOpen ? await shaOf(state, branch) : null;
    if (standing === null || !(await isSame(repository, standing, commit)))
      await git(repository, ['update-ref', `refs/heads/${branch}`, commit]);
    return ok(null);
  } catch (thrown) {
    return fail({ code: 'UNAVAILABLE', message: messageOf(thrown) });
  }
}

export async function propose(state: LocalState, change: WantedChange): ForgeResult<PullRequest> {
  const { branch: head, base, title, body, labels, autoMerge } = change;
  const twin = openOf(state.store.read(), head, base);
  const written = await writeBranch(state, change, twin !== undefined);
  if (!written.ok) return written;
  if (!twin) return open(state, { title, body, base, head, labels, autoMerge, author: SLUICE.name });
  const lastHead = await shaOf(state, head);
  keepPull(state, twin.number, { title, body, labels, autoMerge, ...(lastHead ? { lastHead } : {}) });
  tell(state, twin.number);
  return ok((await viewOf(state, find(state, twin.number)!))!);
}
