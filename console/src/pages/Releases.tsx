import { OUTCOMES, type Outcome } from '../../../src/api/lane.ts';
import { listSentence, matchingReleases } from '../../../src/api/release-list.ts';
import { useReleases } from '../api.ts';
import { Chip } from '../parts/Chip.tsx';
import { Link, useAddress, useGo } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';
import { clock, exactly } from '../parts/words.ts';

const AT_ONCE = 100;
const ENDS = ['promoted', 'rolled-back', 'judged'] as const satisfies readonly Outcome[];

function Filters() {
  const { q = '', outcome = '' } = useAddress();
  const go = useGo();
  const choose = (change: Readonly<Record<string, string>>) => {
    const given = Object.entries({ q, outcome, ...change }).filter(([, v]) => v !== '');
    const search = new URLSearchParams(given).toString();
    go(search ? `/releases?${search}` : '/releases', { replace: true, stay: true });
  };
  return (
    <div className="controls">
      <label className="filter">
        <span className="soft">Service or version</span>
        <input type="search" value={q} onChange={(e) => choose({ q: e.target.value })} />
      </label>
      <label className="filter">
        <span className="soft">Outcome</span>
        <select value={outcome} onChange={(e) => choose({ outcome: e.target.value })}>
          <option value="">All</option>
          {ENDS.map((end) => (
            <option key={end} value={end}>
              {end === 'judged' ? 'In progress' : OUTCOMES[end].word}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Every release that is listed, newest first. */
export function Releases() {
  const releases = useReleases();
  const { q = '', outcome, env, most } = useAddress();
  const go = useGo();
  return (
    <Page title="Releases" asked={releases}>
      {() => {
        const { releases: all, leftOut } = releases.data!;
        const found = matchingReleases(all, { text: q, environment: env, outcome });
        const shown = Math.max(AT_ONCE, Number(most) || 0);
        const more = new URLSearchParams({
          ...(q ? { q } : {}),
          ...(outcome ? { outcome } : {}),
          most: String(shown + AT_ONCE),
        });
        return (
          <>
            <h1>{listSentence(found.length, all.length, leftOut)}</h1>
            <Filters />
            <table className="list">
              <tbody>
                {found.slice(0, shown).map((r) => (
                  <tr key={r.id}>
                    <td className="soft" title={exactly(r.openedAt)}>
                      {clock(r.openedAt)}
                    </td>
                    <td>
                      <Link to={`/releases/${encodeURIComponent(r.id)}`}>
                        {r.service} {r.version}
                      </Link>{' '}
                      <span className="soft">{r.environment}</span>
                    </td>
                    <td>
                      <Chip outcome={r.outcome} />
                    </td>
                    <td>{r.sentence}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {found.length > shown && (
              <button type="button" onClick={() => go(`/releases?${more}`, { stay: true })}>
                Show {Math.min(AT_ONCE, found.length - shown)} older
              </button>
            )}
          </>
        );
      }}
    </Page>
  );
}
