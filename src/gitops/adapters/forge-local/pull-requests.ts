import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure, ForgeResult, PullRequest, WantedPull } from '../../forge.ts';
import { git, gitAsked } from '../git/program.ts';
import { find, keep, keepPull, type LocalState, shaOf, tell, unknown } from './state.ts';
import type { KeptForge, KeptPull } from './store.ts';

const refusedBy = (message: string): { ok: false; error: ForgeFailure } => fail({ code: 'REFUSED', message });

function endedWithoutBranch(state: LocalState, kept: KeptPull): KeptPull {
  const ended = { headSha: kept.lastHead!, baseSha: kept.lastHead!, commit: null };
  keepPull(state, kept.number, { state: 'closed', ended });
  tell(state, kept.number);
  return { ...kept, state: 'closed', ended };
}

/** A kept pull request with the commits that its branches are at; null: they are gone. */
export async function viewOf(state: LocalState, kept: KeptPull): Promise<PullRequest | null> {
  const head = kept.ended?.headSha ?? (await shaOf(state, kept.head));
  // As other forges do it: a pull request whose branch was deleted is closed.
  if (!head && kept.state === 'open' && kept.lastHead) return viewOf(state, endedWithoutBranch(state, kept));
  const base = kept.ended?.baseSha ?? (await shaOf(state, kept.base));
  if (!head || !base) return null;
  return {
    number: kept.number,
    title: kept.title,
    author: kept.author,
    base: { branch: kept.base, sha: base },
    head: { branch: kept.head, sha: head },
    fork: false,
    labels: kept.labels,
    draft: false,
    state: kept.state,
    url: '',
    openedAt: kept.openedAt,
  };
}

export async function pull(state: LocalState, number: number): ForgeResult<PullRequest> {
  const kept = find(state, number);
  const seen = kept ? await viewOf(state, kept) : null;
  return seen ? ok(seen) : unknown(number);
}

export async function openPulls(state: LocalState): ForgeResult<readonly PullRequest[]> {
  const { pulls } = state.store.read();
  const open = pulls.filter((p) => p.state === 'open' && state.branches.includes(p.base));
  const views = await Promise.all(open.map((kept) => viewOf(state, kept)));
  return ok(views.filter((p) => p !== null));
}

/** The open pull request of a branch. */
export const openOf = ({ pulls }: KeptForge, head: string, base: string): KeptPull | undefined =>
  pulls.find((p) => p.state === 'open' && p.head === head && p.base === base);

/** Why a pull request cannot be opened as it is wanted; else the commit of its head. */
async function headOf(state: LocalState, { title, base, head }: WantedPull): ForgeResult<string> {
  if (!title.trim()) return fail({ code: 'INVALID', message: 'a pull request needs a title' });
  if (!state.branches.includes(base))
    return fail({ code: 'INVALID', message: `pull requests merge into ${state.branches.join(' or ')}` });
  const [from, onto] = [await shaOf(state, head), await shaOf(state, base)];
  if (!from) return fail({ code: 'NOT_FOUND', message: `there is no branch ${head}: push it first` });
  if (from === onto) return fail({ code: 'INVALID', message: `no commits between ${base} and ${head}` });
  return ok(from);
}

export async function open(state: LocalState, wanted: WantedPull): ForgeResult<PullRequest> {
  const from = await headOf(state, wanted);
  if (!from.ok) return from;
  const { title, body, base, head, labels, author, autoMerge } = wanted;
  const all = state.store.read();
  const twin = openOf(all, head, base);
  if (twin) return fail({ code: 'CONFLICT', message: `#${twin.number} is open for ${head} already` });
  const kept: KeptPull = {
    number: (all.pulls.at(-1)?.number ?? 0) + 1,
    title,
    body,
    author: author ?? 'somebody',
    base,
    head,
    labels,
    autoMerge: autoMerge ?? false,
    openedAt: state.now(),
    state: 'open',
    ended: null,
    comment: null,
    lastHead: from.value,
  };
  keep(state, (now) => ({ ...now, pulls: [...now.pulls, kept] }));
  tell(state, kept.number);
  return ok((await viewOf(state, kept))!);
}

async function mergeNow(
  state: LocalState,
  kept: KeptPull,
  pull: PullRequest,
): Promise<Result<'merged', ForgeFailure>> {
  const { repository } = state;
  const merged = await gitAsked(repository, ['merge-tree', '--write-tree', pull.base.sha, pull.head.sha]);
  if (merged === null)
    return fail({ code: 'CONFLICT', message: `${pull.head.branch} conflicts with ${pull.base.branch}` });
  const tree = merged.trim().split('\n')[0]!;
  const who = ['-c', `user.name=${kept.author}`, '-c', `user.email=${kept.author}@localhost`];
  const message = `Merge pull request #${kept.number}: ${kept.title}`;
  const parents = ['-p', pull.base.sha, '-p', pull.head.sha];
  const commit = (await git(repository, [...who, 'commit-tree', tree, ...parents, '-m', message])).trim();
  // Only if nobody else merged meanwhile.
  await git(repository, ['update-ref', `refs/heads/${kept.base}`, commit, pull.base.sha]);
  const ended = { headSha: pull.head.sha, baseSha: pull.base.sha, commit };
  keepPull(state, kept.number, { state: 'merged', ended });
  tell(state, kept.number);
  return ok('merged');
}

export async function merge(
  state: LocalState,
  { number, head }: Pick<PullRequest, 'number' | 'head'>,
): ForgeResult<'merged'> {
  const kept = find(state, number);
  const pull = kept ? await viewOf(state, kept) : null;
  if (!kept || !pull) return unknown(number);
  if (kept.state === 'merged') return ok('merged');
  if (kept.state === 'closed') return refusedBy(`#${number} is closed`);
  // As other forges do it: what is merged is what was looked at.
  if (pull.head.sha !== head.sha)
    return fail({ code: 'CONFLICT', message: `the head of #${number} moved meanwhile` });
  const status = state.store.read().statuses[pull.head.sha]?.[state.check];
  if (status?.state !== 'success')
    return refusedBy(
      `not all required checks are successful: ${state.check} is ${status?.state ?? 'not there'}`,
    );
  try {
    return await mergeNow(state, kept, pull);
  } catch (thrown) {
    return fail({ code: 'CONFLICT', message: `the branch moved meanwhile: ${messageOf(thrown)}` });
  }
}

export async function close(state: LocalState, number: number): ForgeResult<null> {
  const kept = find(state, number);
  const pull = kept ? await viewOf(state, kept) : null;
  if (!pull) return unknown(number);
  const ended = { headSha: pull.head.sha, baseSha: pull.base.sha, commit: null };
  keepPull(state, number, { state: 'closed', ended });
  tell(state, number);
  return ok(null);
}

export function withdraw(
  state: LocalState,
  { number }: Pick<PullRequest, 'number'>,
  why: string,
): ForgeResult<null> {
  keepPull(state, number, { comment: why });
  return close(state, number);
}

export async function label(state: LocalState, number: number, labels: readonly string[]): ForgeResult<null> {
  if (!find(state, number)) return unknown(number);
  keepPull(state, number, { labels });
  tell(state, number);
  return ok(null);
}
