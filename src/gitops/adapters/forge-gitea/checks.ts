import { ok } from '../../../kit/result.ts';
import {
  type CheckReport,
  COMMENT_MARK,
  type ForgeResult,
  type Posted,
  type PullRequest,
  postMark,
} from '../../forge.ts';
import { postReport, postStatus, type StatusCalls } from '../forge-http/posting.ts';
import { commentOnce } from './comments.ts';
import { combinedSchema, type GiteaStatus, statusSchema } from './schemas.ts';
import type { GiteaState } from './state.ts';

/** Contexts of one commit are looked through page by page, so many at most. */
const MAX_PAGES = 200;
const PAGE = 50;

/** A mark that fits into a status: Gitea keeps nothing else beside it. */
const markedTitle = (report: CheckReport): string => `${report.title} [${postMark(report)}]`;

/** The newest status of a name, whoever posted it: the one that merges are decided by. */
async function newestStatus(
  { api }: GiteaState,
  { headSha, check }: CheckReport,
): ForgeResult<GiteaStatus | null> {
  for (let page = 1; page <= MAX_PAGES; page++) {
    const path = `/commits/${headSha}/status?page=${page}&limit=${PAGE}`;
    const found = await api.once('GET', path, combinedSchema);
    if (!found.ok) return found;
    const statuses = found.value.statuses ?? [];
    const standing = statuses.find((s) => s.context === check);
    if (standing || statuses.length === 0) return ok(standing ?? null);
  }
  return ok(null);
}

const statusCalls = (state: GiteaState, report: CheckReport): StatusCalls => ({
  async newest() {
    const found = await newestStatus(state, report);
    return found.ok ? ok(found.value && { ...found.value, state: found.value.status }) : found;
  },
  post: () =>
    state.api.once('POST', `/statuses/${report.headSha}`, statusSchema, {
      context: report.check,
      state: report.state,
      description: markedTitle(report),
      target_url: report.detailsUrl ?? '',
    }),
});

/** What the gate says of a pull request: a commit status, and one comment. */
export function report(state: GiteaState, pull: PullRequest, report: CheckReport): ForgeResult<Posted> {
  const { retry } = state.api;
  return postReport(
    {
      check: (tell) => retry(() => postStatus(state, statusCalls(state, report), report, tell)),
      comment: (mark) =>
        retry(() =>
          commentOnce(state, pull, COMMENT_MARK, `${report.summary}\n${mark}`, (body) => body.includes(mark)),
        ),
    },
    pull,
    report,
  );
}
