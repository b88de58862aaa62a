import { z } from 'zod';
import { ok } from '../../../kit/result.ts';
import type { ForgeResult, PullRequest, WantedChange } from '../../forge.ts';
import type { GithubApi } from './api.ts';
import { viewOf } from './pull-requests.ts';
import { type GithubPull, gitCommitSchema, gitTreeSchema, pullSchema, refSchema } from './schemas.ts';
import type { GithubState } from './state.ts';

const REF = 'GET /repos/{owner}/{repo}/git/ref/{ref}';

/** One commit on top of the base branch with these texts; its SHA. */
async function commitOnto(api: GithubApi, { base, files, title }: WantedChange): ForgeResult<string> {
  const onto = await api.once(REF, { ref: `heads/${base}` }, refSchema);
  if (!onto.ok) return onto;
  const parent = onto.value.object.sha;
  const commit = await api.once(
    'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
    { commit_sha: parent },
    gitCommitSchema,
  );
  if (!commit.ok) return commit;
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    mode: '100644',
    type: 'blob',
    content,
  }));
  const tree = await api.once(
    'POST /repos/{owner}/{repo}/git/trees',
    { base_tree: commit.value.tree.sha, tree: entries },
    gitTreeSchema,
  );
  if (!tree.ok) return tree;
  const made = await api.once(
    'POST /repos/{owner}/{repo}/git/commits',
    { message: title, tree: tree.value.sha, parents: [parent] },
    gitCommitSchema,
  );
  return made.ok ? ok(made.value.sha) : made;
}

/** The branch as it should be: one commit on its base, and the branch moved to it. */
async function writeBranch(api: GithubApi, change: WantedChange): ForgeResult<null> {
  const made = await commitOnto(api, change);
  if (!made.ok) return made;
  const { branch } = change;
  const standing = await api.once(REF, { ref: `heads/${branch}` }, refSchema);
  if (!standing.ok && standing.error.code !== 'NOT_FOUND') return standing;
  const moved = standing.ok
    ? await api.once(
        'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
        { ref: `heads/${branch}`, sha: made.value, force: true },
        z.unknown(),
      )
    : await api.once(
        'POST /repos/{owner}/{repo}/git/refs',
        { ref: `refs/heads/${branch}`, sha: made.value },
        z.unknown(),
      );
  return moved.ok ? ok(null) : moved;
}

/** The pull request of the branch with title and body as they should be: the open one edited, or a new one. */
async function pullOf(api: GithubApi, { title, body, base, branch }: WantedChange): ForgeResult<GithubPull> {
  const open = await api.once(
    'GET /repos/{owner}/{repo}/pulls',
    { state: 'open', base, head: `${api.owner}:${branch}` },
    z.array(pullSchema),
  );
  if (!open.ok) return open;
  const [standing] = open.value;
  return standing
    ? api.once(
        'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
        { pull_number: standing.number, title, body },
        pullSchema,
      )
    : api.once('POST /repos/{owner}/{repo}/pulls', { title, body, base, head: branch }, pullSchema);
}

async function proposeOnce(api: GithubApi, change: WantedChange): ForgeResult<PullRequest> {
  const written = await writeBranch(api, change);
  if (!written.ok) return written;
  const done = await pullOf(api, change);
  if (!done.ok || change.labels.length === 0) return done.ok ? ok(viewOf(done.value)) : done;
  const labelled = await api.once(
    'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
    { issue_number: done.value.number, labels: [...change.labels] },
    z.unknown(),
  );
  return labelled.ok ? ok(viewOf(done.value)) : labelled;
}

/** Each try begins by reading what is there: done twice, it leaves one branch and one pull request. */
export const propose = ({ api }: GithubState, change: WantedChange): ForgeResult<PullRequest> =>
  api.retry(() => proposeOnce(api, change));
