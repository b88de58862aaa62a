import type { LinesPath } from '../api/client/operations.ts';
import { chunksOf, type History } from '../ledger/history.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { taggedRecord } from '../ledger/stored.ts';
import type { Client } from './api.ts';
import { clientOf, serverAt } from './client.ts';
import { noLedger } from './existing-ledger.ts';
import type { CommandParts } from './parts.ts';
import type { ServerAddress } from './server-address.ts';

export interface PastQuery {
  readonly subject?: string | undefined;
  readonly type?: string | undefined;
}

/** The records of a work folder, from the server that holds them or from the file where none runs. */
export interface Past {
  /** As they are stored, the newest of them, oldest first. */
  newest(query: PastQuery, limit: number): Promise<LedgerRecord[]>;
  /** Every one that fits, page by page, oldest first. */
  all(query: PastQuery, after?: number): AsyncIterable<readonly LedgerRecord[]>;
  /** The record of that number; null: there is none. */
  record(seq: number): Promise<LedgerRecord | null>;
  /** Every text exactly as stored, oldest first, never more than a part of them at once. */
  texts(): AsyncIterable<readonly string[]>;
}

type Page = (
  query: PastQuery & { limit: number; after?: number; before?: number },
) => Promise<readonly LedgerRecord[]>;

/** As many as one page may have, here and at the server. */
const PAGE = 1_000;

/** A past over anything that gives pages: by `after` oldest first, else newest first. */
function pastOver(page: Page, texts: Past['texts']): Past {
  return {
    texts,
    async record(seq) {
      const [found] = await page({ limit: 1, after: seq - 1 });
      return found?.seq === seq ? found : null;
    },
    async newest(query, limit) {
      const found: LedgerRecord[] = [];
      while (found.length < limit) {
        const before = found.at(-1)?.seq;
        const asked = Math.min(PAGE, limit - found.length);
        const records = await page({ ...query, limit: asked, ...(before === undefined ? {} : { before }) });
        found.push(...records);
        if (records.length < asked) break;
      }
      return found.reverse();
    },
    async *all(query, from = 0) {
      for (let after = from; ; ) {
        const records = await page({ ...query, limit: PAGE, after });
        if (records.length > 0) yield records;
        if (records.length < PAGE) return;
        after = records.at(-1)!.seq;
      }
    },
  };
}

/** So many lines are handed on at once. */
const LINES = 500;

async function* linesOf(client: Client, path: LinesPath): AsyncGenerator<readonly string[]> {
  let lines: string[] = [];
  for await (const line of client.lines(path)) {
    lines.push(line);
    if (lines.length < LINES) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}

const pastOfServer = (client: Client): Past =>
  pastOver(
    async ({ limit, after, before, subject, type }) => {
      const order = after === undefined ? 'newest' : 'oldest';
      const query = { limit, order, after, before, subject, type } as const;
      return (await client.get('/api/v1/ledger', { query })).records;
    },
    () => linesOf(client, '/api/v1/ledger/export'),
  );

const pastOfHistory = (history: History): Past =>
  pastOver(
    async (query) => (await history.page(query)).map((text) => taggedRecord(text, 'the ledger')),
    () => chunksOf(history),
  );

/** Reads the past of a work folder. No command that only reads holds up a server, or waits for one that writes. */
export async function withPast<T>(
  parts: Pick<CommandParts, 'openExistingHistory'>,
  place: ServerAddress,
  read: (past: Past) => Promise<T>,
): Promise<T> {
  const server = serverAt(place);
  if (server) return read(pastOfServer(clientOf(server)));
  const history = (await parts.openExistingHistory(place.work)) ?? noLedger(place.work);
  try {
    return await read(pastOfHistory(history));
  } finally {
    await history.close();
  }
}
