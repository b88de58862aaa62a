import { useParams } from '@tanstack/react-router';
import { fleetSentence, freezeOf } from '../../../src/api/fleet.ts';
import type { LaneSummary } from '../../../src/api/lane.ts';
import { linksOf } from '../../../src/api/links.ts';
import { matchingReleases } from '../../../src/api/release-list.ts';
import { type OverviewAnswer, useBudgets, useOverview, usePulls, useReleases } from '../api.ts';
import { Budget } from '../parts/Budget.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Elsewhere } from '../parts/Elsewhere.tsx';
import { Link } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';
import { clock, exactly, times } from '../parts/words.ts';

const MOST = 20;

function Environments({ lanes, answer }: { lanes: readonly LaneSummary[]; answer: OverviewAnswer }) {
  return (
    <section className="panel" aria-label="Environments">
      <h2>Environments</h2>
      <ul className="environments">
        {lanes.map((lane) => {
          const freeze = freezeOf(lane, answer.freezes ?? []);
          return (
            <li key={lane.environment}>
              <h3>
                {lane.environment} <Chip outcome={lane.outcome} /> <b>{lane.stable ?? 'no version'}</b>
                {lane.canary && ` → ${lane.canary}`}
              </h3>
              <p>{lane.sentence}</p>
              {freeze && (
                <p>
                  <span aria-hidden="true">❄</span> Frozen: {freeze.reason}.{' '}
                  <Link to="/freezes">Freezes</Link>
                </p>
              )}
              {lane.trouble && <p role="alert">{lane.trouble}</p>}
              <Elsewhere
                links={linksOf(answer.links, {
                  ...lane,
                  team: answer.teams[lane.service],
                  version: lane.stable ?? undefined,
                })}
              />
              {lane.release && (
                <Link
                  to={`/releases/${encodeURIComponent(lane.release)}`}
                  label={`evidence of ${lane.service} in ${lane.environment}`}
                >
                  Evidence
                </Link>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Budgets({ service }: { service: string }) {
  const answer = useBudgets();
  const own = (answer.data?.budgets ?? []).filter((b) => b.service === service);
  return (
    <section className="panel" aria-label="SLOs">
      <h2>SLOs</h2>
      {!answer.data ? (
        <p className="soft">{answer.error?.message ?? 'Loading …'}</p>
      ) : own.length === 0 ? (
        <p>No SLO is declared for {service}.</p>
      ) : (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">SLO</th>
              <th scope="col">Budget remaining</th>
              <th scope="col">Burn rates</th>
            </tr>
          </thead>
          <tbody>
            {own.map((b) => (
              <tr key={`${b.environment}/${b.slo}`}>
                <th scope="row">
                  <Link to={`/budgets/${b.environment}/${b.slo}`}>{b.slo}</Link>{' '}
                  <span className="soft">
                    {b.environment}, objective {(100 * b.objective).toPrecision(5).replace(/\.?0+$/, '')}%
                  </span>
                </th>
                <td>
                  <Budget left={b.left} label={b.slo} />
                </td>
                <td className="figure">
                  {b.windows.fast} {times(b.burnFast)}
                  {b.windows.slow && ` · ${b.windows.slow} ${times(b.burnSlow)}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Releases({ service }: { service: string }) {
  const answer = useReleases();
  const own = (answer.data?.releases ?? []).filter((r) => r.service === service);
  const listed = matchingReleases(own, { text: '' }).slice(0, MOST);
  return (
    <section className="panel" aria-label="Releases">
      <h2>Releases</h2>
      {!answer.data ? (
        <p className="soft">{answer.error?.message ?? 'Loading …'}</p>
      ) : listed.length === 0 ? (
        <p>No release was recorded yet. Commit a version to the desired-state repository to start one.</p>
      ) : (
        <table className="list">
          <tbody>
            {listed.map((r) => (
              <tr key={r.id}>
                <td className="soft" title={exactly(r.openedAt)}>
                  {clock(r.openedAt)}
                </td>
                <td>
                  <Link to={`/releases/${encodeURIComponent(r.id)}`}>{r.version}</Link>{' '}
                  <span className="soft">{r.environment}</span> <Chip outcome={r.outcome} />
                </td>
                <td>{r.sentence}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {own.length > MOST && <Link to={`/releases?q=${service}`}>All {own.length} releases</Link>}
    </section>
  );
}

function PullRequests({ service }: { service: string }) {
  const pulls = usePulls().data?.pulls ?? [];
  const own = pulls.filter((p) => p.lanes.some((lane) => lane.startsWith(`${service}/`)));
  if (own.length === 0) return null;
  return (
    <section className="panel" aria-label="Pull requests">
      <h2>Pull requests</h2>
      <ul>
        {own.slice(0, MOST).map((p) => (
          <li key={p.number}>
            <Link to={`/pulls/${p.number}`}>
              #{p.number} {p.title}
            </Link>{' '}
            {p.sentence}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Body({ service, answer }: { service: string; answer: OverviewAnswer }) {
  const lanes = answer.environments.flatMap((e) =>
    answer.lanes.filter((l) => l.service === service && l.environment === e),
  );
  const own = (answer.freezes ?? []).filter((f) => lanes.some((l) => freezeOf(l, [f]) !== null));
  if (lanes.length === 0)
    return (
      <>
        <h1>No service is named {service}</h1>
        <p>
          <Link to="/services">All services</Link>
        </p>
      </>
    );
  return (
    <>
      <p className="soft">
        <Link to="/services">Services</Link> / {service}
      </p>
      <h1>{service}</h1>
      {answer.teams[service] && <p className="soft">Team {answer.teams[service]}</p>}
      <p>{fleetSentence(lanes, own, Date.now())}</p>
      <Environments lanes={lanes} answer={answer} />
      <div className="columns">
        <div>
          <Releases service={service} />
        </div>
        <div>
          <Budgets service={service} />
          <PullRequests service={service} />
        </div>
      </div>
    </>
  );
}

/** Everything about one service: where it runs, its releases, its SLOs and what freezes it. */
export function Service() {
  const overview = useOverview();
  const { service } = useParams({ strict: false }) as { service: string };
  return (
    <Page title={service} asked={overview}>
      {() => <Body service={service} answer={overview.data!} />}
    </Page>
  );
}
