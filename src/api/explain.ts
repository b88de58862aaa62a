import { evidenceOf } from '../delivery/assess.ts';
import { clumpsOf } from '../delivery/evidence/evidence.ts';
import type { Release } from '../delivery/lane.ts';
import { MOVE_REASONS, type VerdictReason } from '../delivery/reasons.ts';
import { weightNow, weightsOf } from '../delivery/steps.ts';
import { endingOf, totalsOf } from '../delivery/summary.ts';
import { humanSpan } from '../kit/time.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { endSentence, REASON_WORDS } from './sentences.ts';
import { timelineOf } from './views.ts';

const number = (value: number): string => value.toFixed(2);

/** Why a release ended as it did, in plain words with its numbers; one paragraph a line. */
export function explainRelease(lane: string, release: Release, records: readonly LedgerRecord[]): string[] {
  const [service, environment] = lane.split('/');
  const name = `${service} ${release.target.version} in ${environment}`;
  const { canary, stable } = totalsOf(release);
  const lines = [
    `Release ${release.id}: ${service} ${release.from?.version ?? '(nothing)'} → ${release.target.version}, revision ${release.target.revision}, ${release.target.digest.slice(0, 19)}…`,
    release.endedAt === null && release.cause === null
      ? `${name} is still in progress.`
      : endSentence(name, endingOf(release)),
    `Counted: new version ${canary.bad} bad of ${canary.total}, stable ${stable.bad} bad of ${stable.total}, in ${release.lookTimes.length} intervals.`,
  ];
  for (const [slo, e] of evidenceOf(release)) {
    const over = e.overAnswered ? 'yes' : 'not shown';
    const worse = e.worseAnswered ? 'yes' : 'not shown';
    lines.push(
      `${slo} (objective ${(100 * e.rule.settings.objective).toPrecision(6).replace(/\.?0+$/, '')}%): over budget ${number(e.overBudget)} of ${number(e.rule.bar)} (${over}); worse than stable ${number(e.worseThanStable)} of ${number(e.rule.bar)} (${worse}); bad requests ${e.badSeen} (at least ${e.rule.settings.minBad} needed).`,
      `  step ${release.step + 1} of ${weightsOf(release).length} at ${weightNow(release)}%: exposure ${number(e.exposure)}, passes at ${number(e.rule.enough)} or below; clump factor ${number(clumpsOf(e))}.`,
    );
  }
  if (release.verdict)
    lines.push(
      `Last verdict: ${release.verdict.verdict}, because ${release.verdict.reasons.map((r) => REASON_WORDS[r as VerdictReason]).join('; ')}.`,
    );
  if (release.cause)
    lines.push(
      `Decided: ${MOVE_REASONS[release.cause]}${release.blamed ? '; the revision is now refused' : ''}.`,
    );
  lines.push(
    `Judged by declaration ${release.declaration.slice(0, 19)}…${release.enforced ? '' : ' (observe mode: nothing was touched)'}`,
  );
  const start = release.openedAt;
  for (const entry of timelineOf(records.filter((r) => r.at >= start)).reverse())
    lines.push(
      `  +${humanSpan(entry.at - start).padEnd(7)} #${entry.seq} ${entry.title}${entry.detail ? ` (${entry.detail})` : ''}`,
    );
  return lines;
}
