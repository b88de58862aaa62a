import { streamSSE } from 'hono/streaming';
import type { App, AppParts } from '../http.ts';

const HEARTBEAT_MS = 10_000;
const PAGE = 500;

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

/** Every record as it is appended, from the ledger itself: a reader goes on after the last id it saw. */
export function streamRoutes(app: App, parts: Pick<AppParts, 'ledger' | 'controller' | 'now'>): void {
  app.get('/api/v1/events', (c) =>
    streamSSE(c, async (stream) => {
      const seen = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? Number.NaN);
      let last = Number.isInteger(seen) ? seen : (await parts.ledger.head()).seq;
      const { wake, next } = waker();
      const stop = parts.controller.onRecords(wake);
      stream.onAbort(() => {
        stop();
        wake();
      });
      while (!stream.aborted) {
        const woken = next();
        const records = await parts.ledger.read({ after: last, limit: PAGE });
        for (const { seq, at, type, subject } of records) {
          last = seq;
          const data = JSON.stringify({ seq, at, type, subject });
          await stream.writeSSE({ id: String(seq), event: 'record', data });
        }
        if (records.length === PAGE) continue;
        await woken;
        if (!stream.aborted) await stream.writeSSE({ event: 'alive', data: String(parts.now()) });
      }
    }),
  );
}
