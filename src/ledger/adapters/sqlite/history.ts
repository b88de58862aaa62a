import { Worker } from 'node:worker_threads';
import { chunksOf, type History, singleFlight } from '../../history.ts';
import { LedgerUnavailable } from '../../port.ts';
import { createVerifier, type Verification } from '../../record.ts';
import { openReader } from './reader.ts';
import type { Answered, Asked } from './reader-worker.ts';

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}
type Question = Asked extends infer A ? (A extends Asked ? Omit<A, 'id'> : never) : never;

/** Sources run as they are; what is bundled for an image stands beside the bundle. */
const workerUrl = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.mjs', import.meta.url);

/** The history of a file, read in place: for a process that has nothing else to do. */
export function historyHere(file: string): History {
  const reader = openReader(file);
  const history: History = {
    page: async (query) => reader.page(query),
    verify: singleFlight(async () => {
      const verifier = createVerifier();
      for await (const texts of chunksOf(history)) for (const text of texts) verifier.take(text);
      return verifier.result();
    }),
    close: async () => reader.close(),
  };
  return history;
}

/** The history of a file, read in a thread of its own that begins at the first question. */
export function sqliteHistory(file: string): History {
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
    const made = new Worker(workerUrl(), { workerData: file });
    made.on('message', (answer: Answered) => {
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
  const ask = <T>(question: Question): Promise<T> =>
    new Promise((resolve, reject) => {
      worker ??= begin();
      const id = ++asked;
      waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ ...question, id } as Asked);
    });

  return {
    page: (query) => ask<readonly string[]>({ what: 'page', query }),
    verify: singleFlight(() => ask<Verification>({ what: 'verify' })),
    close: async () => void (await worker?.terminate()),
  };
}
