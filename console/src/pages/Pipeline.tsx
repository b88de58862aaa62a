import type { MeasuresAnswer, PipelineAnswer } from '../../../src/api/pipeline.ts';
import type { LaneSummary } from '../../../src/api/views.ts';
import { humanSpan } from '../../../src/kit/time.ts';
import { useMeasures, useOverview, usePipeline } from '../api.ts';
import { Ask } from '../parts/Ask.tsx';
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

/** The version on its way, with its share of the traffic. */
function Moving({ lane }: { lane: LaneSummary }) {
  if (!lane.canary) return null;
  return (
    <div className="moving">
      <span>
        {lane.canary} at {lane.weight} %
      </span>
      <span className="bar" role="img" aria-label={`${lane.weight} % of the traffic`}>
        <i style={{ width: `${lane.weight}%` }} />
      </span>
    </div>
  );
}

/** What was condemned here, and the way to try it again: deliberate, with a reason. */
function Condemned({ service, stand }: { service: string; stand: Stand }) {
  if (stand.condemned.length === 0) return null;
  return (
    <details className="condemned">
      <summary>{stand.condemned.length} refused here and in what comes after</summary>
      <ul>
        {stand.condemned.map((c) => (
          <li key={c.digest}>
            <b>{c.version || short(c.digest)}</b>: {c.reason}.{' '}
            <Link to={`/releases/${c.release}`} label={`evidence against ${c.version}`}>
              evidence
            </Link>{' '}
            <Ask
              label="Lift …"
              title={`let ${service} ${c.version} be tried again in ${stand.environment}`}
              submit="lift"
              words="It failed here: this overrides that verdict, and the same artefact may meet users again."
              scope="waive"
              path={`/api/v1/lanes/${stand.environment}/${service}/lift`}
              body={({ reason }) => ({ digest: c.digest, reason })}
            />
          </li>
        ))}
      </ul>
    </details>
  );
}

const SYNC_SHAPES = { Synced: '●', Progressing: '◆', OutOfSync: '▲', Unknown: '○' } as const;

function Stage({ service, stand, lane }: { service: string; stand: Stand; lane: LaneSummary | undefined }) {
  const atRest = !lane || lane.family === 'at rest';
  return (
    <li className="stage" data-waits={stand.waits}>
      {stand.pull !== null && (
        <span className="onarrow">
          <Link to={`/pulls/${stand.pull}`} label={`pull request #${stand.pull}`}>
            #{stand.pull}
          </Link>
        </span>
      )}
      <header>
        <h3>{stand.environment}</h3>
        {lane && <Chip state={lane.state} family={lane.family} />}
      </header>
      <Versions stand={stand} />
      {lane && <Moving lane={lane} />}
      <p>{atRest ? stand.sentence : lane.sentence}</p>
      {!atRest && stand.waits && <p>{stand.sentence}</p>}
      <p className="soft">
        {stand.after.length > 0 ? `after ${stand.after.join(' and ')}` : 'the first stage'}
        {stand.sync && (
          <>
            {' · '}
            <span className="sync" data-word={stand.sync.word} title={stand.sync.why}>
              {SYNC_SHAPES[stand.sync.word]}{' '}
              {stand.sync.word === 'OutOfSync' ? 'not as Git asks' : stand.sync.word}
            </span>
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
      {stand.sync?.word === 'OutOfSync' && <p className="drift">{stand.sync.why}.</p>}
      <Condemned service={service} stand={stand} />
    </li>
  );
}

const span = (ms: number | null): string => (ms === null ? '–' : humanSpan(ms));
const share = (value: number | null): string => (value === null ? '–' : `${Math.round(100 * value)} %`);

/** DORA's four, where users are. */
function Measures({ answer }: { answer: MeasuresAnswer }) {
  const { all, services, sentence, days, environments } = answer;
  const rows = [{ service: 'all', measures: all }, ...services];
  return (
    <section className="panel" aria-label="How delivery goes">
      <h2>How delivery goes</h2>
      <p>{sentence}</p>
      <table className="measures">
        <caption className="soft">
          In {environments.join(' and ')}, over {days} days, from the ledger; medians.
        </caption>
        <thead>
          <tr>
            <th scope="col">service</th>
            <th scope="col">deployments</th>
            <th scope="col">a day</th>
            <th scope="col">lead time</th>
            <th scope="col">changes that failed</th>
            <th scope="col">time to restore</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ service, measures: m }) => (
            <tr key={service}>
              <th scope="row">{service}</th>
              <td>{m.deployments}</td>
              <td>{m.perDay.toFixed(2)}</td>
              <td>{span(m.leadTimeMs)}</td>
              <td>
                {m.failures} ({share(m.changeFailureRate)})
              </td>
              <td>{span(m.timeToRestoreMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Where is each version, and what waits for what? */
export function Pipeline() {
  const answer = usePipeline();
  const lanes = useOverview().data?.lanes ?? [];
  const measures = useMeasures().data;
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
                service={s.service}
                stand={stand}
                lane={lanes.find((l) => l.service === s.service && l.environment === stand.environment)}
              />
            ))}
          </ol>
        </section>
      ))}
      {measures && <Measures answer={measures} />}
    </>
  );
}
