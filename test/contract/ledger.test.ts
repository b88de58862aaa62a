import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/kit/random.ts';
import { postgresLedger } from '../../src/ledger/adapters/postgres/ledger.ts';
import type { SharedLedger } from '../../src/ledger/port.ts';
import { verifyChain } from '../../src/ledger/record.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { until } from '../wait.ts';
import { entry, ledgerContract } from './ledger/contract.ts';
import { journalContract } from './ledger/journal-contract.ts';

let postgres: Postgres;
let ledgers = 0;
const open: SharedLedger[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close().catch(() => undefined);
});
afterAll(async () => {
  await postgres?.stop();
});

const fresh = () => `t${++ledgers}`;
const server = async (id: string, holder: string, leaseMs?: number): Promise<SharedLedger> => {
  const ledger = await postgresLedger({ url: postgres.url, id, holder, ...(leaseMs ? { leaseMs } : {}) });
  open.push(ledger);
  return ledger;
};
const leading = async (id = fresh(), holder = 'one', leaseMs?: number) => {
  const ledger = await server(id, holder, leaseMs);
  expect(await ledger.lead()).toBe(true);
  return ledger;
};

ledgerContract('PostgreSQL', () => leading());
journalContract('PostgreSQL', () => leading());

/** A way to the database that falls silent after a statement passed, as a cut network does: nothing is closed. */
async function cuttable(
  url: string,
): Promise<{ readonly url: string; cutAfter(statement: string): void; close(): void }> {
  const target = new URL(url);
  const port = Number(target.port);
  const sockets: Socket[] = [];
  let last: string | null = null;
  let cut = false;
  const listener = createServer((near) => {
    const far = connect(port, target.hostname);
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('data', (bytes) => {
      if (cut) return;
      far.write(bytes);
      cut = last !== null && bytes.includes(last);
    });
    far.on('data', (bytes) => cut || near.write(bytes));
  });
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
  target.port = String((listener.address() as AddressInfo).port);
  return {
    url: target.href,
    cutAfter: (statement) => {
      last = statement;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

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
  }, 30_000);

  it('LEDGER-10: a writer that says nothing more is replaced within ten seconds, and writes nothing from then on', async () => {
    const id = fresh();
    const one = await leading(id, 'one');
    await one.append([entry(1)]);
    const two = await server(id, 'two');
    const begun = performance.now();
    await until('the other leads', 15_000, () => two.lead());
    expect(performance.now() - begun).toBeLessThan(10_000);
    await two.append([entry(2)]);
    // It was only slow, and wakes up: its epoch is over.
    await expect(one.append([entry(3)])).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    expect(await one.lead()).toBe(false);
    expect((await two.read()).map((r) => r.seq)).toEqual([1, 2]);
    expect(verifyChain(await two.texts()).ok).toBe(true);
  }, 30_000);

  it('LEDGER-10: a writer that is cut off in the middle of an append is replaced as quickly', async () => {
    const id = fresh();
    const way = await cuttable(postgres.url);
    const one = await postgresLedger({ url: way.url, id, holder: 'one' });
    try {
      expect(await one.lead()).toBe(true);
      // The row is locked for the append, and nobody ever hears of it again: not even that the connection ended.
      way.cutAfter('for update');
      const appended = one.append([entry(1)]).catch((error: Error) => error);
      const two = await server(id, 'two');
      const begun = performance.now();
      await until('the other leads', 15_000, () => two.lead());
      expect(performance.now() - begun).toBeLessThan(10_000);
      await two.append([entry(2)]);
      expect(await appended).toMatchObject({ name: 'LedgerUnavailable' });
      expect(await two.read()).toMatchObject([{ seq: 1, data: { i: 2 } }]);
    } finally {
      way.close();
      await one.close().catch(() => undefined);
    }
  }, 40_000);

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
      message: expect.stringContaining('never heard'),
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
  }, 60_000);

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
      const all = await Promise.all(['a', 'b', 'c'].map((holder) => server(id, holder, 40)));
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
        // Long enough for some leases to run out, and some not.
        if (random.next() < 0.2) await until('some time', 10_000, () => random.next() < 0.5);
      }
      const found = (await all[0]!.read()).map((r) => (r.data as { mark: string }).mark);
      expect(found).toEqual(written);
      expect(written.length).toBeGreaterThan(5);
      expect(verifyChain(await all[0]!.texts()).ok).toBe(true);
    },
    60_000,
  );
});
