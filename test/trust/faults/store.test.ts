import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAtomic } from '../../../src/io/files.ts';
import { sqliteLedger } from '../../../src/ledger/adapters/sqlite/ledger.ts';
import { type Journal, openJournal } from '../../../src/ledger/journal.ts';
import { verifyChain } from '../../../src/ledger/record.ts';
import { entry } from '../../contract/ledger/contract.ts';
import { seenFold } from '../../contract/ledger/journal-contract.ts';
import { temporaryFolder } from '../../folder.ts';
import { until } from '../../wait.ts';
import { fullDisk } from './limits.ts';
import { rowsOf } from './table.ts';

const BIG = { text: 'x'.repeat(20_000) };
const folder = () => temporaryFolder('store');
const fileIn = (work: string) => join(work, 'ledger.sqlite');
const open = async (file: string): Promise<Journal> =>
  openJournal(await sqliteLedger({ file, id: 't' }), [seenFold]);
const numbersIn = async (journal: Journal) =>
  (await journal.read({ type: 'test' })).map((r) => (r.data as { i: number }).i);

/** What was told as written is there, once and in order, and the chain holds. */
async function nothingLost(journal: Journal, told: readonly number[]): Promise<void> {
  expect(await numbersIn(journal)).toEqual(told);
  expect(verifyChain(await journal.texts()).ok).toBe(true);
}

/** Done as a user who may not do everything. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid!(65_534);
  try {
    await work();
  } finally {
    process.seteuid!(0);
  }
}

/** A process of its own that does this, and stays. */
async function elsewhere(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

async function full(): Promise<void> {
  const file = fileIn(folder());
  const journal = await open(file);
  const told: number[] = [];
  const write = async (i: number) => {
    await journal.append([entry(i, { data: { i, ...BIG } })]);
    told.push(i);
  };
  await write(0);
  const disk = fullDisk(statSync(`${file}-wal`).size + 200_000);
  let refused: unknown = null;
  try {
    for (let i = 1; i < 1_000 && refused === null; i++)
      await write(i).catch((thrown: unknown) => {
        refused = thrown;
      });
    expect(refused).toMatchObject({
      name: 'LedgerUnavailable',
      next: expect.stringContaining('free the disk'),
    });
    await expect(write(5_000)).rejects.toMatchObject({ name: 'LedgerUnavailable' });
  } finally {
    disk.lift();
  }
  await write(9_999);
  await nothingLost(journal, told);
  await journal.close();
}

async function filesOnFullDisk(): Promise<void> {
  const work = folder();
  const file = join(work, 'state.json');
  const before = JSON.stringify({ all: 'of it' });
  writeAtomic(file, before);
  const disk = fullDisk(50_000);
  try {
    expect(() => writeAtomic(file, 'y'.repeat(200_000))).toThrow();
  } finally {
    disk.lift();
  }
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(readdirSync(work)).toEqual(['state.json']);
  writeAtomic(file, 'y'.repeat(200_000));
  expect(statSync(file).size).toBe(200_000);
}

async function readOnly(): Promise<void> {
  const work = folder();
  const file = fileIn(work);
  const journal = await open(file);
  await journal.append([entry(1)]);
  await journal.close();
  for (const name of readdirSync(work)) chmodSync(join(work, name), 0o444);
  chmodSync(work, 0o555);
  await asNobody(() =>
    expect(sqliteLedger({ file, id: 't' })).rejects.toMatchObject({
      code: 'LEDGER_READ_ONLY',
      next: expect.stringContaining('make the folder and its files writable'),
    }),
  );
  chmodSync(work, 0o755);
  for (const name of readdirSync(work)) chmodSync(join(work, name), 0o644);
  const again = await open(file);
  await again.append([entry(2)]);
  await nothingLost(again, [1, 2]);
  await again.close();
}

async function locked(): Promise<void> {
  const file = fileIn(folder());
  const journal = await open(file);
  await journal.append([entry(1)]);
  const child = await elsewhere(`
    import { DatabaseSync } from 'node:sqlite';
    new DatabaseSync(${JSON.stringify(file)}).exec('BEGIN IMMEDIATE');
    console.log('locked');
    setInterval(() => {}, 1_000);`);
  await expect(journal.append([entry(2)])).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
  expect(await numbersIn(journal)).toEqual([1]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until('it is written again', 10_000, () => journal.append([entry(3)]));
  await nothingLost(journal, [1, 3]);
  await journal.close();
}

/** A ledger of some size, with a snapshot; a copy of it; and then it is cut. */
async function cutTo(bytes: (size: number) => number): Promise<void> {
  const work = folder();
  const file = fileIn(work);
  const journal = await open(file);
  const told = Array.from({ length: 40 }, (_, i) => i);
  for (const i of told) await journal.append([entry(i, { data: { i, ...BIG } })]);
  await journal.snapshot(1);
  await journal.close();
  const copy = join(folder(), 'copy.sqlite');
  copyFileSync(file, copy);
  truncateSync(file, bytes(statSync(file).size));
  await expect(open(file)).rejects.toMatchObject({
    code: 'LEDGER_DAMAGED',
    next: expect.stringContaining('restore a copy'),
  });
  copyFileSync(copy, file);
  const again = await open(file);
  await again.append([entry(99)]);
  await nothingLost(again, [...told, 99]);
  await again.close();
}

const TRIALS: Readonly<Record<string, () => Promise<void>>> = {
  full,
  files: filesOnFullDisk,
  readOnly,
  locked,
  cut: () => cutTo((size) => Math.floor(size / 2)),
  cutShort: () => cutTo(() => 100),
  emptied: () => cutTo(() => 0),
};

describe('the disk below a ledger', () => {
  it('LEDGER-28: a file that was cut leaves no lock behind; one that is new is a new ledger', async () => {
    const file = fileIn(folder());
    writeFileSync(file, '');
    const journal = await open(file);
    await journal.append([entry(1)]);
    await journal.snapshot(1);
    await journal.close();
    truncateSync(file, 0);
    for (let i = 0; i < 2; i++)
      await expect(open(file)).rejects.toMatchObject({
        code: 'LEDGER_DAMAGED',
        message: expect.stringContaining('is empty, and beside it is a snapshot'),
      });
  });

  it.each(rowsOf('disk', TRIALS))('FAULT-4: %s: %s', (_fault, _outcome, trial) => trial());
});
