import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { git } from '../../../src/gitops/adapters/git/program.ts';
import { writeAtomic } from '../../../src/io/files.ts';
import { sqliteLedger } from '../../../src/ledger/adapters/sqlite/ledger.ts';
import { openJournal } from '../../../src/ledger/journal.ts';
import { verifyChain } from '../../../src/ledger/record.ts';
import { prometheusHttp } from '../../../src/runtime/adapters/prometheus/http.ts';
import { bareRepository } from '../../contract/forge/repository.ts';
import { entry } from '../../contract/ledger/contract.ts';
import { seenFold } from '../../contract/ledger/journal-contract.ts';
import { temporaryFolder } from '../../folder.ts';
import { misbehaving } from '../../misbehaving.ts';
import { patiently, until } from '../../wait.ts';
import { openForge } from './forges.ts';
import { noDescriptors } from './limits.ts';
import { rowsOf } from './table.ts';

/** While not one more file can be opened: this fails with a reason; and afterwards it works, with nothing left behind. */
async function without(during: () => Promise<void>, after: () => Promise<void>): Promise<void> {
  const descriptors = noDescriptors();
  try {
    await during();
  } finally {
    descriptors.lift();
  }
  await after();
}

async function prometheus(): Promise<void> {
  const server = await misbehaving(() => ({
    status: 200,
    body: '{"status":"success","data":{"resultType":"vector","result":[]}}',
  }));
  const access = { address: server.address, timeoutMs: patiently(5_000), headers: {}, tls: null };
  const client = prometheusHttp(access);
  await without(
    async () =>
      expect(await client.instant('up', 0)).toMatchObject({
        ok: false,
        error: { code: 'SOURCE_UNAVAILABLE', message: expect.stringContaining('EMFILE') },
      }),
    async () => expect(await client.instant('up', 0)).toEqual({ ok: true, value: [] }),
  );
  await client.close();
  await server.close();
}

const forge = (kind: 'github' | 'gitea') => async () => {
  const test = await openForge(kind, patiently(5_000));
  await without(
    async () => expect(await test.forge.pull(7)).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } }),
    async () => expect(await test.forge.pull(7)).toMatchObject({ ok: true }),
  );
  await test.server.close();
};

async function files(): Promise<void> {
  const file = join(temporaryFolder('descriptors'), 'state.json');
  writeFileSync(file, 'before');
  await without(
    async () => expect(() => writeAtomic(file, 'after')).toThrow('EMFILE'),
    async () => {
      expect(readFileSync(file, 'utf8')).toBe('before');
      writeAtomic(file, 'after');
      expect(readFileSync(file, 'utf8')).toBe('after');
    },
  );
}

async function ledger(): Promise<void> {
  const file = join(temporaryFolder('descriptors'), 'ledger.sqlite');
  const journal = await openJournal(await sqliteLedger({ file, id: 't' }), [seenFold]);
  const told: number[] = [];
  const write = (i: number) => journal.append([entry(i)]).then(() => told.push(i));
  await write(1);
  await without(
    async () => {
      // Its files are open already: it may go on, or refuse, and what it says is so.
      await write(2).catch((thrown: Error) => expect(thrown.name).toBe('LedgerUnavailable'));
      await journal.snapshot(1).catch(() => undefined);
      const other = join(temporaryFolder('descriptors'), 'other.sqlite');
      await expect(sqliteLedger({ file: other, id: 't' })).rejects.toMatchObject({
        name: 'LedgerUnavailable',
      });
    },
    async () => {
      await write(3);
      await journal.snapshot(2);
      expect((await journal.read({ type: 'test' })).map((r) => (r.data as { i: number }).i)).toEqual(told);
      expect(verifyChain(await journal.texts()).ok).toBe(true);
    },
  );
  await journal.close();
}

async function repository(): Promise<void> {
  const source = await bareRepository({ 'a.txt': 'a\n' });
  await without(
    async () => expect(git(source.remote, ['rev-parse', 'main'])).rejects.toThrow(),
    async () =>
      void (await until('git answers again', 10_000, () => git(source.remote, ['rev-parse', 'main']))),
  );
  source.close();
}

const TRIALS: Readonly<Record<string, () => Promise<void>>> = {
  prometheus,
  github: forge('github'),
  gitea: forge('gitea'),
  files,
  ledger,
  repository,
};

describe('no file descriptor left', () => {
  it.each(rowsOf('descriptors', TRIALS))('FAULT-4: %s: %s', (_fault, _outcome, trial) => trial());
});
