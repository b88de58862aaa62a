import { postgresLedger } from '../src/ledger/adapters/postgres/ledger.ts';
import { entry } from '../test/contract/ledger/contract.ts';
import { cuttable } from '../test/contract/ledger/cuttable.ts';
import { type Postgres, startPostgres } from '../test/postgres.ts';
import { until } from '../test/wait.ts';

/** The lease of a server, as it is by default. */
export const LEASE_MS = 6_000;
/** A server that stands by asks so often whether it may lead. */
const ASKS_EVERY_MS = 1_500;
const LIMIT_MS = 60_000;

export interface Takeover {
  readonly how: 'says nothing more' | 'is cut off in the middle of an append';
  /** From the writer's last word to another that writes. */
  readonly seconds: number;
  /** The same in leases: nothing sooner than one could be safe. */
  readonly leases: number;
}

async function takeover(postgres: Postgres, how: Takeover['how'], id: string): Promise<Takeover> {
  const way = await cuttable(postgres.url);
  const [one, two] = await Promise.all([
    postgresLedger({ url: way.url, id, holder: 'one', leaseMs: LEASE_MS }),
    postgresLedger({ url: postgres.url, id, holder: 'two', leaseMs: LEASE_MS }),
  ]);
  try {
    await one.lead();
    if (how !== 'says nothing more') way.cutAfter('for update');
    const begun = performance.now();
    void one.append([entry(1)]).catch(() => undefined);
    await until('the other leads', LIMIT_MS, () => two.lead(), ASKS_EVERY_MS);
    await two.append([entry(2)]);
    const ms = performance.now() - begun;
    return { how, seconds: ms / 1_000, leases: ms / LEASE_MS };
  } finally {
    way.close();
    await Promise.allSettled([one.close(), two.close()]);
  }
}

/** How soon another server writes where one is gone, for each way to be gone. */
export async function takeovers(times: number): Promise<Takeover[]> {
  const postgres = await startPostgres();
  try {
    const found: Takeover[] = [];
    for (let i = 0; i < times; i++)
      for (const how of ['says nothing more', 'is cut off in the middle of an append'] as const)
        found.push(await takeover(postgres, how, `bench-${how.length}-${i}`));
    return found;
  } finally {
    await postgres.stop();
  }
}
