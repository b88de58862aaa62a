import type { LaneSummary } from '../../../src/api/lane.ts';
import type { MeasuresAnswer, PipelineAnswer } from '../../../src/api/pipeline.ts';
import { humanSpan } from '../../../src/kit/time.ts';
import { useMeasures, useOverview, usePipeline } from '../api.ts';
import { Ask } from '../parts/Ask.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Link, useAddress } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';

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
        {lane.canary} at {lane.weight}%
      </span>
      <span className="bar" role="img" aria-label={`${lane.weight}% of the traffic`}>
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
      <summary>{stand.condemned.length} rejected here and in later environments</summary>
      <ul>
        {stand.condemned.map((c) => (
          <li key={c.digest}>
            <b>{c.version || short(c.digest)}</b>: {c.reason}.{' '}
            <Link to={`/releases/${c.release}`} label={`evidence against ${c.version}`}>
              evidence
            </Link>{' '}
            <Ask
              label="Lift …"
              title={`allow ${service} ${c.version} in ${stand.environment} again`}
              submit="lift"
              words="This version failed here. This overrides the verdict: the same artefact can serve users again."
              scope="waive"
              concern={{ service }}
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
        {lane && <Chip outcome={lane.outcome} />}
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
              {stand.sync.word === 'OutOfSync' ? 'out of sync with Git' : stand.sync.word}
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
const share = (value: number | null): string => (value === null ? '–' : `${Math.round(100 * value)}%`);

/** DORA's four, where users are. */
function Measures({ answer }: { answer: MeasuresAnswer }) {
  const { all, services, sentence, days, environments } = answer;
  const rows = [{ service: 'all', measures: all }, ...services];
  return (
    <section className="panel" aria-label="Delivery performance">
      <h2>Delivery performance</h2>
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
            <th scope="col">change failure rate</th>
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

function Body({ answer: { sentence, services } }: { answer: PipelineAnswer }) {
  const lanes = useOverview().data?.lanes ?? [];
  const measures = useMeasures().data;
  const { env } = useAddress();
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
        <section key={s.service} className="panel pipeline" aria-label={s.service}>
          <h2>
            <Link to={`/services/${s.service}`}>{s.service}</Link>
          </h2>
          <ol className="stages">
            {s.stands
              .filter((stand) => !env || stand.environment === env)
              .map((stand) => (
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

/** Where is each version, and what waits for what? */
export function Pipeline() {
  const answer = usePipeline();
  return (
    <Page title="Pipeline" asked={answer}>
      {() => <Body answer={answer.data!} />}
    </Page>
  );
}
