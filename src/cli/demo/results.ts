import type { PullView } from '../../api/governance.ts';
import type { ReleaseView } from '../../api/views.ts';

/** How a version fared in one environment. */
export interface StageResult {
  readonly environment: string;
  readonly release: string;
  readonly outcome: string;
  readonly pull: number | null;
  /** What the load test said, where one ran. */
  readonly load: string | null;
}

export interface ChapterResult {
  readonly name: string;
  readonly expected: string;
  readonly outcome: string;
  readonly secondsToVerdict: number | null;
  readonly failedRequests: number;
  readonly ledgerVerified: boolean;
  readonly state: string;
  readonly release: string | null;
  readonly decision: string | null;
  readonly stages: readonly StageResult[];
  /** What was seen, in one sentence. */
  readonly sentence: string;
}

/** How a release ended; null: it is under way. */
export function outcomeOf(release: ReleaseView): 'promoted' | 'rolled back' | null {
  if (release.state === 'Stable' && release.path.some((m) => m.to === 'Promote')) return 'promoted';
  return release.path.some((m) => m.from === 'Rollback') ? 'rolled back' : null;
}

export const stageResult = (release: ReleaseView, pull: PullView | null): StageResult => ({
  environment: release.environment,
  release: release.id,
  outcome: outcomeOf(release) ?? 'nothing',
  pull: pull?.number ?? null,
  load: release.loads.at(-1)?.sentence ?? null,
});

/** What a release shows of a chapter. */
export function ofRelease(release: ReleaseView, stages: readonly StageResult[]): Partial<ChapterResult> {
  const first = release.steps[0]?.confirmedAt ?? null;
  const end = release.path.find((m) => m.to === 'Promote' || m.to === 'Abort')?.at ?? null;
  return {
    outcome: outcomeOf(release) ?? 'nothing',
    secondsToVerdict: first !== null && end !== null ? Math.round((end - first) / 100) / 10 : null,
    state: release.state,
    release: release.id,
    sentence: release.sentence,
    stages,
  };
}

export const ofDecision = (pull: PullView): Partial<ChapterResult> => ({
  decision: pull.decision,
  sentence: `#${pull.number}: ${pull.sentence}`,
});
