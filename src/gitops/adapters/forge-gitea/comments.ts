import { z } from 'zod';
import type { ForgeResult, PullRequest } from '../../forge.ts';
import { keepComment } from '../forge-http/posting.ts';
import { commentSchema, commentsSchema } from './schemas.ts';
import type { GiteaState } from './state.ts';

type Commented = Pick<PullRequest, 'number'>;

/** Brings the comment of ours that begins with `mark` up to date, unless it `says` so already. */
export const commentOnce = (
  { api, identity }: GiteaState,
  { number }: Commented,
  mark: string,
  text: string,
  says: (body: string) => boolean,
): ForgeResult<null> =>
  keepComment(
    identity,
    {
      all: () => api.once('GET', `/issues/${number}/comments`, commentsSchema),
      edit: (id) => api.once('PATCH', `/issues/comments/${id}`, z.unknown(), { body: text }),
      add: () => api.once('POST', `/issues/${number}/comments`, commentSchema, { body: text }),
    },
    mark,
    says,
  );

export function comment(state: GiteaState, pull: Commented, mark: string, words: string): ForgeResult<null> {
  const text = `${mark}\n${words}`;
  return state.api.retry(() => commentOnce(state, pull, mark, text, (body) => body === text));
}
