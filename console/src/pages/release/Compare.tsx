import { comparedRows, predecessorOf, sinceStart } from '../../../../src/api/compare.ts';
import { type ReleaseAnswer, useRelease, useReleases } from '../../api.ts';
import { Chip } from '../../parts/Chip.tsx';
import { Link, useAddress, useGo } from '../../parts/Link.tsx';
import { Plot } from '../../parts/Plot.tsx';
import { clock } from '../../parts/words.ts';

function Both({ release, other }: { release: ReleaseAnswer; other: ReleaseAnswer }) {
  const rows = comparedRows(release, other);
  const evidence = sinceStart(release, other);
  return (
    <>
      <table className="list">
        <thead>
          <tr>
            <td />
            <th scope="col">
              {release.version} <Chip outcome={release.outcome} />
            </th>
            <th scope="col">
              <Link to={`/releases/${encodeURIComponent(other.id)}`}>{other.version}</Link>{' '}
              <Chip outcome={other.outcome} />
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, mine, theirs }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{mine}</td>
              <td>{theirs}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {evidence && (
        <>
          <h2>Failed requests of both, percent, by the time since each began</h2>
          <Plot
            at={evidence.at}
            elapsed
            unit="%"
            label={`Share of failed requests of ${release.version} and of ${other.version}`}
            lines={[
              { label: release.version, token: 'canary', values: evidence.mine },
              { label: other.version, token: 'stable', values: evidence.theirs, dash: true },
            ]}
          />
          <p className="soft">
            Solid: {release.version}. Dashed: {other.version}. {evidence.slo}.
          </p>
        </>
      )}
    </>
  );
}

/** A release beside another of the same lane; the one before where none is chosen. */
export function Compare({ release }: { release: ReleaseAnswer }) {
  const list = useReleases().data?.releases ?? [];
  const { with: chosen } = useAddress();
  const go = useGo();
  const others = list.filter(
    (r) => r.service === release.service && r.environment === release.environment && r.id !== release.id,
  );
  const id = chosen ?? predecessorOf(release, others)?.id ?? '';
  const other = useRelease(id);
  if (id === '')
    return (
      <p className="panel">
        There is no other release of {release.service} in {release.environment} to compare with.
      </p>
    );
  return (
    <section className="panel" aria-label="Comparison">
      <label className="filter">
        <span className="soft">Compare with</span>
        <select
          value={id}
          onChange={(e) =>
            go(
              `/releases/${encodeURIComponent(release.id)}?tab=compare&with=${encodeURIComponent(e.target.value)}`,
              { stay: true },
            )
          }
        >
          {others.map((r) => (
            <option key={r.id} value={r.id}>
              {r.version}, {clock(r.openedAt)}
            </option>
          ))}
        </select>
      </label>
      {other.data ? (
        <Both release={release} other={other.data} />
      ) : (
        <p>{other.error?.message ?? 'Loading …'}</p>
      )}
    </section>
  );
}
