import type { ReleaseAnswer } from '../../api.ts';

/** The last verdict with its reasons and numbers. */
export function Verdict({ release: { verdict, totals, revision } }: { release: ReleaseAnswer }) {
  if (!verdict) return null;
  return (
    <section className="panel" aria-label="Verdict">
      <h2>Last verdict: {verdict.word}</h2>
      {verdict.reasons.map((r) => (
        <p key={r.code}>
          {r.words} <span className="soft">({r.code})</span>
        </p>
      ))}
      <p className="soft">
        New version: {totals.canary.bad} bad of {totals.canary.total}. Stable: {totals.stable.bad} bad of{' '}
        {totals.stable.total}. Revision {revision}.
      </p>
    </section>
  );
}

export function Loads({ release: { loads } }: { release: ReleaseAnswer }) {
  if (loads.length === 0) return null;
  return (
    <section className="panel" aria-label="Load tests">
      <h2>Load tests</h2>
      <p className="soft">Load tests are additional evidence; the SLOs decide.</p>
      <ul>
        {loads.map((load) => (
          <li key={load.run}>{load.sentence}.</li>
        ))}
      </ul>
    </section>
  );
}
