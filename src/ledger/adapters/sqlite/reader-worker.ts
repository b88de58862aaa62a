import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../../kit/result.ts';
import type { HistoryQuery } from '../../history.ts';
import { LedgerUnavailable } from '../../port.ts';
import type { Range } from '../../ranges.ts';
import type { Walked, WalkStart } from '../../record.ts';
import { openReader, type Reader, walk } from './reader.ts';

/** What the reading thread is asked, and answers. */
export type ReaderQuestion = { readonly id: number } & (
  | { readonly what: 'page'; readonly query: HistoryQuery }
  | { readonly what: 'last' }
  | { readonly what: 'walk'; readonly range: Range; readonly start: WalkStart }
);
export type ReaderAnswer = { readonly id: number } & (
  | { readonly value: readonly string[] | number | Walked }
  | { readonly failure: { readonly code: LedgerUnavailable['code']; readonly message: string } }
);

const answer = async (reader: Reader, asked: ReaderQuestion) => {
  if (asked.what === 'page') return reader.page(asked.query);
  return asked.what === 'last' ? reader.last() : walk(reader, asked.range, asked.start);
};

function serve(port: NonNullable<typeof parentPort>, file: string): void {
  let reader: Reader | null = null;
  port.on('message', async (asked: ReaderQuestion) => {
    try {
      reader ??= openReader(file);
      const value = await answer(reader, asked);
      port.postMessage({ id: asked.id, value } satisfies ReaderAnswer);
    } catch (thrown) {
      const code = thrown instanceof LedgerUnavailable ? thrown.code : 'LEDGER_FAILED';
      port.postMessage({
        id: asked.id,
        failure: { code, message: messageOf(thrown) },
      } satisfies ReaderAnswer);
    }
  });
}

if (parentPort) serve(parentPort, workerData as string);
