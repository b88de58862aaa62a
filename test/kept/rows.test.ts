import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { FILES, write } from './files.ts';
import { openPostgres, verifyChain } from './folds.ts';
import { databaseOf, emptySchema, ledgerIn, recordsIn, rowsAt, storedRows } from './rows.ts';

/** More than ten: as text, the tenth comes before the second. */
const RECORDS = 12;
let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const entryOf = (n: number) => ({
  at: n,
  type: 'kept',
  v: 1,
  subject: 'kept',
  actor: { id: 'kept', kind: 'machine' },
  cause: null,
  data: { n },
});

describe('rows of PostgreSQL', () => {
  it('KEPT-1: what is kept of a database is loaded into another one as it was stored, and goes on there', async () => {
    const folder = temporaryFolder('rows');
    write(join(folder, FILES.schema), await emptySchema(postgres.url));
    const ledger = await openPostgres(postgres.url, 'kept');
    await ledger.lead();
    for (let n = 1; n <= RECORDS; n++) await ledger.append([entryOf(n)]);
    const texts = await ledger.texts();
    await ledger.close();
    const rows = (await storedRows(postgres.query)).filter(
      ({ table, row }) => table !== 'sluice_ledgers' || row['id'] === 'kept',
    );
    expect(recordsIn(rows).map((r) => r.seq)).toEqual(Array.from({ length: RECORDS }, (_, i) => i + 1));
    write(join(folder, FILES.rows), `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
    expect(ledgerIn(folder)).toBe('kept');

    const url = await databaseOf(postgres.url, folder);
    expect(await rowsAt(url)).toEqual(rows);
    const loaded = await openPostgres(url, 'kept');
    expect(await loaded.texts()).toEqual(texts);
    await loaded.lead();
    await loaded.append([entryOf(RECORDS + 1)]);
    expect(verifyChain(await loaded.texts())).toMatchObject({ ok: true, records: RECORDS + 1 });
    await loaded.close();
  });
});
