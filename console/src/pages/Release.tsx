import type { ChartView, StepView } from '../../../src/api/views.ts';
import { FAMILY } from '../../../src/delivery/machine.ts';
import { type ReleaseAnswer, useRelease } from '../api.ts';
import { Chip } from '../parts/Chip.tsx';
import { Link } from '../parts/Link.tsx';
import { Machine } from '../parts/Machine.tsx';
import { OrderButton } from '../parts/Order.tsx';
import { Plot } from '../parts/Plot.tsx';
import { clock, exactly } from '../parts/words.ts';

const STATUS = { done: 'passed', now: 'now', next: 'next', stopped: 'stopped here' } as const;

function Step({ step }: { step: StepView }) {
  const worst = [...step.needs].sort((a, b) => b.needed - b.seen - (a.needed - a.seen))[0];
  const need =
    step.status === 'now' && worst
      ? `${worst.seen} of ${worst.needed} good requests${worst.seconds === null ? ', waiting for traffic' : worst.seconds > 0 ? `, about ${worst.seconds} s more` : ''}`
      : '';
  return (
    <li data-status={step.status} aria-current={step.status === 'now' ? 'step' : undefined}>
      <b>{step.weight} %</b> <span className="soft">{STATUS[step.status]}</span>
      <div>{need}</div>
      <div className="soft">{step.confirmedAt ? `served since ${clock(step.confirmedAt)}` : ''}</div>
    </li>
  );
}

const share = (bad: readonly (number | null)[], total: readonly (number | null)[]) =>
  total.map((t, i) => (t ? (100 * (bad[i] ?? 0)) / t : null));

const CLIP = 2.5;

function Charts({
  chart,
  weights,
  openedAt,
}: {
  chart: ChartView;
  weights: readonly number[];
  openedAt: number;
}) {
  const weight = {
    label: 'weight',
    token: 'canary',
    values: chart.step.map((s) => weights[s] ?? 0),
    fill: true,
    scale: 'weight' as const,
  };
  const secondsOf = (i: number) => Math.max(1, (chart.at[i]! - (chart.at[i - 1] ?? openedAt)) / 1_000);
  const perSecond = (totals: readonly (number | null)[]) =>
    totals.map((t, i) => (t === null ? null : t / secondsOf(i)));
  // Sums grow without bound once harm is plain; what matters is where they stand against the bar.
  const clip = (values: readonly number[]) =>
    values.map((v) => Math.max(-chart.bar / 2, Math.min(v, CLIP * chart.bar)));
  const last = (values: readonly number[]) => values.at(-1)?.toFixed(2) ?? 'none';
  return (
    <>
      <section className="panel" aria-label="Evidence">
        <h2>Evidence for {chart.slo}</h2>
        <figure>
          <Plot
            at={chart.at}
            unit=""
            label={`Evidence: over budget ${last(chart.overBudget)}, worse than stable ${last(chart.worseThanStable)}, bar ${chart.bar.toFixed(2)}`}
            lines={[
              weight,
              { label: 'over budget', token: 'over', values: clip(chart.overBudget) },
              { label: 'worse than stable', token: 'worse', values: clip(chart.worseThanStable) },
              { label: 'bar', token: 'ink', values: chart.at.map(() => chart.bar), dash: true },
            ]}
          />
          <figcaption>
            <span className="key" style={{ '--key': 'var(--over)' } as React.CSSProperties}>
              over budget {last(chart.overBudget)}
            </span>
            <span className="key" style={{ '--key': 'var(--worse)' } as React.CSSProperties}>
              worse than stable {last(chart.worseThanStable)}
            </span>
            <span className="key" data-dash="true" style={{ '--key': 'var(--ink)' } as React.CSSProperties}>
              bar {chart.bar.toFixed(2)}: both must reach it
            </span>
          </figcaption>
        </figure>
      </section>
      <section className="panel" aria-label="Requests and errors">
        <h2>Failed requests, percent</h2>
        <Plot
          at={chart.at}
          unit=" %"
          label="Share of failed requests of both versions"
          lines={[
            weight,
            { label: 'new', token: 'canary', values: share(chart.canaryBad, chart.canaryTotal) },
            { label: 'stable', token: 'stable', values: share(chart.stableBad, chart.stableTotal) },
          ]}
        />
        <h2>Requests a second</h2>
        <Plot
          at={chart.at}
          unit=""
          label="Requests a second of both versions"
          lines={[
            { label: 'new', token: 'canary', values: perSecond(chart.canaryTotal) },
            { label: 'stable', token: 'stable', values: perSecond(chart.stableTotal) },
          ]}
        />
        <p className="soft" style={{ margin: 0 }}>
          <span className="key" style={{ '--key': 'var(--canary)' } as React.CSSProperties}>
            new version
          </span>{' '}
          <span className="key" style={{ '--key': 'var(--stable)' } as React.CSSProperties}>
            stable
          </span>{' '}
          shaded: share of traffic given to the new version
        </p>
      </section>
    </>
  );
}

