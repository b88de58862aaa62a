import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { postgresLedger } from '../../../src/ledger/adapters/postgres/ledger.ts';
import { type Journal, openJournal } from '../../../src/ledger/journal.ts';
import type { SharedLedger } from '../../../src/ledger/port.ts';
import { verifyChain } from '../../../src/ledger/record.ts';
import { entry } from '../../contract/ledger/contract.ts';
import { seenFold } from '../../contract/ledger/journal-contract.ts';
import { type Postgres, startPostgres } from '../../postgres.ts';
import { until } from '../../wait.ts';
import { rowsOf } from './table.ts';

let postgres: Postgres;
let ledgers = 0;
const closing: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(async () => {
  await postgres?.stop();
});

/** A way to the database on which one connection may be cut as a statement passes it; new ones are let through. */
async function way(url: string) {
  const target = new URL(url);
  const [host, port] = [target.hostname, Number(target.port)];
  const sockets: Socket[] = [];
  let trap: { readonly statement: string; readonly passes: boolean; readonly silent: boolean } | null = null;
  const listener = createServer((near) => {
    const far = connect(port, host);
    let dead = false;
    sockets.push(near, far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => dead || other.destroy());
    }
    near.on('data', (bytes) => {
      if (dead) return;
      const caught = trap !== null && bytes.includes(trap.statement) ? trap : null;
      if (!caught || caught.passes) far.write(bytes);
      if (!caught) return;
      trap = null;
      dead = true;
      if (!caught.silent) near.destroy();
      if (!caught.passes) far.destroy();
    });
    far.on('data', (bytes) => dead || near.write(bytes));
  });
  await new Promise<void>((done) => void listener.listen(0, '127.0.0.1', () => done()));
  target.port = String((listener.address() as AddressInfo).port);
  return {
    url: target.href,
    /** The next connection on which this is said ends there: after it was passed on or before, with a word or without. */
    cutAt(statement: string, how: { passes: boolean; silent: boolean }) {
      trap = { statement, ...how };
    },
    close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

async function leading(url = postgres.url): Promise<Journal & SharedLedger> {
  const ledger = await postgresLedger({ url, id: `f${++ledgers}`, holder: 'one', leaseMs: 120_000 });
  expect(await ledger.lead()).toBe(true);
  const journal = (await openJournal(ledger, [seenFold])) as Journal & SharedLedger;
  closing.push(() => journal.close().catch(() => undefined));
  return journal;
}

const marksIn = async (journal: Journal) => (await journal.read()).map((r) => (r.data as { i: number }).i);

/** Decides as a tick does: from what the folds hold, one record of this number, until there is one. */
const decided = (journal: Journal, i: number) =>
  until(`record ${i} is written`, 60_000, async () => {
    const subject = i % 2 ? 'odd' : 'even';
    if (journal.state(seenFold).get(subject)) return true;
    await journal.append([entry(i)]);
    return true;
  });

async function writtenOnce(journal: Journal): Promise<void> {
  await decided(journal, 1);
  await decided(journal, 2);
  expect(await marksIn(journal)).toEqual([1, 2]);
  expect(verifyChain(await journal.texts()).ok).toBe(true);
}

/** The connection of an append is cut at a statement; the same is decided again until it is on record. */
const cutAt = (statement: string, how: { passes: boolean; silent: boolean }) => async () => {
  const cuttable = await way(postgres.url);
  closing.push(() => cuttable.close());
  const journal = await leading(cuttable.url);
  cuttable.cutAt(statement, how);
  await expect(journal.append([entry(1)])).rejects.toMatchObject({ name: 'LedgerUnavailable' });
  await writtenOnce(journal);
};

async function restarted(): Promise<void> {
  const journal = await leading();
  await postgres.kill();
  await expect(journal.append([entry(1)])).rejects.toMatchObject({ name: 'LedgerUnavailable' });
  await postgres.start();
  await writtenOnce(journal);
}

async function exhausted(): Promise<void> {
  const journal = await leading();
  // Its idle connections are gone, so that it has to ask for one.
  await postgres.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sluice%'",
  );
  const [{ n }] = (await postgres.query("SELECT current_setting('max_connections')::int AS n")) as [
    { n: number },
  ];
  const others: pg.Client[] = [];
  try {
    for (let i = 0; i < n; i++) {
      const client = new pg.Client({ connectionString: postgres.url });
      client.on('error', () => undefined);
      const there = await client.connect().then(
        () => true,
        () => false,
      );
      if (!there) break;
      others.push(client);
    }
    const refused = await until('it is refused', 30_000, () =>
      journal.append([entry(1)]).then(
        () => false as const,
        (thrown: { code: string }) => thrown.code === 'LEDGER_FULL' && thrown,
      ),
    );
    expect(refused).toMatchObject({ name: 'LedgerUnavailable' });
  } finally {
    await Promise.all(others.map((client) => client.end()));
  }
  await writtenOnce(journal);
}

async function standby(): Promise<void> {
  const journal = await leading();
  await postgres.query('ALTER SYSTEM SET default_transaction_read_only = on');
  await postgres.query('SELECT pg_reload_conf()');
  try {
    await until('it refuses', 30_000, () =>
      journal.append([entry(7, { subject: 'before' })]).then(
        () => false as const,
        (thrown: { code: string }) => thrown.code === 'LEDGER_READ_ONLY',
      ),
    );
    const before = (await journal.head()).seq;
    await expect(journal.append([entry(1)])).rejects.toMatchObject({
      code: 'LEDGER_READ_ONLY',
      next: expect.stringContaining('writable'),
    });
    expect((await journal.head()).seq).toBe(before);
  } finally {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('SET default_transaction_read_only = off');
    await client.query('ALTER SYSTEM RESET default_transaction_read_only');
    await client.query('SELECT pg_reload_conf()');
    await client.end();
  }
  await decided(journal, 1);
  await decided(journal, 2);
  expect((await marksIn(journal)).filter((i) => i !== 7)).toEqual([1, 2]);
}

const TRIALS: Readonly<Record<string, () => Promise<void>>> = {
  restarted,
  exhausted,
  standby,
  cutBefore: cutAt('insert into', { passes: false, silent: false }),
  cutAtCommit: cutAt('commit', { passes: false, silent: false }),
  answerLost: cutAt('commit', { passes: true, silent: false }),
  silentAtCommit: cutAt('commit', { passes: true, silent: true }),
  silentInTheMiddle: cutAt('insert into', { passes: false, silent: true }),
};

describe('PostgreSQL below a ledger', () => {
  it('LEDGER-27: a connection on which no answer came is dropped: the next query has one of its own', async () => {
    const cuttable = await way(postgres.url);
    closing.push(() => cuttable.close());
    const journal = await leading(cuttable.url);
    cuttable.cutAt('UPDATE sluice_ledgers', { passes: false, silent: true });
    await expect(journal.lead()).rejects.toMatchObject({ name: 'LedgerUnavailable' });
    // Not behind the query that is lost, where every later one would wait for nothing as well.
    expect(await journal.lead()).toBe(true);
  });

  it.each(rowsOf('postgres', TRIALS))('FAULT-4: %s: %s', (_fault, _outcome, trial) => trial());
});
