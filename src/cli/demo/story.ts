import type { Chapter, Told } from './chapters.ts';
import type { ChapterResult } from './results.ts';
import { client, type Stage } from './stage.ts';
import { laneOf } from './steps.ts';

async function playOne(stage: Stage, chapter: Chapter, told: Told): Promise<ChapterResult> {
  stage.traffic.mark();
  const seen = await chapter.play(stage, told);
  const verified = await client(stage).get('/api/v1/ledger/verification');
  return {
    name: chapter.name,
    expected: chapter.expected,
    outcome: seen.outcome ?? 'nothing',
    secondsToVerdict: seen.secondsToVerdict ?? null,
    failedRequests: stage.traffic.sinceMark().failed,
    ledgerVerified: verified.ok,
    state: seen.state ?? (await laneOf(stage)).state,
    release: seen.release ?? null,
    decision: seen.decision ?? null,
    stages: seen.stages ?? [],
    sentence: seen.sentence ?? '',
  };
}

/** The whole story; what was seen so far stays in `results` if a chapter does not come to its end. */
export async function playAll(
  stage: Stage,
  chapters: readonly Chapter[],
  results: ChapterResult[],
): Promise<void> {
  const told: Told = { waiting: null, before: null, hold: null };
  for (const [i, chapter] of chapters.entries()) {
    stage.tell(`\n${i + 1}. ${chapter.story}.`);
    const result = await playOne(stage, chapter, told);
    results.push(result);
    if (result.stages.length === 0 || result.decision !== null) stage.tell(`   ${result.sentence}`);
  }
}