function Timeline({ release }: { release: ReleaseAnswer }) {
  return (
    <section className="panel" aria-label="Timeline">
      <h2>Timeline</h2>
      <ul className="timeline">
        {release.timeline.map((entry) => (
          <li key={entry.seq}>
            <span className="soft" title={exactly(entry.at)}>
              {clock(entry.at)}
            </span>
            <span>
              {entry.title}
              {entry.detail && <span className="soft"> · {entry.detail}</span>}
            </span>
            <span className="soft" title={entry.actor}>
              #{entry.seq}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Body({ release }: { release: ReleaseAnswer }) {
  const { service, environment } = release;
  const open = release.current && release.endedAt === null && FAMILY[release.state] !== 'at rest';
  return (
    <>
      <p className="soft">
        <Link to="/">Overview</Link> / {service} in {environment} / {release.version}
      </p>
      <h1>
        <Chip state={release.state} family={FAMILY[release.state]} /> {release.sentence}
      </h1>
      {release.trouble && (
        <p className="panel" role="alert">
          {release.trouble} Nothing is promoted until it is back; a rollback would still work.
        </p>
      )}
      <ol className="rail" aria-label="Steps">
        {release.steps.map((step) => (
          <Step key={step.weight} step={step} />
        ))}
      </ol>
      {open && (
        <div className="actions">
          {(['abort', 'pause', 'resume', 'promote'] as const).map((command) => (
            <OrderButton key={command} service={service} environment={environment} command={command} />
          ))}
        </div>
      )}
      <section className="panel" aria-label="State machine">
        <Machine release={release} />
      </section>
      <div className="columns">
        <div>
          {release.charts.map((chart) => (
            <Charts
              key={chart.slo}
              chart={chart}
              weights={release.steps.map((s) => s.weight)}
              openedAt={release.openedAt}
            />
          ))}
        </div>
        <div>
          {release.verdict && (
            <section className="panel" aria-label="Verdict">
              <h2>Last verdict: {release.verdict.word}</h2>
              {release.verdict.reasons.map((r) => (
                <p key={r.code}>
                  {r.words} <span className="soft">({r.code})</span>
                </p>
              ))}
              <p className="soft">
                New version: {release.totals.canary.bad} bad of {release.totals.canary.total}. Stable:{' '}
                {release.totals.stable.bad} bad of {release.totals.stable.total}. Revision {release.revision}.
              </p>
            </section>
          )}
          {release.loads.length > 0 && (
            <section className="panel" aria-label="Load tests">
              <h2>Load tests</h2>
              <p className="soft">Evidence beside the SLOs; their word counts.</p>
              <ul>
                {release.loads.map((load) => (
                  <li key={load.run}>{load.sentence}.</li>
                ))}
              </ul>
            </section>
          )}
          <Timeline release={release} />
        </div>
      </div>
    </>
  );
}

export function Release({ id }: { id: string }) {
  const release = useRelease(id);
  document.title = release.data ? `${release.data.service} ${release.data.version} · Sluice` : 'Sluice';
  if (release.data) return <Body release={release.data} />;
  return (
    <>
      <p className="soft">
        <Link to="/">Overview</Link>
      </p>
      <h1>{release.isError ? `${id} cannot be shown: ${release.error.message}` : 'Looking …'}</h1>
    </>
  );
}
