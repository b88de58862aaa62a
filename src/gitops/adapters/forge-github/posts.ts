import { z } from 'zod';
import { ok } from '../../../kit/result.ts';
import {
  type Author,
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
import type { GithubApi, GithubAuth } from './api.ts';
import {
  appSchema,
  type CheckRun,
  checkRunSchema,
  checkRunsSchema,
  commentSchema,
  statusSchema,
  userSchema,
} from './schemas.ts';

/** GitHub takes so many annotations a call. */
const ANNOTATIONS_A_CALL = 50;
const SUMMARY_BYTES = 60_000;
/** So many statuses of one commit are looked through for ours. */
const MAX_STATUSES = 2_000;
const MAX_COMMENTS = 10_000;
const conclusionOf = { success: 'success', failure: 'failure', pending: 'neutral' } as const;
const stateOf = ({ status, conclusion }: CheckRun): string =>
  status === 'completed' ? (conclusion ?? 'none') : 'pending';
const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

export interface GithubPosts {
  report(pull: PullRequest, report: CheckReport): ForgeResult<Posted>;
  comment(pull: Pick<PullRequest, 'number'>, mark: string, text: string): ForgeResult<null>;
}

type Tell = (foreign: Posted['foreign']) => void;

/** The check run of an App. Only its own runs are looked at: a rule of the repository requires no other's. */
async function checkRun(
  api: GithubApi,
  appId: number,
  report: CheckReport,
  now: number,
): ForgeResult<Posted['post']> {
  const found = await api.once(
    'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    { ref: report.headSha, check_name: report.check, filter: 'latest', app_id: appId },
    checkRunsSchema,
  );
  if (!found.ok) return found;
  const standing = found.value.check_runs.find((run) => run.app?.id === appId);
  const kept = standing && { ours: true, state: stateOf(standing), mark: standing.external_id };
  const needed = postNeeded(kept ?? null, report, now);
  if (needed !== 'post') return ok(needed);
  const annotations = report.annotations.map(({ path, line, message }) => ({
    path,
    start_line: line,
    end_line: line,
    annotation_level: 'failure' as const,
    message,
  }));
  const output = (part: typeof annotations) => ({
    title: report.title,
    summary: short(report.summary, SUMMARY_BYTES),
    annotations: part,
  });
  const body = {
    name: report.check,
    external_id: postMark(report),
    ...(report.detailsUrl ? { details_url: report.detailsUrl } : {}),
    ...(report.state === 'pending'
      ? { status: 'in_progress' as const }
      : { status: 'completed' as const, conclusion: conclusionOf[report.state] }),
    output: output(annotations.slice(0, ANNOTATIONS_A_CALL)),
  };
  const update = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}';
  const done = standing
    ? await api.once(update, { check_run_id: standing.id, ...body }, checkRunSchema)
    : await api.once(
        'POST /repos/{owner}/{repo}/check-runs',
        { head_sha: report.headSha, ...body },
        checkRunSchema,
      );
  if (!done.ok) return done;
  for (let at = ANNOTATIONS_A_CALL; at < annotations.length; at += ANNOTATIONS_A_CALL) {
    const more = output(annotations.slice(at, at + ANNOTATIONS_A_CALL));
    const added = await api.once(update, { check_run_id: done.value.id, output: more }, checkRunSchema);
    if (!added.ok) return added;
  }
  return ok('posted');
}

