import { z } from 'zod';
import { fail, ok } from '../../../kit/result.ts';
import type { ForgeResult, PullRequest, WantedPull } from '../../forge.ts';
import type { GiteaApi } from './api.ts';
import { type GiteaPull, pullSchema, pullsSchema } from './schemas.ts';
import type { GiteaState } from './state.ts';

const MOST_OPEN = 10_000;
/** Gitea finds out in the background whether a pull request can be merged, and until then refuses with this. */
const LATER = /try again later/i;
const MERGE_ATTEMPTS = 6;

/** A pull request as Gitea answers it, in the words of the port. */
export const viewOf = (p: GiteaPull): PullRequest => ({
  number: p.number,
  title: p.title,
  author: p.user.login,
  base: { branch: p.base.ref, sha: p.base.sha },
  head: { branch: p.head.ref, sha: p.head.sha },
  fork: p.head.repo?.full_name !== p.base.repo?.full_name,
  labels: (p.labels ?? []).map((l) => l.name),
  draft: p.draft ?? false,
  state: p.merged ? 'merged' : p.state === 'open' ? 'open' : 'closed',
  url: p.html_url,
  openedAt: Date.parse(p.created_at),
});

export async function pull({ api }: GiteaState, number: number): ForgeResult<PullRequest> {
  const found = await api.get(`/pulls/${number}`, pullSchema);
  return found.ok ? ok(viewOf(found.value)) : found;
}

/** Every open pull request of the repository, as Gitea answers it. */
export async function allOpen(api: GiteaApi): ForgeResult<GiteaPull[]> {
  const found = await api.pages('/pulls?state=open', pullsSchema, MOST_OPEN);
  return found.ok ? ok(found.value.items) : found;
}

export async function openPulls({ api, branches }: GiteaState): ForgeResult<readonly PullRequest[]> {
  const found = await allOpen(api);
  return found.ok ? ok(found.value.map(viewOf).filter((p) => branches.includes(p.base.branch))) : found;
}

export async function open({ api }: GiteaState, wanted: WantedPull): ForgeResult<PullRequest> {
  const { title, body, base, head } = wanted;
  const made = await api.once('POST', '/pulls', pullSchema, { title, body, base, head });
  return made.ok ? ok(viewOf(made.value)) : made;
}

export async function withdraw({ api }: GiteaState, pull: PullRequest, why: string): ForgeResult<null> {
  const told = await api.once('POST', `/issues/${pull.number}/comments`, z.unknown(), { body: why });
  if (!told.ok) return told;
  const done = await api.once('PATCH', `/pulls/${pull.number}`, z.unknown(), { state: 'closed' });
  return done.ok ? ok(null) : done;
}

async function mergeOnce(api: GiteaApi, pull: PullRequest): ForgeResult<'merged'> {
  const path = `/pulls/${pull.number}`;
  const there = await api.once('GET', path, pullSchema);
  if (!there.ok) return there;
  if (there.value.merged) return ok('merged');
  const body = { Do: 'merge', head_commit_id: pull.head.sha };
  const done = await api.once('POST', `${path}/merge`, z.unknown(), body);
  if (done.ok) return ok('merged');
  return LATER.test(done.error.message) ? fail({ ...done.error, code: 'UNAVAILABLE' }) : done;
}

export const merge = ({ api }: GiteaState, pull: PullRequest): ForgeResult<'merged'> =>
  api.retry(() => mergeOnce(api, pull), MERGE_ATTEMPTS);
