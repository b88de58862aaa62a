import { join } from 'node:path';
import { sqliteLedger } from '../src/ledger/adapters/sqlite/ledger.ts';
import type { LedgerRecord } from '../src/ledger/record.ts';

/** A work folder's ledger with these records, chained anew; its head. */
export async function writeLedger(work: string, id: string, records: readonly LedgerRecord[]) {
  const ledger = await sqliteLedger({ file: join(work, 'ledger.sqlite'), id });
  await ledger.append(
    records.map(({ at, type, v, subject, actor, cause, data }) => ({
      at,
      type,
      v,
      subject,
      actor,
      cause,
      data,
    })),
  );
  const head = await ledger.head();
  await ledger.close();
  return head;
}