/** What we say on a pull request: a check run as an App, a commit status with a token; and comments that are kept up to date. */
export function githubPosts(api: GithubApi, auth: GithubAuth, now: () => number): GithubPosts {
  const identity = identityOf(async (): ForgeResult<Author> => {
    if (!('appId' in auth)) return api.once('GET /user', {}, userSchema);
    const app = await api.once('GET /app', {}, appSchema);
    // An App writes under a name that no person can have.
    return app.ok ? ok({ id: null, login: `${app.value.slug}[bot]` }) : app;
  });

  /** `tell` hears of somebody else's post before ours takes its place: should that answer be lost, it is known. */
  async function commitStatus(report: CheckReport, tell: Tell): ForgeResult<Posted['post']> {
    const me = await identity.me();
    if (!me.ok) return me;
    const ofOurName = (s: { readonly context: string }) => s.context === report.check;
    // Newest first, whoever posted them: the first of the name is the one that merges are decided by.
    const found = await api.all(
      'GET /repos/{owner}/{repo}/commits/{ref}/statuses',
      { ref: report.headSha },
      statusSchema,
      MAX_STATUSES,
      (page) => page.some(ofOurName),
    );
    if (!found.ok) return found;
    const standing = found.value.find(ofOurName);
    const ours = isSame(standing?.creator, me.value);
    const mark = /\[(\d+ \S+)\]$/.exec(standing?.description ?? '')?.[1];
    const needed = postNeeded(standing ? { ours, state: standing.state, mark } : null, report, now());
    if (needed !== 'post') return ok(needed);
    const foreign = standing ? { by: standing.creator?.login ?? 'somebody', state: standing.state } : null;
    if (me.value && !ours) tell(foreign);
    const tail = ` [${postMark(report)}]`;
    const body = {
      sha: report.headSha,
      state: report.state,
      context: report.check,
      description: `${short(report.title, 140 - tail.length)}${tail}`,
      ...(report.detailsUrl ? { target_url: report.detailsUrl } : {}),
    };
    const done = await api.once('POST /repos/{owner}/{repo}/statuses/{sha}', body, statusSchema);
    if (!done.ok) return done;
    identity.learn(done.value.creator);
    if (!me.value && !isSame(standing?.creator, done.value.creator ?? null)) tell(foreign);
    return ok('posted');
  }

  async function commentOnce(
    { number }: Pick<PullRequest, 'number'>,
    mark: string,
    text: string,
    says: (body: string) => boolean,
  ): ForgeResult<null> {
    const me = await identity.me();
    if (!me.ok) return me;
    const found = await api.all(
      'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { issue_number: number },
      commentSchema,
      MAX_COMMENTS,
    );
    if (!found.ok) return found;
    const mine = found.value.find((c) => isSame(c.user, me.value) && c.body?.startsWith(mark));
    if (mine?.body && says(mine.body)) return ok(null);
    if (mine) {
      const edited = await api.once(
        'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
        { comment_id: mine.id, body: text },
        z.unknown(),
      );
      return edited.ok ? ok(null) : edited;
    }
    const made = await api.once(
      'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { issue_number: number, body: text },
      commentSchema,
    );
    if (!made.ok) return made;
    identity.learn(made.value.user);
    return ok(null);
  }

  return {
    comment: (pull, mark, text) =>
      api.retry(() =>
        commentOnce(
          pull,
          mark,
          short(`${mark}\n${text}`, SUMMARY_BYTES),
          (body) => body === short(`${mark}\n${text}`, SUMMARY_BYTES),
        ),
      ),
    async report(pull, report) {
      let foreign: Posted['foreign'] = null;
      const tell: Tell = (found) => {
        foreign ??= found;
      };
      // Each try begins by reading what stands: done twice, it leaves one check and one comment.
      const posted = await api.retry(() =>
        'appId' in auth ? checkRun(api, auth.appId, report, now()) : commitStatus(report, tell),
      );
      if (!posted.ok) return posted;
      if (posted.value === 'superseded' || report.headSha !== pull.head.sha)
        return ok({ post: posted.value, foreign, untold: null });
      const mark = outcomeMark(report);
      const text = `${short(report.summary, SUMMARY_BYTES - mark.length - 1)}\n${mark}`;
      const told = await api.retry(() =>
        commentOnce(pull, COMMENT_MARK, text, (body) => body.includes(mark)),
      );
      return ok({ post: posted.value, foreign, untold: told.ok ? null : told.error });
    },
  };
}
