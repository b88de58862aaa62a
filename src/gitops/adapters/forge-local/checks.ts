import { ok } from '../../../kit/result.ts';
import {
  type CheckReport,
  type ForgeResult,
  type Posted,
  type PullRequest,
  postMark,
  postNeeded,
} from '../../forge.ts';
import { merge } from './pull-requests.ts';
import { find, keep, keepPull, type LocalState } from './state.ts';

/** Keeps what the gate says of a commit; a pull request that was to merge by itself does so once it passes. */
export async function report(
  state: LocalState,
  pull: PullRequest,
  { headSha, check, ...said }: CheckReport,
): ForgeResult<Posted> {
  const standing = state.store.read().statuses[headSha]?.[check];
  // Nobody else writes this file.
  const needed = postNeeded(standing ? { ...standing, ours: true } : null, said, state.now());
  if (needed !== 'post') return ok({ post: needed, foreign: null, untold: null });
  const status = { state: said.state, title: said.title, summary: said.summary, mark: postMark(said) };
  keep(state, (kept) => ({
    ...kept,
    statuses: { ...kept.statuses, [headSha]: { ...kept.statuses[headSha], [check]: status } },
  }));
  if (headSha === pull.head.sha) keepPull(state, pull.number, { comment: said.summary });
  const kept = find(state, pull.number);
  if (kept?.autoMerge && kept.state === 'open' && said.state === 'success') await merge(state, pull);
  return ok({ post: 'posted', foreign: null, untold: null });
}
