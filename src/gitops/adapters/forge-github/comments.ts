import { z } from 'zod';
import type { ForgeResult, PullRequest } from '../../forge.ts';
import { keepComment } from '../forge-http/posting.ts';
import { commentSchema } from './schemas.ts';
import type { GithubState } from './state.ts';

const MAX_COMMENTS = 10_000;
/** GitHub takes 65,536 characters. */
export const SUMMARY_BYTES = 60_000;
type Commented = Pick<PullRequest, 'number'>;

/** A text cut to a length, with a sign that it was. */
export const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** Brings the comment of ours that begins with `mark` up to date, unless it `says` so already. */
export const commentOnce = (
  { api, identity }: GithubState,
  { number }: Commented,
  mark: string,
  text: string,
  says: (body: string) => boolean,
): ForgeResult<null> => {
  const of = '/repos/{owner}/{repo}/issues/{issue_number}/comments';
  return keepComment(
    identity,
    {
      all: () => api.all(`GET ${of}`, { issue_number: number }, commentSchema, MAX_COMMENTS),
      edit: (id) =>
        api.once(
          'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
          { comment_id: id, body: text },
          z.unknown(),
        ),
      add: () => api.once(`POST ${of}`, { issue_number: number, body: text }, commentSchema),
    },
    mark,
    says,
  );
};

export function comment(state: GithubState, pull: Commented, mark: string, words: string): ForgeResult<null> {
  const text = short(`${mark}\n${words}`, SUMMARY_BYTES);
  return state.api.retry(() => commentOnce(state, pull, mark, text, (body) => body === text));
}
