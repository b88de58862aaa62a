import { ok } from '../../../kit/result.ts';
import { type CheckReport, type ForgeResult, type Posted, postMark, postNeeded } from '../../forge.ts';
import type { GithubApi } from './api.ts';
import { SUMMARY_BYTES, short } from './comments.ts';
import { type CheckRun, checkRunSchema, checkRunsSchema } from './schemas.ts';

/** GitHub takes so many annotations a call. */
const ANNOTATIONS_A_CALL = 50;
const UPDATE = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}';

const conclusionOf = { success: 'success', failure: 'failure', pending: 'neutral' } as const;
const stateOf = ({ status, conclusion }: CheckRun): string =>
  status === 'completed' ? (conclusion ?? 'none') : 'pending';

const annotationsOf = ({ annotations }: CheckReport) =>
  annotations.map(({ path, line, message }) => ({
    path,
    start_line: line,
    end_line: line,
    annotation_level: 'failure' as const,
    message,
  }));
type Annotations = ReturnType<typeof annotationsOf>;

const outputOf = (report: CheckReport, part: Annotations) => ({
  title: report.title,
  summary: short(report.summary, SUMMARY_BYTES),
  annotations: part,
});

const bodyOf = (report: CheckReport, annotations: Annotations) => ({
  name: report.check,
  external_id: postMark(report),
  ...(report.detailsUrl ? { details_url: report.detailsUrl } : {}),
  ...(report.state === 'pending'
    ? { status: 'in_progress' as const }
    : { status: 'completed' as const, conclusion: conclusionOf[report.state] }),
  output: outputOf(report, annotations.slice(0, ANNOTATIONS_A_CALL)),
});

/** The check run of an App. Only its own runs are looked at: a rule of the repository requires no other's. */
export async function checkRun(
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
  const annotations = annotationsOf(report);
  const body = bodyOf(report, annotations);
  const done = standing
    ? await api.once(UPDATE, { check_run_id: standing.id, ...body }, checkRunSchema)
    : await api.once(
        'POST /repos/{owner}/{repo}/check-runs',
        { head_sha: report.headSha, ...body },
        checkRunSchema,
      );
  if (!done.ok) return done;
  for (let at = ANNOTATIONS_A_CALL; at < annotations.length; at += ANNOTATIONS_A_CALL) {
    const more = outputOf(report, annotations.slice(at, at + ANNOTATIONS_A_CALL));
    const added = await api.once(UPDATE, { check_run_id: done.value.id, output: more }, checkRunSchema);
    if (!added.ok) return added;
  }
  return ok('posted');
}
