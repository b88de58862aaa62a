import { useEffect, useState } from 'react';
import type { Connection } from '../data/live.ts';
import { ago } from '../parts/words.ts';

/** The time, so often as something is counted down. */
function useNow(active: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!active) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

/** A thin line on top, there only while the server cannot be reached. Its place is kept. */
export function ConnectionLine({ connection: { state, lastAt, retryAt } }: { connection: Connection }) {
  const lost = state === 'lost';
  const now = useNow(lost);
  const next = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1_000));
  return (
    <div className="lost" data-on={lost} role="status">
      {lost &&
        `Not connected. Last update ${ago(Math.max(0, now - lastAt))} ago; ${next > 0 ? `next attempt in ${next} s` : 'connecting'}.`}
    </div>
  );
}

const WORDS = { connecting: 'Connecting', live: 'Live', lost: 'Not connected', resting: 'Paused' } as const;

export function ConnectionMark({ connection: { state } }: { connection: Connection }) {
  return (
    <span className="mark-live" data-state={state}>
      <span aria-hidden="true">{state === 'live' ? '●' : '○'}</span> {WORDS[state]}
    </span>
  );
}
