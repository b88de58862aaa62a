import type { StoppedThere } from '../../port.ts';
import type { AnalysisRun } from './analysis-runs.ts';
import type { Rollout } from './rollout.ts';

const MEASURED = /[Mm]etric "(?<metric>[^"]+)"(?: assessed (?<phase>\w+))?/;
const ANALYSIS = /analysis phase error\/failed/i;
const DEADLINE = /timed out progressing|ProgressDeadlineExceeded/i;
const OTHERS = /^(Experiment|Step Plugin)\b/i;
const BY_HAND = /^Rollout aborted update to revision \d+$/;
const OURS: Readonly<Record<string, StoppedThere['by']>> = { burn: 'burn', verdict: 'verdict' };

/** The controller's words without what it says of every abort. */
const bare = (word: string): string => word.replace(/^Rollout aborted update to revision \d+(: )?/, '');

function byOf(word: string, run: AnalysisRun | undefined): StoppedThere['by'] {
  if (word === '' || BY_HAND.test(word)) return 'hand';
  const found = MEASURED.exec(word)?.groups;
  if (found?.['metric']) {
    // A failed measurement says nothing about the measured value.
    if (found['phase'] === 'Error' || (!found['phase'] && run?.phase === 'Error')) return 'unmeasured';
    return OURS[found['metric']] ?? 'analysis';
  }
  if (ANALYSIS.test(word)) return run?.phase === 'Failed' ? 'analysis' : 'unmeasured';
  if (DEADLINE.test(word)) return 'deadline';
  return OTHERS.test(bare(word)) ? 'analysis' : 'hand';
}

/** Why it was stopped there: the failed analysis, otherwise the controller's own words. */
export function stoppedOf(
  rollout: Rollout,
  runs: readonly AnalysisRun[],
  target: string | null,
): StoppedThere | undefined {
  const word = rollout.abortWord;
  if (word === null || target === null || rollout.asked !== target) return undefined;
  const ended = runs.filter((r) => r.hash === target);
  const run =
    ended.find((r) => r.failed !== null) ?? ended.find((r) => ['Failed', 'Error'].includes(r.phase));
  const named = MEASURED.exec(word)?.groups?.['metric'];
  // A run that failed in an earlier attempt does not explain an abort by hand.
  const measured = run?.failed && run.failed.metric === named ? `; it said ${run.failed.said}` : '';
  return { by: byOf(word, run), note: `${word || 'aborted in the cluster'}${measured}` };
}
