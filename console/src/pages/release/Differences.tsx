import type { ReleaseAnswer } from '../../api.ts';

/** What a release changes in the desired state, setting by setting. */
export function Differences({ release: { differences, from, version } }: { release: ReleaseAnswer }) {
  return (
    <section className="panel" aria-label="Difference">
      <h2>
        {from ?? 'Nothing'} → {version}
      </h2>
      {differences.length === 0 ? (
        <p>The desired state is the same: version, digest and configuration do not differ.</p>
      ) : (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {differences.map((d) => (
              <tr key={d.path}>
                <th scope="row">
                  <code>{d.path}</code>
                </th>
                <td className="before">{d.from ?? 'not set'}</td>
                <td className="after">{d.to ?? 'not set'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
