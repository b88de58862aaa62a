import { useState } from 'react';
import { type ChainVerification, verify } from '../../api.ts';

/** A tick per link, walked from the first record to the last. */
export function Verify() {
  const [state, setState] = useState<ChainVerification | 'walking' | undefined>();
  const walk = async () => {
    setState('walking');
    setState(await verify());
  };
  const done = state && state !== 'walking' ? state : undefined;
  return (
    <section className="panel" aria-label="Verification">
      <div className="actions">
        <button type="button" onClick={() => void walk()}>
          Verify
        </button>
        <span role="status">
          {state === 'walking' && 'Verifying the chain …'}
          {done?.ok &&
            `✓ ${done.records} records, each follows the one before it; head ${done.head.hash.slice(0, 16)}…`}
          {done && !done.ok && `■ ${done.breaks.length} breaks: ${done.breaks[0]?.message}`}
        </span>
      </div>
      {done && (
        <div className="chain" aria-hidden="true">
          {Array.from({ length: Math.min(done.records, 200) }, (_, i) => {
            const line = Math.round(((i + 1) * done.records) / Math.min(done.records, 200));
            const broken = done.breaks.some((b) => b.line === line);
            return <i key={line} data-broken={broken} title={`#${line}`} />;
          })}
        </div>
      )}
    </section>
  );
}
