import { type LaneSummary, urgency } from '../../../src/api/views.ts';
import { type OverviewAnswer, useOverview, useReleases } from '../api.ts';
import { Chip } from '../parts/Chip.tsx';
import { Link } from '../parts/Link.tsx';
import { Spark } from '../parts/Spark.tsx';
import { clock, exactly, percent, times } from '../parts/words.ts';

function Cell({ lane, at }: { lane: LaneSummary; at: number }) {
  const slo = lane.slos[0];
  const versions =
    lane.canary && lane.stable
      ? `${lane.stable} → ${lane.canary}`
      : (lane.canary ?? lane.stable ?? 'no version yet');
  const left = slo?.budgetLeft ?? null;
  return (
    <article
      className="cell"
      data-urgent={urgency(lane) <= 2}
      aria-label={`${lane.service} in ${lane.environment}`}
    >
      <header>
        <h2>{lane.release ? <Link to={`/releases/${lane.release}`}>{lane.service}</Link> : lane.service}</h2>
        <span className="env">{lane.environment}</span>
        <Chip state={lane.state} family={lane.family} />
        {lane.mode === 'observe' && <span className="soft">observe only</span>}
      </header>
      <p>{lane.sentence}</p>
      <div className="row">
        <span className="soft">version</span>
        <span>{versions}</span>
        <span />
      </div>
      <div className="row">
        <span className="soft">new version</span>
        <span className="bar" data-kind="weight">
          <i style={{ width: `${lane.weight}%` }} />
        </span>
        <span>{lane.weight} %</span>
      </div>
      <div className="row" title={slo ? `${slo.slo}: objective ${percent(slo.objective, 2)}` : ''}>
        <span className="soft">budget left</span>
        <span className="bar" data-low={left !== null && left < 0.1}>
          <i style={{ width: `${Math.max(0, Math.min(1, left ?? 0)) * 100}%` }} />
        </span>
        <span>{percent(left)}</span>
      </div>
      <div className="row">
        <span className="soft">burn 5m · 1h</span>
        <Spark
          id={`${lane.service}/${lane.environment}`}
          value={slo?.burnFast ?? null}
          threshold={lane.thresholds.fast}
          at={at}
        />
        <span>
          {times(slo?.burnFast ?? null)} · {times(slo?.burnSlow ?? null)}
        </span>
      </div>
    </article>
  );
}

function Recent() {
  const releases = useReleases();
  const rows = releases.data?.releases.slice(0, 10) ?? [];
  return (
    <section aria-label="Recent releases">
      <h2>Recent releases</h2>
      {rows.length === 0 ? (
        <p className="soft">
          None yet. Commit a version to the desired-state repository, and it appears here.
        </p>
      ) : (
        <table>
          <tbody>
            {rows.map((r) => (
              <tr key={r.id}>
                <td className="soft" title={exactly(r.openedAt)}>
                  {clock(r.openedAt)}
                </td>
                <td>
                  <Link to={`/releases/${r.id}`}>
                    {r.service} {r.version}
                  </Link>
                </td>
                <td>{r.sentence}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Body({ answer }: { answer: OverviewAnswer }) {
  return (
    <>
      <h1>{answer.sentence}</h1>
      {answer.problems.map((p) => (
        <p key={p} className="panel" role="alert">
          Desired state: {p}
        </p>
      ))}
      <div className="grid">
        {answer.lanes.map((lane) => (
          <Cell key={`${lane.service}/${lane.environment}`} lane={lane} at={answer.at} />
        ))}
      </div>
      <Recent />
    </>
  );
}

export function Overview() {
  const overview = useOverview();
  document.title = 'Sluice';
  if (overview.data) return <Body answer={overview.data} />;
  return <h1>{overview.isError ? `The server does not answer: ${overview.error.message}` : 'Looking …'}</h1>;
}
