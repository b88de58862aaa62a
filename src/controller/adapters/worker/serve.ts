import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { Platform } from '../../../declaration/platform.ts';
import { messageOf } from '../../../kit/result.ts';
import { doReading, type ReadingJob } from '../../gate/reading.ts';
import { ROLE, type ThreadWord } from './thread.ts';

/** Whether this is the thread that reads pull requests. */
export const isReadingThread = (): boolean =>
  !isMainThread && (workerData as { role?: unknown } | null)?.role === ROLE;

/** Does jobs as they come: plain data in, plain data out. */
export function serveReading(): void {
  const { data: platform } = workerData as { data: Platform };
  const say = (word: ThreadWord) => parentPort!.postMessage(word);
  parentPort!.on('message', (job: ReadingJob) => {
    try {
      say({ value: doReading(platform, job) });
    } catch (thrown) {
      say({ thrown: messageOf(thrown) });
    }
  });
  say({ ready: true });
}
