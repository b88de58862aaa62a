import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import {
  ASK_EVERY_MS,
  type StreamEvent,
  staleAfter,
  waitBefore,
  withEvents,
} from '../../../src/api/follow.ts';
import type { OverviewAnswer } from '../api.ts';

/** How the line to the server is doing. */
export interface Connection {
  readonly state: 'connecting' | 'live' | 'lost' | 'resting';
  /** When the server last said anything, in milliseconds since 1970. */
  readonly lastAt: number;
  /** When the stream is opened again; null: it is open. */
  readonly retryAt: number | null;
}

/** Events are taken up together, so often at most: each taking up draws the page once. */
const GATHER_MS = 250;
const OVERVIEW = ['overview'] as const;

interface Handlers {
  events(events: readonly StreamEvent[]): void;
  state(connection: Partial<Connection>): void;
  /** The last record that is shown already; null: nothing is. */
  seen(): number | null;
}

/**
 * Follows the stream until it is stopped. A browser gives up for good on an answer such as 502, so opening it again
 * is ours to do, with growing delays.
 */
function follow({ events, state, seen }: Handlers): () => void {
  let source: EventSource | null = null;
  let failures = 0;
  let gathered: StreamEvent[] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const later = (ms: number, what: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      what();
    }, ms);
    timers.add(timer);
  };
  const alive = () => {
    failures = 0;
    state({ state: 'live', lastAt: Date.now(), retryAt: null });
  };
  const flush = () => {
    const batch = gathered;
    gathered = [];
    events(batch);
  };
  const open = () => {
    const after = seen();
    source = new EventSource(after === null ? '/api/v1/events' : `/api/v1/events?after=${after}`);
    source.addEventListener('open', alive);
    source.addEventListener('alive', alive);
    source.addEventListener('record', (event) => {
      alive();
      if (gathered.length === 0) later(GATHER_MS, flush);
      gathered.push(JSON.parse(event.data) as StreamEvent);
    });
    source.addEventListener('error', () => {
      source?.close();
      const wait = waitBefore(failures++, Math.random());
      state({ state: 'lost', retryAt: Date.now() + wait });
      later(wait, open);
    });
  };
  open();
  return () => {
    source?.close();
    for (const timer of timers) clearTimeout(timer);
  };
}

/** Asks again for what events made out of date and what is shown: one question at a time, and seldom. */
function refresher(client: QueryClient) {
  const stale = new Set<string>();
  const timer = setInterval(() => {
    const [query] = client
      .getQueryCache()
      .findAll({ type: 'active', predicate: (q) => stale.has(q.queryHash) })
      .sort((a, b) => a.state.dataUpdatedAt - b.state.dataUpdatedAt);
    if (!query) return stale.clear();
    stale.delete(query.queryHash);
    void client.refetchQueries({ queryKey: query.queryKey, exact: true });
  }, ASK_EVERY_MS);
  return {
    mark(events: readonly StreamEvent[]) {
      const topics = new Set<unknown>(events.flatMap(staleAfter));
      const lanes = new Set(events.map((e) => e.subject));
      for (const query of client.getQueryCache().findAll({ type: 'active' })) {
        const [topic, id] = query.queryKey;
        if (topics.has(topic) && (topic !== 'release' || ofLanes(String(id), lanes)))
          stale.add(query.queryHash);
      }
    },
    stop: () => clearInterval(timer),
  };
}

/** A release has the name of its lane: `checkout.prod.7` is one of `checkout/prod`. */
const ofLanes = (release: string, lanes: ReadonlySet<string>): boolean =>
  lanes.has(release.split('.').slice(0, 2).join('/'));

/** Keeps what is shown up to date while the page is looked at; a hidden tab rests and asks nothing. */
export function useLive(): Connection {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>({
    state: 'connecting',
    lastAt: Date.now(),
    retryAt: null,
  });
  useEffect(() => {
    const change = (next: Partial<Connection>) => setConnection((before) => ({ ...before, ...next }));
    const refresh = refresher(client);
    let stop: (() => void) | null = null;
    const begin = async () => {
      stop?.();
      let ended = false;
      stop = () => {
        ended = true;
      };
      // What happened before the overview was read is in it; the stream goes on from there.
      await client.refetchQueries({ queryKey: OVERVIEW }, { cancelRefetch: false });
      if (ended) return;
      stop = follow({
        seen: () => client.getQueryData<OverviewAnswer>(OVERVIEW)?.ledger.seq ?? null,
        state: change,
        events(events) {
          client.setQueryData<OverviewAnswer>(OVERVIEW, (known) => known && withEvents(known, events));
          refresh.mark(events);
        },
      });
    };
    const look = () => {
      if (document.visibilityState === 'visible') return void begin();
      stop?.();
      stop = null;
      change({ state: 'resting', retryAt: null });
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      stop?.();
      refresh.stop();
    };
  }, [client]);
  return connection;
}
