import { byService, leastLeft } from '../../../src/api/fleet.ts';
import { useOverview } from '../api.ts';
import { Budget } from '../parts/Budget.tsx';
import { Chip } from '../parts/Chip.tsx';
import { Link, useAddress, useGo } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';

function Table({ text, env }: { text: string; env: string | undefined }) {
  const lanes = (useOverview().data?.lanes ?? []).filter(
    (l) => l.service.includes(text.toLowerCase()) && (!env || l.environment === env),
  );
  const services = byService(lanes);
  if (services.length === 0) return <p className="panel">No service matches.</p>;
  return (
    <section className="panel" aria-label="All services">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Environments</th>
          </tr>
        </thead>
        <tbody>
          {services.map(({ service, lanes: own }) => (
            <tr key={service}>
              <th scope="row">
                <Link to={`/services/${service}`}>{service}</Link>
              </th>
              <td className="spread">
                {own.map((lane) => (
                  <span key={lane.environment} className="there">
                    <span className="soft">{lane.environment}</span> <Chip outcome={lane.outcome} />{' '}
                    {lane.stable ?? '–'} <Budget left={leastLeft(lane)} label="Error budget remaining" />
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Every service by its name, with what it does in each environment. */
export function Services() {
  const overview = useOverview();
  const { q = '', env } = useAddress();
  const go = useGo();
  return (
    <Page title="Services" asked={overview}>
      {() => (
        <>
          <h1>{new Set(overview.data!.lanes.map((l) => l.service)).size} services are declared</h1>
          <div className="controls">
            <label className="filter">
              <span className="soft">Filter services</span>
              <input
                type="search"
                value={q}
                onChange={(e) =>
                  go(`/services${e.target.value ? `?q=${encodeURIComponent(e.target.value)}` : ''}`, {
                    replace: true,
                    stay: true,
                  })
                }
              />
            </label>
          </div>
          <Table text={q} env={env} />
        </>
      )}
    </Page>
  );
}
