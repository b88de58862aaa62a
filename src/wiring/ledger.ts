import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ok, type Result } from '../kit/result.ts';
import type { History } from '../ledger/history.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { WiringContext } from './context.ts';
import { readSecret } from './secrets.ts';

const ledgerFile = (work: string): string => join(work, 'ledger.sqlite');

/** The ledger in a file of a work folder; it is created where there is none. */
export const openLedgerFile = async (work: string, id: string): Promise<LedgerPort> =>
  (await import('../ledger/adapters/sqlite/ledger.ts')).sqliteLedger({ file: ledgerFile(work), id });

/** The ledger of a work folder that no server holds; null: that folder has none. */
export const openExistingLedger = async (work: string, id = 'sluice'): Promise<LedgerPort | null> =>
  existsSync(ledgerFile(work)) ? openLedgerFile(work, id) : null;

/** The past of such a ledger, read here: nobody else waits for this process. */
export const openExistingHistory = async (work: string): Promise<History | null> =>
  existsSync(ledgerFile(work))
    ? (await import('../ledger/adapters/sqlite/history.ts')).historyHere(ledgerFile(work))
    : null;

/** A ledger of this process alone. */
export const openMemoryLedger = async (id: string): Promise<LedgerPort> =>
  (await import('../ledger/adapters/memory/ledger.ts')).memoryLedger(id);

/** The declared ledger: PostgreSQL where one is declared, else a file in the work folder. */
export async function openLedger({
  platform,
  work,
  env,
}: WiringContext): Promise<Result<LedgerPort, string>> {
  if (!platform.ledger) return ok(await openLedgerFile(work, platform.name));
  const url = readSecret(platform.ledger.url, env);
  if (!url.ok) return url;
  const { postgresLedger } = await import('../ledger/adapters/postgres/ledger.ts');
  const name = env['SLUICE_NAME'] ?? `${hostname()}/${process.pid}`;
  // Where the others pass on what only the leader may do.
  const address = env['SLUICE_ADDRESS'];
  const holder = address ? `${name} at ${address}` : name;
  return ok(await postgresLedger({ url: url.value, id: platform.name, holder }));
}
