import type { PipelineAnswer } from '../../../src/api/pipeline.ts';
import type { LaneSummary } from '../../../src/api/views.ts';
import { useOverview, usePipeline } from '../api.ts';
import { Chip } from '../parts/Chip.tsx';
import { Link } from '../parts/Link.tsx';

type Service = PipelineAnswer['services'][number];
type Stand = Service['stands'][number];

const short = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

/** What serves, and what Git asks for where that is something else. */
function Versions({ stand: { stable, desired } }: { stand: Stand }) {
  const other = desired && desired.digest !== stable?.digest ? desired : null;
  return (
    <p className="versions">
      <b title={stable?.digest}>{stable?.version ?? 'no version yet'}</b>
      {stable && <code className="soft">{short(stable.digest)}</code>}
      {other && (
        <span title={other.digest}>
          <span className="soft">Git asks for</span> {other.version}
        </span>
      )}
    </p>
  );
}

function Stage({ stand, lane }: { stand: Stand; lane: LaneSummary | undefined }) {
  return (
    <li className="stage" data-waits={stand.waits}>
      <header>
        <h3>{stand.environment}</h3>
        {lane && <Chip state={lane.state} family={lane.family} />}
      </header>
      <Versions stand={stand} />
      <p>{stand.sentence}</p>
      <p className="soft">
        {stand.after.length > 0 ? `after ${stand.after.join(' and ')}` : 'the first stage'}
        {stand.pull !== null && (
          <>
            {' · '}
            <Link to={`/pulls/${stand.pull}`}>pull request #{stand.pull}</Link>
          </>
        )}
        {lane?.release && (
          <>
            {' · '}
            <Link
              to={`/releases/${lane.release}`}
              label={`evidence of ${lane.service} in ${lane.environment}`}
            >
              evidence
            </Link>
          </>
        )}
      </p>
    </li>
  );
}

/** Where is each version, and what waits for what? */
export function Pipeline() {
  const answer = usePipeline();
  const lanes = useOverview().data?.lanes ?? [];
  document.title = 'Pipeline · Sluice';
  if (!answer.data)
    return <h1>{answer.isError ? `The server does not answer: ${answer.error.message}` : 'Looking …'}</h1>;
  const { sentence, services } = answer.data;
  return (
    <>
      <h1>{sentence}</h1>
      {services.length === 0 && (
        <p className="panel">
          No forge is declared, so nothing is promoted by pull request. Declare <code>forge</code> in the
          Platform's spec.
        </p>
      )}
      {services.map((s) => (
        <section key={s.service} className="panel" aria-label={s.service}>
          <h2>{s.service}</h2>
          <ol className="stages">
            {s.stands.map((stand) => (
              <Stage
                key={stand.environment}
                stand={stand}
                lane={lanes.find((l) => l.service === s.service && l.environment === stand.environment)}
              />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}
