import { useParams } from '@tanstack/react-router';
import { Fragment } from 'react';
import { commandsFor } from '../../../src/api/lane.ts';
import { type ReleaseAnswer, useLatency, useRelease } from '../api.ts';
import { Chip } from '../parts/Chip.tsx';
import { Link, useAddress } from '../parts/Link.tsx';
import { Machine } from '../parts/Machine.tsx';
import { OrderButton } from '../parts/Order.tsx';
import { Page } from '../parts/Page.tsx';
import { Charts } from './release/Charts.tsx';
import { Compare } from './release/Compare.tsx';
import { Differences } from './release/Differences.tsx';
import { Facts } from './release/Facts.tsx';
import { Latency } from './release/Latency.tsx';
import { Queries } from './release/Queries.tsx';
import { Rail } from './release/Rail.tsx';
import { Timeline } from './release/Timeline.tsx';
import { Loads, Verdict } from './release/Verdict.tsx';

const TABS = [
  { name: 'evidence', word: 'Evidence' },
  { name: 'timeline', word: 'Timeline' },
  { name: 'queries', word: 'Queries' },
  { name: 'difference', word: 'Difference' },
  { name: 'compare', word: 'Compare' },
] as const;
type Tab = (typeof TABS)[number]['name'];

/** Orders that this release takes now; none once it has ended. */
function Orders({ release }: { release: ReleaseAnswer }) {
  const { service, environment, outcome, current, endedAt } = release;
  const commands = current && endedAt === null ? commandsFor(outcome) : [];
  if (commands.length === 0) return null;
  return (
    <div className="actions">
      {commands.map((command) => (
        <OrderButton key={command} service={service} environment={environment} command={command} />
      ))}
    </div>
  );
}

function Tabs({ id, tab }: { id: string; tab: Tab }) {
  return (
    <nav className="tabs" aria-label="Parts of this release">
      {TABS.map(({ name, word }) => (
        <Link key={name} to={`/releases/${encodeURIComponent(id)}?tab=${name}`} current={name === tab}>
          {word}
        </Link>
      ))}
    </nav>
  );
}

function Evidence({ release }: { release: ReleaseAnswer }) {
  const weights = release.steps.map((s) => s.weight);
  const { id, openedAt, endedAt, latency = [] } = release;
  const asked = useLatency(id, { enabled: latency.length > 0, over: endedAt !== null });
  return (
    <div className="columns">
      <div>
        {release.charts.map((chart) => {
          const timed = latency.find((l) => l.slo === chart.slo);
          return (
            <Fragment key={chart.slo}>
              {timed && (
                <Latency
                  latency={timed}
                  view={asked.data?.slos.find((s) => s.slo === chart.slo)?.distribution}
                  trouble={asked.error?.message ?? null}
                />
              )}
              <Charts chart={chart} weights={weights} openedAt={openedAt} bad={timed?.slow} />
            </Fragment>
          );
        })}
        {release.charts.length === 0 && <p className="panel">This release is not judged by any SLO.</p>}
      </div>
      <div>
        <Verdict release={release} />
        <Loads release={release} />
        <details className="panel" aria-label="State machine">
          <summary>State machine: {release.state}</summary>
          <Machine release={release} />
        </details>
      </div>
    </div>
  );
}

function Part({ release, tab }: { release: ReleaseAnswer; tab: Tab }) {
  switch (tab) {
    case 'evidence':
      return <Evidence release={release} />;
    case 'timeline':
      return <Timeline release={release} />;
    case 'queries':
      return <Queries release={release} />;
    case 'difference':
      return <Differences release={release} />;
    case 'compare':
      return <Compare release={release} />;
  }
}

function Body({ release }: { release: ReleaseAnswer }) {
  const { service, environment } = release;
  const { tab: asked } = useAddress();
  const tab = TABS.find((t) => t.name === asked)?.name ?? 'evidence';
  document.title = `${service} ${release.version} · Sluice`;
  return (
    <>
      <p className="soft">
        <Link to={`/services/${service}`}>{service}</Link> in {environment} / {release.version}
      </p>
      <h1>
        <Chip outcome={release.outcome} /> {release.sentence}
      </h1>
      {release.trouble && (
        <p className="panel" role="alert">
          {release.trouble} Nothing is promoted until Prometheus answers again. Rollbacks still work.
        </p>
      )}
      <Orders release={release} />
      <Facts release={release} />
      <Rail steps={release.steps} />
      <Tabs id={release.id} tab={tab} />
      <Part release={release} tab={tab} />
    </>
  );
}

/** How did it end, and on what evidence? */
export function Release() {
  const { id } = useParams({ strict: false }) as { id: string };
  const release = useRelease(id);
  return (
    <Page title={id} asked={release}>
      {() => <Body release={release.data!} />}
    </Page>
  );
}
