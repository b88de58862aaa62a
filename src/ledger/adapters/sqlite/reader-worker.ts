import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../../kit/result.ts';
import type { HistoryQuery } from '../../history.ts';
import { LedgerUnavailable } from '../../port.ts';
import { createVerifier, type Verification } from '../../record.ts';
import { openReader, type Reader } from './reader.ts';

/** What the reading thread is asked, and answers. */
export type Asked = { readonly id: number } & (
  | { readonly what: 'page'; readonly query: HistoryQuery }
  | { readonly what: 'verify' }
);
export type Answered = { readonly id: number } & (
  | { readonly value: readonly string[] | Verification }
  | { readonly failure: { readonly code: LedgerUnavailable['code']; readonly message: string } }
);

const VERIFIED_AT_ONCE = 500;

/** The whole chain; pages that are asked for meanwhile come between. */
async function verify(reader: Reader): Promise<Verification> {
  const verifier = createVerifier();
  for (let seq = 0; ; ) {
    const rows = reader.after(seq, VERIFIED_AT_ONCE);
    for (const { text } of rows) verifier.take(text);
    const last = rows.at(-1);
    if (!last || rows.length < VERIFIED_AT_ONCE) return verifier.result();
    seq = last.seq;
    await setImmediate();
  }
}

function serve(port: NonNullable<typeof parentPort>, file: string): void {
  let reader: Reader | null = null;
  port.on('message', async (asked: Asked) => {
    try {
      reader ??= openReader(file);
      const value = asked.what === 'page' ? reader.page(asked.query) : await verify(reader);
      port.postMessage({ id: asked.id, value } satisfies Answered);
    } catch (thrown) {
      const code = thrown instanceof LedgerUnavailable ? thrown.code : 'LEDGER_FAILED';
      port.postMessage({ id: asked.id, failure: { code, message: messageOf(thrown) } } satisfies Answered);
    }
  });
}

if (parentPort) serve(parentPort, workerData as string);
