import { z } from 'zod';
import { ok } from '../../../kit/result.ts';
import {
  type CheckReport,
  COMMENT_MARK,
  type ForgeResult,
  outcomeMark,
  type Posted,
  type PullRequest,
  postMark,
  postNeeded,
} from '../../forge.ts';
import { identityOf, isSame } from '../forge-http/identity.ts';
import type { GiteaApi } from './api.ts';
import { combinedSchema, commentSchema, commentsSchema, type GiteaStatus, statusSchema } from './schemas.ts';

/** Contexts of one commit are looked through page by page, so many at most. */
const MAX_PAGES = 200;
const PAGE = 50;

/** A mark that fits into a status: Gitea keeps nothing else beside it. */
const markedTitle = (report: CheckReport): string => `${report.title} [${postMark(report)}]`;
const markOf = (description: string | null): string | null =>
  /\[(\d+ \S+)\]$/.exec(description ?? '')?.[1] ?? null;

export interface GiteaPosts {
  report(pull: PullRequest, report: CheckReport): ForgeResult<Posted>;
  comment(pull: Pick<PullRequest, 'number'>, mark: string, text: string): ForgeResult<null>;
}

/** What we say on a pull request: a commit status, and comments that are kept up to date. */
export function giteaPosts(api: GiteaApi, now: () => number): GiteaPosts {
  const identity = identityOf(() => api.user());

  /** The newest status of a name, whoever posted it: the one that merges are decided by. */
  async function newest(sha: string, context: string): ForgeResult<GiteaStatus | null> {
    for (let page = 1; page <= MAX_PAGES; page++) {
      const path = `/commits/${sha}/status?page=${page}&limit=${PAGE}`;
      const found = await api.once('GET', path, combinedSchema);
      if (!found.ok) return found;
      const statuses = found.value.statuses ?? [];
      const standing = statuses.find((s) => s.context === context);
      if (standing || statuses.length === 0) return ok(standing ?? null);
    }
    return ok(null);
  }

  /** `tell` hears of somebody else's post before ours takes its place: should that answer be lost, it is known. */
  async function post(
    report: CheckReport,
    tell: (foreign: Posted['foreign']) => void,
  ): ForgeResult<Posted['post']> {
    const me = await identity.me();
    if (!me.ok) return me;
    const found = await newest(report.headSha, report.check);
    if (!found.ok) return found;
    const standing = found.value;
    const foreign = standing && { by: standing.creator?.login ?? 'somebody', state: standing.status };
    const ours = isSame(standing?.creator, me.value);
    const kept = standing && { ours, state: standing.status, mark: markOf(standing.description) };
    const needed = postNeeded(kept, report, now());
    if (needed !== 'post') return ok(needed);
    if (me.value && !ours) tell(foreign);
    const body = {
      context: report.check,
      state: report.state,
      description: markedTitle(report),
      target_url: report.detailsUrl ?? '',
    };
    const done = await api.once('POST', `/statuses/${report.headSha}`, statusSchema, body);
    if (!done.ok) return done;
    identity.learn(done.value.creator);
    if (!me.value && !isSame(standing?.creator, done.value.creator ?? null)) tell(foreign);
    return ok('posted');
  }

  const comment = (
    pull: Pick<PullRequest, 'number'>,
    mark: string,
    text: string,
    says: (body: string) => boolean = (body) => body === text,
  ): ForgeResult<null> =>
    api.retry(async (): ForgeResult<null> => {
      const me = await identity.me();
      if (!me.ok) return me;
      const found = await api.once('GET', `/issues/${pull.number}/comments`, commentsSchema);
      if (!found.ok) return found;
      const mine = found.value.find((c) => isSame(c.user, me.value) && c.body.startsWith(mark));
      if (mine && says(mine.body)) return ok(null);
      const done = mine
        ? await api.once('PATCH', `/issues/comments/${mine.id}`, z.unknown(), { body: text })
        : await api.once('POST', `/issues/${pull.number}/comments`, commentSchema, { body: text });
      if (done.ok && !mine) identity.learn((done.value as z.infer<typeof commentSchema>).user);
      return done.ok ? ok(null) : done;
    });

  return {
    comment: (pull, mark, text) => comment(pull, mark, `${mark}\n${text}`),
    async report(pull, report) {
      let foreign: Posted['foreign'] = null;
      const posted = await api.retry(() =>
        post(report, (found) => {
          foreign ??= found;
        }),
      );
      if (!posted.ok) return posted;
      if (posted.value === 'superseded') return ok({ post: posted.value, foreign, untold: null });
      const mark = outcomeMark(report);
      const told = await comment(pull, COMMENT_MARK, `${report.summary}\n${mark}`, (body) =>
        body.includes(mark),
      );
      return ok({ post: posted.value, foreign, untold: told.ok ? null : told.error });
    },
  };
}
