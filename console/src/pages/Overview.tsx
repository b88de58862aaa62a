import { useMemo } from 'react';
import {
  ATTENTION,
  ATTENTION_WORDS,
  type Attention,
  type Fleet,
  fleetView,
  urgentLanes,
} from '../../../src/api/fleet.ts';
import { type OverviewAnswer, useOverview, useReleases } from '../api.ts';
import { Link, useAddress, useGo } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';
import { clock, exactly } from '../parts/words.ts';
import { Grid } from './overview/Grid.tsx';

/** So many rows are shown with what is fine among them; of more, what is fine is folded. */
const FEW = 15;
const SHAPES = { needs: '■', burning: '▲', frozen: '❄', moving: '▶', fine: '●' } as const;

interface Filter {
  readonly show: Attention | undefined;
  readonly text: string;
  readonly unfolded: boolean;
}

function useFilter(): [Filter, (change: Readonly<Record<string, string>>) => string] {
  const { show, q, fine } = useAddress();
  const filter = {
    show: ATTENTION.find((a) => a === show),
    text: q ?? '',
    unfolded: fine === 'shown',
  };
  const address = (change: Readonly<Record<string, string>>) => {
    const all = { ...(show ? { show } : {}), ...(q ? { q } : {}), ...(fine ? { fine } : {}), ...change };
    const params = new URLSearchParams(Object.entries(all).filter(([, v]) => v !== ''));
    return params.size > 0 ? `/?${params}` : '/';
  };
  return [filter, address];
}

/** Five counts to click: each is the number of what its list shows. */
function Counts({
  fleet,
  show,
  address,
}: {
  fleet: Fleet;
  show: Attention | undefined;
  address: ReturnType<typeof useFilter>[1];
}) {
  return (
    <ul className="counts" aria-label="Counts">
      {ATTENTION.map((one) => (
        <li key={one} data-kind={one} data-some={fleet.counts[one] > 0}>
          <Link to={address({ show: show === one ? '' : one })} current={show === one}>
            <b>{fleet.counts[one]}</b>
            <span>
              <span aria-hidden="true">{SHAPES[one]}</span> {ATTENTION_WORDS[one]}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function FilterField({ text, address }: { text: string; address: ReturnType<typeof useFilter>[1] }) {
  const go = useGo();
  return (
    <label className="filter">
      <span className="soft">Filter services</span>
      <input
        type="search"
        value={text}
        onChange={(e) => go(address({ q: e.target.value }), { replace: true, stay: true })}
        autoComplete="off"
      />
    </label>
  );
}

/** What needs a person, each in its sentence: the first is the heading already. */
function Urgent({ answer }: { answer: OverviewAnswer }) {
  const urgent = urgentLanes(answer.lanes).slice(1, 6);
  if (urgent.length === 0) return null;
  return (
    <ul className="urgent" aria-label="What needs attention">
      {urgent.map((lane) => (
        <li key={`${lane.service}/${lane.environment}`}>
          <Link to={lane.release ? `/releases/${lane.release}` : `/services/${lane.service}`}>
            {lane.sentence}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Recent() {
  const releases = useReleases();
  const rows = releases.data?.releases.slice(0, 8) ?? [];
  return (
    <section aria-label="Recent releases" className="recent">
      <h2>Recent releases</h2>
      {!releases.data ? (
        <p className="soft">Loading …</p>
      ) : rows.length === 0 ? (
        <p className="soft">None yet. Commit a version to the desired-state repository to start one.</p>
      ) : (
        <table>
          <tbody>
            {rows.map((r) => (
              <tr key={r.id}>
                <td className="soft" title={exactly(r.openedAt)}>
                  {clock(r.openedAt)}
                </td>
                <td>
                  <Link to={`/releases/${encodeURIComponent(r.id)}`}>
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

function Fold({
  fine,
  unfolded,
  address,
}: {
  fine: number;
  unfolded: boolean;
  address: ReturnType<typeof useFilter>[1];
}) {
  return (
    <p className="fold-line">
      <Link to={address({ fine: unfolded ? '' : 'shown' })}>
        {unfolded ? 'Fold' : 'Show'} {fine} {fine === 1 ? 'service that is' : 'services that are'} fine
      </Link>
    </p>
  );
}

/** The rows that match, what is fine below a fold where there is much of it. */
function Rows({
  fleet,
  filter,
  address,
}: {
  fleet: Fleet;
  filter: Filter;
  address: ReturnType<typeof useFilter>[1];
}) {
  const fine = fleet.rows.filter((r) => r.fine).length;
  const folds = fleet.rows.length > FEW && fine > 0 && filter.show !== 'fine' && filter.text === '';
  const rows = folds && !filter.unfolded ? fleet.rows.filter((r) => !r.fine) : fleet.rows;
  return (
    <>
      {filter.show && (
        <p className="soft" role="status">
          {fleet.matching} of {fleet.lanes} {ATTENTION_WORDS[filter.show]}, in {fleet.rows.length}{' '}
          {fleet.rows.length === 1 ? 'service' : 'services'}. <Link to={address({ show: '' })}>Show all</Link>
        </p>
      )}
      {fleet.rows.length === 0 ? (
        <p className="panel">
          No service matches. <Link to="/">Show all</Link>
        </p>
      ) : (
        rows.length > 0 && <Grid rows={rows} environments={fleet.environments} />
      )}
      {folds && <Fold fine={fine} unfolded={filter.unfolded} address={address} />}
    </>
  );
}

function Body({ answer }: { answer: OverviewAnswer }) {
  const { env, team } = useAddress();
  const [filter, address] = useFilter();
  const known = answer.environments.find((e) => e === env);
  const { show, text } = filter;
  const owner = Object.values(answer.teams).find((t) => t === team);
  const fleet = useMemo(
    () => fleetView(answer, { environment: known, team: owner, attention: show, text }, Date.now()),
    [answer, known, owner, show, text],
  );
  // A broken chain is the server's to tell: nothing is decided any more.
  const broken = answer.problems.some((p) => p.startsWith('ledger:'));
  return (
    <>
      <h1>{broken ? answer.sentence : fleet.sentence}</h1>
      {answer.problems.map((p) => (
        <p key={p} className="panel" role="alert">
          {p.startsWith('ledger:') ? p : `Desired state: ${p}`}
        </p>
      ))}
      {answer.freezes === null && <p className="soft">This server does not know which freezes are active.</p>}
      <Urgent answer={answer} />
      <div className="controls">
        <Counts fleet={fleet} show={show} address={address} />
        <FilterField text={text} address={address} />
      </div>
      <Rows fleet={fleet} filter={filter} address={address} />
      <Recent />
    </>
  );
}

/** Is everything fine? What of it needs somebody? */
export function Overview() {
  const overview = useOverview();
  return (
    <Page title="Overview" asked={overview}>
      {() => <Body answer={overview.data!} />}
    </Page>
  );
}
