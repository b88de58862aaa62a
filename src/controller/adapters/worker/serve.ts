import type { Platform } from '../../../declaration/platform.ts';
import { isThreadOf, serveThread } from '../../../io/thread.ts';
import { doReading, type ReadingJob } from '../../gate/reading.ts';

export const READING = 'sluice-reading';

/** Whether this is the thread that reads pull requests. */
export const isReadingThread = (): boolean => isThreadOf(READING);

export const serveReading = (): void =>
  serveThread((platform) => (job) => doReading(platform as Platform, job as ReadingJob));
