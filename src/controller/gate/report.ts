import type { CheckReport, PullRequest } from '../../gitops/forge.ts';
import { type Decision, outcomeKey } from '../../governance/decision.ts';
import { decisionMarkdown, decisionSentence, shorten } from '../../governance/decision-text.ts';
import type { Facts } from '../../governance/facts.ts';
import { oneLine } from '../../kit/line.ts';
import type { Ms } from '../../kit/time.ts';

const MAX_ANNOTATIONS = 50;

/** `file:line: what` of the declaration's problems, at their lines. */
function annotationsOf(facts: Facts): CheckReport['annotations'] {
  return facts.declaration.problems.slice(0, MAX_ANNOTATIONS).flatMap((problem) => {
    const match = /^([^:]+):(\d+): (.+)$/s.exec(problem);
    return match ? [{ path: match[1]!, line: Number(match[2]), message: match[3]! }] : [];
  });
}

/** A decision as it is posted at the commit that was judged. */
export const reportOf = (
  check: string,
  pull: PullRequest,
  decision: Decision,
  facts: Facts,
  url: string | null,
  now: Ms,
): CheckReport => ({
  check,
  headSha: pull.head.sha,
  state: decision.allow ? 'success' : 'failure',
  title: shorten(oneLine(decisionSentence(decision))),
  summary: decisionMarkdown(decision, now, url),
  key: outcomeKey(decision).slice(7, 27),
  evaluatedAt: decision.evaluatedAt,
  annotations: annotationsOf(facts),
  detailsUrl: url,
});
