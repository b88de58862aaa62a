import { z } from 'zod';
import { ok } from '../../../kit/result.ts';
import type { ForgeResult, PullRequest, WantedPull } from '../../forge.ts';
import { type GithubPull, pullSchema } from './schemas.ts';
import type { GithubState } from './state.ts';

const MOST_OPEN = 10_000;

/** A pull request as GitHub answers it, in the words of the port. */
export const viewOf = (p: GithubPull): PullRequest => ({
  number: p.number,
  title: p.title,
  author: p.user?.login ?? 'ghost',
  base: { branch: p.base.ref, sha: p.base.sha },
  head: { branch: p.head.ref, sha: p.head.sha },
  fork: p.head.repo?.full_name !== p.base.repo?.full_name,
  labels: p.labels.map((l) => l.name),
  draft: p.draft ?? false,
  state: p.merged_at ? 'merged' : p.state === 'open' ? 'open' : 'closed',
  url: p.html_url,
  openedAt: Date.parse(p.created_at),
});

export async function pull({ api }: GithubState, number: number): ForgeResult<PullRequest> {
  const found = await api.get(
    'GET /repos/{owner}/{repo}/pulls/{pull_number}',
    { pull_number: number },
    pullSchema,
  );
  return found.ok ? ok(viewOf(found.value)) : found;
}

export async function openPulls({ api, branches }: GithubState): ForgeResult<readonly PullRequest[]> {
  const found = await api.all(
    'GET /repos/{owner}/{repo}/pulls',
    { state: 'open', ...(branches.length === 1 ? { base: branches[0] } : {}) },
    pullSchema,
    MOST_OPEN,
  );
  if (!found.ok) return found;
  return ok(found.value.map(viewOf).filter((p) => branches.includes(p.base.branch)));
}

export async function open({ api }: GithubState, wanted: WantedPull): ForgeResult<PullRequest> {
  const { title, body, base, head } = wanted;
  const made = await api.once('POST /repos/{owner}/{repo}/pulls', { title, body, base, head }, pullSchema);
  return made.ok ? ok(viewOf(made.value)) : made;
}

export async function withdraw({ api }: GithubState, pull: PullRequest, why: string): ForgeResult<null> {
  const told = await api.once(
    'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
    { issue_number: pull.number, body: why },
    z.unknown(),
  );
  if (!told.ok) return told;
  const done = await api.once(
    'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
    { pull_number: pull.number, state: 'closed' },
    z.unknown(),
  );
  return done.ok ? ok(null) : done;
}

export async function merge(state: GithubState, { number, head }: PullRequest): ForgeResult<'merged'> {
  const done = await state.api.once(
    'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge',
    { pull_number: number, sha: head.sha },
    z.unknown(),
  );
  if (done.ok) return ok('merged');
  // No answer came: it may have been merged all the same, and is asked for once.
  const now = done.error.code === 'UNAVAILABLE' ? await pull(state, number) : done;
  return now.ok && now.value.state === 'merged' ? ok('merged') : done;
}
