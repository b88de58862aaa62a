import { z } from 'zod';
import { ok } from '../../../kit/result.ts';
import type { ForgeResult, PullRequest, WantedChange } from '../../forge.ts';
import { encoded } from './api.ts';
import { text } from './contents.ts';
import { allOpen, viewOf } from './pull-requests.ts';
import { contentSchema, type GiteaPull, pullSchema } from './schemas.ts';
import type { GiteaState } from './state.ts';

/** The open pull request of a branch of ours. */
async function openOf({ api }: GiteaState, branch: string): ForgeResult<GiteaPull | undefined> {
  const open = await allOpen(api);
  // A fork may have a branch of the same name: what it asks for is not ours.
  return open.ok ? ok(open.value.find((p) => p.head.ref === branch && !viewOf(p).fork)) : open;
}

/** Whether an open proposal says already what it should, on files that its base has not changed since. */
async function saysSo(
  state: GiteaState,
  { files }: WantedChange,
  open: GiteaPull | undefined,
): ForgeResult<boolean> {
  if (!open?.merge_base) return ok(false);
  for (const [path, wanted] of Object.entries(files)) {
    const texts: (string | null)[] = [];
    for (const sha of [open.merge_base, open.base.sha, open.head.sha]) {
      const found = await text(state, sha, path);
      if (!found.ok) return found;
      texts.push(found.value);
    }
    const [then, now, asked] = texts;
    if (then !== now || asked !== wanted) return ok(false);
  }
  return ok(true);
}

/**
 * The branch as it should be: one commit on its base. It is pushed over what was there and never deleted first:
 * Gitea closes what is open on a deleted branch some time later, and by then that may be the next proposal.
 */
async function writeBranch(
  { api }: GiteaState,
  { branch, base, files, title }: WantedChange,
): ForgeResult<null> {
  const changes: object[] = [];
  for (const [path, text] of Object.entries(files)) {
    const at = `/contents/${encoded(path)}?ref=${encodeURIComponent(base)}`;
    const there = await api.once('GET', at, contentSchema);
    if (!there.ok && there.error.code !== 'NOT_FOUND') return there;
    const how = there.ok ? { operation: 'update', sha: there.value.sha } : { operation: 'create' };
    changes.push({ ...how, path, content: Buffer.from(text, 'utf8').toString('base64') });
  }
  const body = { branch: base, new_branch: branch, force_push: true, message: title, files: changes };
  const done = await api.once('POST', '/contents', z.unknown(), body);
  return done.ok ? ok(null) : done;
}

async function proposeOnce(state: GiteaState, change: WantedChange): ForgeResult<PullRequest> {
  const { api } = state;
  const open = await openOf(state, change.branch);
  if (!open.ok) return open;
  const said = await saysSo(state, change, open.value);
  if (!said.ok) return said;
  const written = said.value ? ok(null) : await writeBranch(state, change);
  if (!written.ok) return written;
  const still = await openOf(state, change.branch);
  if (!still.ok) return still;
  const { title, body, base, branch } = change;
  const done = still.value
    ? await api.once('PATCH', `/pulls/${still.value.number}`, pullSchema, { title, body })
    : await api.once('POST', '/pulls', pullSchema, { title, body, base, head: branch });
  return done.ok ? ok(viewOf(done.value)) : done;
}

/** Each try begins by reading what is there: done twice, it leaves one branch and one pull request. */
export const propose = (state: GiteaState, change: WantedChange): ForgeResult<PullRequest> =>
  state.api.retry(() => proposeOnce(state, change));
