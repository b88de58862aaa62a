import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/kit/random.ts';
import { postgresLedger } from '../../src/ledger/adapters/postgres/ledger.ts';
import type { SharedLedger } from '../../src/ledger/port.ts';
import { verifyChain } from '../../src/ledger/record.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { until } from '../wait.ts';
import { entry, ledgerContract } from './ledger/contract.ts';
import { cuttable } from './ledger/cuttable.ts';
import { journalContract } from './ledger/journal-contract.ts';

let postgres: Postgres;
let ledgers = 0;
const open: SharedLedger[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close().catch(() => undefined);
});
afterAll(async () => {
  await postgres?.stop();
});

const fresh = () => `t${++ledgers}`;
const server = async (id: string, holder: string): Promise<SharedLedger> => {
  const ledger = await postgresLedger({ url: postgres.url, id, holder });
  open.push(ledger);
  return ledger;
};
const leading = async (id = fresh(), holder = 'one') => {
  const ledger = await server(id, holder);
  expect(await ledger.lead()).toBe(true);
  return ledger;
};

ledgerContract('PostgreSQL', () => leading());
journalContract('PostgreSQL', () => leading());

describe('a ledger that servers share', () => {
  it('LEDGER-10: one writes; the others read what it wrote, and write nothing', async () => {
    const id = fresh();
    const one = await leading(id, 'one');
    const two = await server(id, 'two');
    await one.append([entry(1), entry(2)]);
    expect(await two.lead()).toBe(false);
    expect(await two.leader()).toBe('one');
    expect(await two.read()).toEqual(await one.read());
    await expect(two.append([entry(3)])).rejects.toMatchObject({
      name: 'LedgerUnavailable',
      code: 'LEDGER_LOCKED',
      message: expect.stringContaining('one writes ledger'),
    });
    expect(await one.head()).toMatchObject({ seq: 2 });
  });

  it('LEDGER-10: of many that ask at the same moment one leads', async () => {
    const id = fresh();
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => server(id, `s${i}`)));
    const led = await Promise.all(all.map((l) => l.lead()));
    expect(led.filter(Boolean)).toHaveLength(1);
  });

  it('LEDGER-10: a writer that says nothing more is replaced, and writes nothing from then on', async () => {
    const id = fresh();
    const one = await leading(id, 'one');
    await one.append([entry(1)]);
    const two = await server(id, 'two');
    await until('the other leads', 15_000, () => two.lead());
    await two.append([entry(2)]);
    // It was only slow, and wakes up: its epoch is over.
    await expect(one.append([entry(3)])).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    expect(await one.lead()).toBe(false);
    expect((await two.read()).map((r) => r.seq)).toEqual([1, 2]);
    expect(verifyChain(await two.texts()).ok).toBe(true);
  });

  it('LEDGER-10: a writer that is cut off in the middle of an append is replaced as well', async () => {
    const id = fresh();
    const way = await cuttable(postgres.url);
    const one = await postgresLedger({ url: way.url, id, holder: 'one' });
    try {
      expect(await one.lead()).toBe(true);
      // The row is locked for the append, and nobody ever hears of it again: not even that the connection ended.
      way.cutAfter('for update');
      const appended = one.append([entry(1)]).catch((error: Error) => error);
      const two = await server(id, 'two');
      await until('the other leads', 15_000, () => two.lead());
      await two.append([entry(2)]);
      expect(await appended).toMatchObject({ name: 'LedgerUnavailable' });
      expect(await two.read()).toMatchObject([{ seq: 1, data: { i: 2 } }]);
    } finally {
      way.close();
      await one.close().catch(() => undefined);
    }
  });

  it('LEDGER-10: a writer that ends gives its place back at once', async () => {
    const id = fresh();
    const one = await leading(id, 'one');
    await one.close();
    const two = await server(id, 'two');
    expect(await two.lead()).toBe(true);
  });

  it('LEDGER-11: records that a writer never heard of stop it: it has to begin anew', async () => {
    const id = fresh();
    const one = await leading(id, 'one');
    await one.append([entry(1)]);
    // As a commit whose answer was lost would leave it.
    await postgres.query(`UPDATE sluice_ledgers SET seq = 2, hash = 'x' WHERE id = '${id}'`);
    await expect(one.append([entry(2)])).rejects.toMatchObject({
      code: 'LEDGER_FAILED',
      message: expect.stringContaining('did not know of'),
    });
  });

  it('LEDGER-11: the database ends as in a power cut: refused while it is away, whole when it is back', async () => {
    const id = fresh();
    const one = await leading(id, 'one');
    await one.append([entry(1)]);
    await postgres.kill();
    await expect(one.append([entry(2)])).rejects.toMatchObject({
      name: 'LedgerUnavailable',
      code: 'LEDGER_FAILED',
    });
    await expect(one.read()).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    await postgres.start();
    await until('it leads again', 20_000, () => one.lead().catch(() => false));
    await one.append([entry(3)]);
    expect(await one.read()).toMatchObject([{ seq: 1 }, { seq: 2, data: { i: 3 } }]);
    expect(verifyChain(await one.texts()).ok).toBe(true);
  });

  it('LEDGER-12: the schema is made once, whoever comes first; a newer one is refused, and ends leading', async () => {
    const ids = Array.from({ length: 6 }, fresh);
    await Promise.all(ids.map((id) => server(id, 'x')));
    const leader = await leading();
    const [row] = await postgres.query('SELECT version FROM sluice_schema');
    await postgres.query('UPDATE sluice_schema SET version = 99');
    try {
      await expect(server(fresh(), 'old')).rejects.toMatchObject({
        code: 'LEDGER_NEWER',
        message: expect.stringContaining('run that one'),
      });
      await expect(leader.lead()).rejects.toMatchObject({ code: 'LEDGER_NEWER' });
    } finally {
      await postgres.query(`UPDATE sluice_schema SET version = ${row!['version']}`);
    }
  });

  it.each([1, 2, 3])(
    'LEDGER-10: whoever leads when, nothing is lost, doubled or out of order (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const id = fresh();
      const all = await Promise.all(['a', 'b', 'c'].map((holder) => server(id, holder)));
      const written: string[] = [];
      let n = 0;
      for (let i = 0; i < 120; i++) {
        const who = all[Math.floor(random.next() * all.length)]!;
        if (random.next() < 0.4) await who.lead();
        else {
          const mark = `${seed}-${n++}`;
          await who.append([entry(i, { data: { mark } })]).then(
            () => written.push(mark),
            (error: { code: string }) => expect(error.code).toBe('LEDGER_LOCKED'),
          );
        }
        // Time that a lease takes to run out goes by, by the database's own clock.
        if (random.next() < 0.2)
          await postgres.query(`UPDATE sluice_ledgers SET until = to_timestamp(0) WHERE id = '${id}'`);
      }
      const found = (await all[0]!.read()).map((r) => (r.data as { mark: string }).mark);
      expect(found).toEqual(written);
      expect(written.length).toBeGreaterThan(5);
      expect(verifyChain(await all[0]!.texts()).ok).toBe(true);
    },
  );
});
