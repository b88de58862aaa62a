import type { ChartView } from '../../../../src/api/views.ts';
import { Plot } from '../../parts/Plot.tsx';

const share = (bad: readonly (number | null)[], total: readonly (number | null)[]) =>
  total.map((t, i) => (t ? (100 * (bad[i] ?? 0)) / t : null));

const CLIP = 2.5;

/** Share of traffic that the new version had, behind what is drawn over it. */
const weightLine = ({ step }: ChartView, weights: readonly number[]) => ({
  label: 'weight',
  token: 'canary',
  values: step.map((s) => weights[s] ?? 0),
  fill: true,
  scale: 'weight' as const,
});

const last = (values: readonly number[]) => values.at(-1)?.toFixed(2) ?? 'none';

function Key({ token, dash, children }: { token: string; dash?: boolean; children: React.ReactNode }) {
  const style = { '--key': `var(--${token})` } as React.CSSProperties;
  return (
    <span className="key" data-dash={dash ? 'true' : undefined} style={style}>
      {children}
    </span>
  );
}

interface ChartProps {
  readonly chart: ChartView;
  /** Percent of traffic, by step. */
  readonly weights: readonly number[];
}

function Evidence({ chart, weights }: ChartProps) {
  // Sums grow without bound once harm is plain; what matters is where they stand against the bar.
  const clip = (values: readonly number[]) =>
    values.map((v) => Math.max(-chart.bar / 2, Math.min(v, CLIP * chart.bar)));
  return (
    <section className="panel" aria-label={`Evidence for ${chart.slo}`}>
      <h2>Evidence for {chart.slo}</h2>
      <figure>
        <Plot
          at={chart.at}
          unit=""
          label={`Evidence: over budget ${last(chart.overBudget)}, worse than stable ${last(chart.worseThanStable)}, bar ${chart.bar.toFixed(2)}`}
          lines={[
            weightLine(chart, weights),
            { label: 'over budget', token: 'over', values: clip(chart.overBudget) },
            { label: 'worse than stable', token: 'worse', values: clip(chart.worseThanStable) },
            { label: 'bar', token: 'ink', values: chart.at.map(() => chart.bar), dash: true },
          ]}
        />
        <figcaption>
          <Key token="over">over budget {last(chart.overBudget)}</Key>
          <Key token="worse">worse than stable {last(chart.worseThanStable)}</Key>
          <Key token="ink" dash>
            bar {chart.bar.toFixed(2)}: both must reach it
          </Key>
        </figcaption>
      </figure>
    </section>
  );
}

interface RequestsProps extends ChartProps {
  readonly openedAt: number;
  /** What bad requests are called; left out: they failed. */
  readonly bad?: string | undefined;
}

function Requests({ chart, weights, openedAt, bad = 'Failed requests, percent' }: RequestsProps) {
  const secondsOf = (i: number) => Math.max(1, (chart.at[i]! - (chart.at[i - 1] ?? openedAt)) / 1_000);
  const perSecond = (totals: readonly (number | null)[]) =>
    totals.map((t, i) => (t === null ? null : t / secondsOf(i)));
  return (
    <section className="panel" aria-label={`Requests and errors for ${chart.slo}`}>
      <h2>{bad}</h2>
      <Plot
        at={chart.at}
        unit="%"
        label={`${bad}, of both versions`}
        lines={[
          weightLine(chart, weights),
          { label: 'new', token: 'canary', values: share(chart.canaryBad, chart.canaryTotal) },
          { label: 'stable', token: 'stable', values: share(chart.stableBad, chart.stableTotal) },
        ]}
      />
      <h2>Requests a second</h2>
      <figure>
        <Plot
          at={chart.at}
          unit=""
          label="Requests a second of both versions"
          lines={[
            { label: 'new', token: 'canary', values: perSecond(chart.canaryTotal) },
            { label: 'stable', token: 'stable', values: perSecond(chart.stableTotal) },
          ]}
        />
        <figcaption>
          <Key token="canary">new version</Key>
          <Key token="stable">stable</Key>
          <span>shaded: share of traffic given to the new version</span>
        </figcaption>
      </figure>
    </section>
  );
}

/** What a release was judged by, of one SLO. */
export function Charts(props: RequestsProps) {
  return (
    <>
      <Evidence {...props} />
      <Requests {...props} />
    </>
  );
}
