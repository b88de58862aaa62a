import { ok } from '../../../kit/result.ts';
import type { ForgeResult, PullRequest } from '../../forge.ts';
import { find, keepPull, type LocalState, unknown } from './state.ts';

export async function comment(
  state: LocalState,
  { number }: Pick<PullRequest, 'number'>,
  mark: string,
  words: string,
): ForgeResult<null> {
  const kept = find(state, number);
  if (!kept) return unknown(number);
  keepPull(state, number, { comments: { ...kept.comments, [mark]: words } });
  return ok(null);
}
