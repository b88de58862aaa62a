import { sql } from 'kysely';
import { checkSchema, schemaOf } from './schema.ts';
import { headIn, type Writer } from './writer.ts';

/** No epoch is this one. */
const NO_EPOCH = '-1';

/** Begins or prolongs a lease; false: somebody else holds it. */
export async function lead(writer: Writer): Promise<boolean> {
  const { db, id, holder } = writer;
  // A newer version may have come while this one led: what it will write cannot be decided on here.
  checkSchema(await schemaOf(db));
  const epoch = writer.epoch ?? NO_EPOCH;
  const lease = `${writer.leaseMs} milliseconds`;
  // One statement: who already leads prolongs its epoch, anybody else begins one where the lease ran out.
  const { rows } = await sql<{ epoch: string; seq: string; hash: string }>`
      UPDATE sluice_ledgers SET
        epoch = CASE WHEN epoch = ${epoch}::bigint THEN epoch ELSE epoch + 1 END,
        holder = ${holder}, until = clock_timestamp() + ${lease}::interval
      WHERE id = ${id} AND (epoch = ${epoch}::bigint OR until < clock_timestamp())
      RETURNING epoch, seq, hash`.execute(db);
  const [row] = rows;
  if (!row) {
    writer.epoch = null;
    return false;
  }
  if (row.epoch !== writer.epoch) {
    writer.known = headIn(row);
    writer.doubted = null;
  }
  writer.epoch = row.epoch;
  return true;
}

/** Gives the lease back, so that the next one need not wait; killed, it runs out. */
export async function release(writer: Writer): Promise<void> {
  const { db, id, epoch } = writer;
  if (epoch !== null)
    await db
      .updateTable('sluice_ledgers')
      .set({ until: new Date(0) })
      .where('id', '=', id)
      .where('epoch', '=', epoch)
      .execute()
      .catch(() => undefined);
  writer.epoch = null;
}
