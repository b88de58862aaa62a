import { Fragment } from 'react';
import {
  type Bar,
  barsOf,
  type DistributionView,
  distributionText,
  shareText,
  thresholdPlace,
  timeText,
} from '../../../../src/api/latency/bars.ts';
import type { LatencyView } from '../../../../src/api/latency/view.ts';
import { ago, clock, exactly } from '../../parts/words.ts';

type Version = 'canary' | 'stable';

/** One share as a bar and a number; the longest one of a drawing fills its cell. */
function Share({ share, most, version }: { share: number | null; most: number; version: Version }) {
  if (share === null) return <td className="soft">not known</td>;
  const style = { '--share': most > 0 ? share / most : 0 } as React.CSSProperties;
  return (
    <td>
      <span className="share" data-version={version} style={style} aria-hidden="true" />
      <span className="figure">{shareText(share, 1)}</span>
    </td>
  );
}

function Threshold({ thresholdMs }: { thresholdMs: number }) {
  return (
    <tr className="threshold">
      <th scope="row" colSpan={3}>
        Threshold {timeText(thresholdMs)}: slower requests are below
      </th>
    </tr>
  );
}

function Buckets({ bars, thresholdMs, label }: { bars: readonly Bar[]; thresholdMs: number; label: string }) {
  const place = thresholdPlace(bars);
  const most = Math.max(0, ...bars.flatMap((b) => [b.canary ?? 0, b.stable ?? 0]));
  return (
    <table className="buckets" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">New version</th>
          <th scope="col">Stable</th>
        </tr>
      </thead>
      <tbody>
        {bars.map((bar, i) => (
          <Fragment key={bar.name}>
            {i === place && <Threshold thresholdMs={thresholdMs} />}
            <tr>
              <th scope="row">{bar.name}</th>
              <Share share={bar.canary} most={most} version="canary" />
              <Share share={bar.stable} most={most} version="stable" />
            </tr>
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function Drawn({ view, thresholdMs }: { view: DistributionView; thresholdMs: number }) {
  const bars = barsOf(view, thresholdMs);
  return (
    <>
      {view.why !== null && <p className="old">{capital(view.why)}.</p>}
      {bars.length > 0 && (
        <Buckets bars={bars} thresholdMs={thresholdMs} label={distributionText(view, thresholdMs)} />
      )}
      {bars.length === 0 && view.state !== 'missing' && <p>No request was measured in this time.</p>}
      {view.at !== null && (
        <p className="soft">
          Share of each version's requests by the time that they took, over the {ago(view.spanMs)} before{' '}
          <span title={exactly(view.at)}>{clock(view.at)}</span>.
        </p>
      )}
    </>
  );
}

/** How long requests of both versions took: what is recorded in a sentence, what Prometheus has of it drawn. */
export function Latency({
  latency,
  view,
  trouble,
}: {
  latency: LatencyView;
  /** Undefined: it is still asked for. */
  view: DistributionView | undefined;
  /** Why it cannot be asked for; null: it can. */
  trouble: string | null;
}) {
  return (
    <section className="panel" aria-label={`Latency of ${latency.slo}`}>
      <h2>Latency for {latency.slo}</h2>
      <p>{latency.sentence}</p>
      {view ? (
        <Drawn view={view} thresholdMs={latency.thresholdMs} />
      ) : (
        <p className="soft">{trouble ?? 'Loading …'}</p>
      )}
    </section>
  );
}
