import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { type App, type AppParts, problem } from '../http.ts';

const HEARTBEAT_MS = 10_000;
const PAGE = 500;
/** So many readers follow at once: each costs a socket, a timer and what it has not read yet. */
export const MAX_STREAMS = 500;
const RETRY_AFTER_S = 10;

type StreamParts = Pick<AppParts, 'ledger' | 'controller' | 'now'>;

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
async function follow(stream: SSEStreamingApi, parts: StreamParts, seen: number): Promise<void> {
  const { wake, next } = waker();
  const stop = parts.controller.onRecords(wake);
  stream.onAbort(wake);
  try {
    let last = Number.isInteger(seen) ? seen : (await parts.ledger.head()).seq;
    while (!stream.aborted) {
      const woken = next();
      const records = await parts.ledger.read({ after: last, limit: PAGE });
      for (const { seq, at, type, subject } of records) {
        last = seq;
        const data = JSON.stringify({ seq, at, type, subject });
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
 * Every record as it is appended, from the ledger itself: a reader goes on after the last id it saw. A stream ends
 * with its request, and no more than `most` are open at once.
 */
export function streamRoutes(app: App, parts: StreamParts, most = MAX_STREAMS): void {
  let open = 0;
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
        if (!signal.aborted) await follow(stream, parts, seen);
      } finally {
        open--;
        signal.removeEventListener('abort', abort);
      }
    };
    // A ledger that cannot be read is told to the reader, who comes again: the log has it from the loop.
    return streamSSE(c, serve, async () => {});
  });
}
