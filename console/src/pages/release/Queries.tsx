import type { ReleaseAnswer } from '../../api.ts';
import { Link } from '../../parts/Link.tsx';
import { clock, exactly } from '../../parts/words.ts';

/** What was asked of Prometheus for the last verdict. */
export function Queries({ release: { asked } }: { release: ReleaseAnswer }) {
  if (!asked)
    return (
      <p className="panel">
        No query is on record for this release: it was not evaluated, or its queries are no longer kept.
      </p>
    );
  return (
    <section className="panel" aria-label="Queries">
      <h2>Queries of the last verdict</h2>
      <p className="soft">
        Evaluated at <span title={exactly(asked.at)}>{clock(asked.at)}</span>, record{' '}
        <Link to={`/audit?type=release.looked&seq=${asked.seq}`}>#{asked.seq}</Link>.
      </p>
      <ol className="queries">
        {asked.queries.map((query) => (
          <li key={query}>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
            <pre tabIndex={0}>{query}</pre>
          </li>
        ))}
      </ol>
    </section>
  );
}
