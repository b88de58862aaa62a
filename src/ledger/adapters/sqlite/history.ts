import { Worker } from 'node:worker_threads';
import { type History, type HistoryQuery, singleFlight } from '../../history.ts';
import { LedgerUnavailable } from '../../port.ts';
import { type Range, rangesOf, verifyRanges } from '../../ranges.ts';
import type { Verification, Walked } from '../../record.ts';
import { openReader, walk } from './reader.ts';
import type { ReaderAnswer, ReaderQuestion } from './reader-worker.ts';

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}
type Question = ReaderQuestion extends infer A ? (A extends ReaderQuestion ? Omit<A, 'id'> : never) : never;

/** Sources run as they are; what is bundled for an image stands beside the bundle. */
const workerUrl = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.mjs', import.meta.url);

/** The history of a file, read in place: for a process that has nothing else to do. */
export function historyHere(file: string): History {
  const reader = openReader(file);
  const whole: Range = { after: 0, until: null };
  return {
    page: async (query) => reader.page(query),
    verify: singleFlight(() => verifyRanges([whole], (range, start) => walk(reader, range, start))),
    close: async () => reader.close(),
  };
}

/** A thread that reads a file; it begins at the first question. */
function readingThread(file: string) {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | null = null;
  let asked = 0;

  /** Whoever waits is told; the next question begins another thread. */
  const ended = (of: Worker, why: string): void => {
    if (worker === of) worker = null;
    const all = [...waiting.values()];
    waiting.clear();
    for (const { reject } of all) reject(new LedgerUnavailable('LEDGER_FAILED', why));
  };
  const begin = (): Worker => {
    // Node 22 says of its SQLite that it may change; a thread says so again.
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    const made = new Worker(workerUrl(), { workerData: file, execArgv });
    made.on('message', (answer: ReaderAnswer) => {
      const question = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) made.unref();
      if ('value' in answer) question?.resolve(answer.value as never);
      else question?.reject(new LedgerUnavailable(answer.failure.code, answer.failure.message));
    });
    made.on('error', (error) => ended(made, `the thread that reads the ledger failed: ${error.message}`));
    made.on('exit', () => ended(made, 'the thread that reads the ledger ended'));
    return made;
  };
  return {
    ask: <T>(question: Question): Promise<T> =>
      new Promise((resolve, reject) => {
        worker ??= begin();
        const id = ++asked;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ ...question, id } as ReaderQuestion);
      }),
    end: async () => void (await worker?.terminate()),
  };
}

/**
 * The history of a file, read in a thread of its own. A long chain is verified half by half, the second one in a thread
 * that ends with it.
 */
export function sqliteHistory(file: string): History {
  const [reading, beside] = [readingThread(file), readingThread(file)];
  const page = (query: HistoryQuery) => reading.ask<readonly string[]>({ what: 'page', query });
  const verify = async (): Promise<Verification> => {
    const last = await reading.ask<number>({ what: 'last' });
    try {
      return await verifyRanges(rangesOf(last, 2), (range, start) =>
        (range.after === 0 ? reading : beside).ask<Walked>({ what: 'walk', range, start }),
      );
    } finally {
      await beside.end();
    }
  };
  return {
    page,
    verify: singleFlight(verify),
    close: async () => {
      await Promise.all([reading.end(), beside.end()]);
    },
  };
}
