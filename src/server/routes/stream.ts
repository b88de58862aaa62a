import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { LedgerRecord } from '../../ledger/record.ts';
import { type AppParts, type HttpApp, problem } from '../http.ts';
import type { Changed, ServerQueries } from '../queries.ts';

const HEARTBEAT_MS = 10_000;
const PAGE = 500;
/** So many readers follow at once: each costs a socket, a timer and what it has not read yet. */
const MAX_STREAMS = 500;
const RETRY_AFTER_S = 10;

type StreamParts = Pick<AppParts, 'ledger' | 'controller' | 'now'> & {
  /** What a record changed is sent with it; without these a record is only named. */
  readonly queries?: Pick<ServerQueries, 'changed'>;
};

/** What a record changed, for every reader who follows: worked out once, for as many as are asked about at a time. */
function changes({ queries }: StreamParts): (record: LedgerRecord) => Changed {
  const known = new Map<string, { readonly seq: number; readonly changed: Changed }>();
  return ({ seq, type, subject }) => {
    if (!queries) return {};
    const before = known.get(subject);
    // What is known of a later record is newer still.
    if (before && before.seq >= seq) return before.changed;
    const changed = queries.changed(type, subject);
    if (changed.lane) known.set(subject, { seq, changed });
    return changed;
  };
}

/** The last record of each subject in a page: what it changed holds for those before it, too. */
const lastOfEach = (records: readonly LedgerRecord[]): ReadonlySet<number> =>
  new Set(new Map(records.map(({ subject, seq }) => [subject, seq])).values());

/** Resolves at the next record, or after a heartbeat's time. */
function waker() {
  let wake: () => void = () => {};
  return {
    wake: () => wake(),
    next: () =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, HEARTBEAT_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}

/** Sends every record after `seen` until the reader is gone. */
async function follow(
  stream: SSEStreamingApi,
  parts: StreamParts,
  changeOf: (record: LedgerRecord) => Changed,
  seen: number,
): Promise<void> {
  const { wake, next } = waker();
  const stop = parts.controller.onRecords(wake);
  stream.onAbort(wake);
  try {
    let last = Number.isInteger(seen) ? seen : (await parts.ledger.head()).seq;
    while (!stream.aborted) {
      const woken = next();
      const records = await parts.ledger.read({ after: last, limit: PAGE });
      const lasts = lastOfEach(records);
      for (const record of records) {
        const { seq, at, type, subject } = record;
        last = seq;
        const changed = lasts.has(seq) ? changeOf(record) : {};
        const data = JSON.stringify({ seq, at, type, subject, ...changed });
        await stream.writeSSE({ id: String(seq), event: 'record', data });
      }
      // More is there already; an abort during the read is seen at the head of the loop.
      if (records.length === PAGE || stream.aborted) wake();
      else await woken;
      if (records.length === PAGE) continue;
      if (!stream.aborted) await stream.writeSSE({ event: 'alive', data: String(parts.now()) });
    }
  } finally {
    stop();
    wake();
  }
}

/**
 * Every record as it is appended, from the ledger itself, with the row that it changed: a reader goes on after the
 * last id it saw and asks for nothing else. A stream ends with its request, and no more than `most` are open at once.
 */
export function streamRoutes(app: HttpApp, parts: StreamParts, most = MAX_STREAMS): void {
  let open = 0;
  const changeOf = changes(parts);
  app.get('/api/v1/events', (c) => {
    if (open >= most) {
      c.header('retry-after', String(RETRY_AFTER_S));
      return problem(c, 503, 'Too many streams', `${most} readers follow already`, 'try again in a moment');
    }
    const seen = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? Number.NaN);
    open++;
    const { signal } = c.req.raw;
    const serve = async (stream: SSEStreamingApi) => {
      const abort = () => stream.abort();
      signal.addEventListener('abort', abort, { once: true });
      try {
        if (!signal.aborted) await follow(stream, parts, changeOf, seen);
      } finally {
        open--;
        signal.removeEventListener('abort', abort);
      }
    };
    // A ledger that cannot be read is told to the reader, who comes again: the log has it from the loop.
    return streamSSE(c, serve, async () => {});
  });
}
