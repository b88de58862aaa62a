import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { ago, axisTimes } from './words.ts';

interface Line {
  readonly label: string;
  /** Name of a colour token. */
  readonly token: string;
  readonly values: readonly (number | null)[];
  readonly dash?: boolean;
  readonly fill?: boolean;
  readonly scale?: 'y' | 'weight';
}

const colour = (token: string): string => {
  const probe = document.createElement('span');
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
};

const HEIGHT = 170;

const elapsedTimes = (seconds: readonly number[]): string[] => seconds.map((s) => ago(1_000 * s));

function options(lines: readonly Line[], width: number, unit: string, elapsed: boolean): uPlot.Options {
  const ink = colour('ink-soft');
  const grid = { stroke: colour('line'), width: 1 };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, ...(elapsed ? {} : { sync: { key: 'release' } }) },
    scales: { x: { time: !elapsed }, weight: { range: [0, 100] } },
    axes: [
      { stroke: ink, grid, values: (_, ticks) => (elapsed ? elapsedTimes : axisTimes)(ticks) },
      { stroke: ink, grid, size: 62, values: (_, ticks) => ticks.map((t) => `${t}${unit}`) },
    ],
    series: [
      {},
      ...lines.map((l): uPlot.Series => {
        const stroke = colour(l.token);
        return {
          label: l.label,
          stroke: l.fill ? 'transparent' : stroke,
          width: 2,
          scale: l.scale ?? 'y',
          points: { show: false },
          spanGaps: elapsed,
          ...(l.dash ? { dash: [6, 4] } : {}),
          ...(l.fill ? { fill: stroke.replace(/rgb\(([^)]+)\)/, 'rgba($1, 0.14)') } : {}),
        };
      }),
    ],
  };
}

/** One chart over the release's time. Its place is kept before there is anything to draw. */
export function Plot({
  at,
  lines,
  unit,
  label,
  elapsed = false,
}: {
  at: readonly number[];
  lines: readonly Line[];
  unit: string;
  label: string;
  /** Times are since a beginning, not of a clock. */
  elapsed?: boolean;
}) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useRef<uPlot.AlignedData>([[]]);
  data.current = [at.map((t) => t / 1_000), ...lines.map((l) => [...l.values])] as uPlot.AlignedData;
  const shape = lines.map((l) => l.label).join('|');
  const latest = useRef({ lines, unit });
  latest.current = { lines, unit };
  useEffect(() => {
    const place = host.current;
    if (!place || shape === '') return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        options(latest.current.lines, place.clientWidth, latest.current.unit, elapsed),
        data.current,
        place,
      );
    };
    draw();
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    addEventListener('sluice-theme', draw);
    const sizes = new ResizeObserver(() =>
      plot.current?.setSize({ width: place.clientWidth, height: HEIGHT }),
    );
    sizes.observe(place);
    return () => {
      dark.removeEventListener('change', draw);
      removeEventListener('sluice-theme', draw);
      sizes.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, elapsed]);
  useEffect(() => {
    plot.current?.setData(data.current);
  });
  return <div className="plot" ref={host} role="img" aria-label={label} />;
}
