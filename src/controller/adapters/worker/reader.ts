import type { Platform } from '../../../declaration/platform.ts';
import { createThread, type ThreadLimits, type ThreadRefusal } from '../../../io/thread.ts';
import { sha256 } from '../../../kit/digest.ts';
import type { Result } from '../../../kit/result.ts';
import { type PullReader, type ReadingJob, readerOver } from '../../gate/reading.ts';
import { READING } from './serve.ts';

export interface WorkerReaderOptions {
  /** What the threads run; the file beside this one where left out. */
  readonly entry?: string | URL;
  readonly limits?: Partial<ThreadLimits>;
}

const LIMITS: ThreadLimits = {
  cpuMs: 10_000,
  timeMs: 120_000,
  memoryMb: 512,
  waiting: 100,
  idleMs: 60_000,
};
/** The same content is read once, whoever asks; a refusal is kept for a while, since it may have been the machine's. */
const KEPT = 200;
const REFUSAL_KEPT_MS = 600_000;

/** The sources run as they are; an image holds the thread's code as a bundle of its own. */
const ownEntry = (): URL =>
  new URL(`./reading-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'mjs'}`, import.meta.url);

interface Kept {
  readonly answer: Promise<Result<unknown, ThreadRefusal>>;
  readonly until: number;
}

/** Answers by content, the oldest forgotten first. */
function remembering(run: (job: ReadingJob) => Promise<Result<unknown, ThreadRefusal>>) {
  const kept = new Map<string, Kept>();
  return async (job: ReadingJob): Promise<Result<unknown, ThreadRefusal>> => {
    const key = sha256(JSON.stringify(job));
    const known = kept.get(key);
    if (known && performance.now() < known.until) return known.answer;
    const answer = run(job);
    kept.delete(key);
    kept.set(key, { answer, until: Number.POSITIVE_INFINITY });
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest);
    const result = await answer;
    if (!result.ok && result.error.kind === 'busy') kept.delete(key);
    else if (!result.ok) kept.set(key, { answer, until: performance.now() + REFUSAL_KEPT_MS });
    return result;
  };
}

/**
 * Reads what pull requests bring on threads of its own: one for declarations, and one for desired-state files, which a
 * declaration that takes long must not hold up.
 */
export function workerReader(platform: Platform, options: WorkerReaderOptions = {}): PullReader {
  const { entry = ownEntry() } = options;
  const limits = { ...LIMITS, ...options.limits };
  const shared = { entry, role: READING, doing: 'reading it', limits };
  const threads = {
    declaration: createThread({ ...shared, data: { ...platform } }),
    desired: createThread({ ...shared, data: null }),
  };
  return readerOver(
    remembering((job) => threads[job.kind].run(job)),
    async () => {
      await Promise.all(Object.values(threads).map((thread) => thread.close()));
    },
  );
}
