import { ok } from '../../../kit/result.ts';
import {
  type Author,
  type CheckReport,
  COMMENT_MARK,
  type ForgeResult,
  type Posted,
  type PullRequest,
  postMark,
} from '../../forge.ts';
import { postReport, postStatus, type StatusCalls } from '../forge-http/posting.ts';
import type { GithubApi, GithubAuth } from './api.ts';
import { checkRun } from './check-runs.ts';
import { commentOnce, SUMMARY_BYTES, short } from './comments.ts';
import { appSchema, type GithubStatus, statusSchema, userSchema } from './schemas.ts';
import type { GithubState } from './state.ts';

/** So many statuses of one commit are looked through for ours. */
const MAX_STATUSES = 2_000;
/** GitHub takes so many characters in the description of a status. */
const DESCRIPTION_LENGTH = 140;

/** Whom we post as. */
export async function authorOf(api: GithubApi, auth: GithubAuth): ForgeResult<Author> {
  if (!('appId' in auth)) return api.once('GET /user', {}, userSchema);
  const app = await api.once('GET /app', {}, appSchema);
  // An App writes under a name that no person can have.
  return app.ok ? ok({ id: null, login: `${app.value.slug}[bot]` }) : app;
}

/** The newest status of a name, whoever posted it: the one that merges are decided by. */
async function newestStatus(
  { api }: GithubState,
  { headSha, check }: CheckReport,
): ForgeResult<GithubStatus | undefined> {
  const ofOurName = (s: { readonly context: string }) => s.context === check;
  const found = await api.all(
    'GET /repos/{owner}/{repo}/commits/{ref}/statuses',
    { ref: headSha },
    statusSchema,
    MAX_STATUSES,
    (page) => page.some(ofOurName),
  );
  return found.ok ? ok(found.value.find(ofOurName)) : found;
}

function statusBody(report: CheckReport): object {
  const tail = ` [${postMark(report)}]`;
  return {
    sha: report.headSha,
    state: report.state,
    context: report.check,
    description: `${short(report.title, DESCRIPTION_LENGTH - tail.length)}${tail}`,
    ...(report.detailsUrl ? { target_url: report.detailsUrl } : {}),
  };
}

const statusCalls = (state: GithubState, report: CheckReport): StatusCalls => ({
  async newest() {
    const found = await newestStatus(state, report);
    return found.ok ? ok(found.value ?? null) : found;
  },
  post: () => state.api.once('POST /repos/{owner}/{repo}/statuses/{sha}', statusBody(report), statusSchema),
});

/** What the gate says of a pull request: a check run as an App, a commit status with a token, and one comment. */
export function report(state: GithubState, pull: PullRequest, report: CheckReport): ForgeResult<Posted> {
  const { api, auth } = state;
  const comment = (mark: string): ForgeResult<null> => {
    const text = `${short(report.summary, SUMMARY_BYTES - mark.length - 1)}\n${mark}`;
    return api.retry(() => commentOnce(state, pull, COMMENT_MARK, text, (body) => body.includes(mark)));
  };
  return postReport(
    {
      check: (tell) =>
        api.retry(() =>
          'appId' in auth
            ? checkRun(api, auth.appId, report, state.now())
            : postStatus(state, statusCalls(state, report), report, tell),
        ),
      comment,
    },
    pull,
    report,
  );
}
