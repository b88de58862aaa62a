import type { SourceFile } from '../../declaration/documents.ts';
import type { Platform } from '../../declaration/platform.ts';
import type { Revision } from '../../delivery/events.ts';
import { DESIRED_LIMITS, parseDesired } from '../../gitops/desired.ts';
import type { ThreadRefusal } from '../../io/thread.ts';
import { problemLine } from '../../kit/problem.ts';
import { fail, mapOk, ok, type Result } from '../../kit/result.ts';
import { type DeclarationFacts, declarationFactsOf, toldProblems } from './declaration-changes.ts';

/**
 * Reads what pull requests bring: anybody's bytes. Where a server decides on releases they are read on another thread,
 * within limits of time and memory, so that no pull request can hold up a decision.
 */
export interface PullReader {
  /** What the declaration that these files make would change. */
  declaration(files: readonly SourceFile[]): Promise<Result<DeclarationFacts, ThreadRefusal>>;
  /** What a desired-state file asks for, or what is wrong with it. */
  desired(
    file: string,
    text: string,
    service: string,
  ): Promise<Result<Result<Revision, readonly string[]>, ThreadRefusal>>;
  close(): Promise<void>;
}

/** One thing to read, as plain data. */
export type ReadingJob =
  | { readonly kind: 'declaration'; readonly files: readonly SourceFile[] }
  | { readonly kind: 'desired'; readonly file: string; readonly text: string; readonly service: string };

const desiredOf = (file: string, text: string, service: string): Result<Revision, readonly string[]> => {
  const parsed = parseDesired(file, text, service);
  return parsed.ok ? parsed : fail(toldProblems(parsed.error.map(problemLine)));
};

/** Does a job, wherever that is. Plain data in, plain data out. */
export const doReading = (platform: Platform, job: ReadingJob): unknown =>
  job.kind === 'declaration'
    ? declarationFactsOf(platform, job.files)
    : desiredOf(job.file, job.text, job.service);

/** A reader over something that does jobs. */
export function readerOver(
  run: (job: ReadingJob) => Promise<Result<unknown, ThreadRefusal>>,
  close: () => Promise<void>,
): PullReader {
  return {
    declaration: async (files) =>
      mapOk(await run({ kind: 'declaration', files }), (value) => value as DeclarationFacts),
    desired: async (file, text, service) => {
      // A text over its limit is refused without being read: it is not even handed on.
      if (text.length > DESIRED_LIMITS.characters) return ok(desiredOf(file, text, service));
      return mapOk(
        await run({ kind: 'desired', file, text, service }),
        (value) => value as Result<Revision, readonly string[]>,
      );
    },
    close,
  };
}

/** Reads on this thread: for tests, and for files that are trusted. */
export const readerHere = (platform: Platform): PullReader =>
  readerOver(
    async (job) => ok(doReading(platform, job)),
    async () => {},
  );
