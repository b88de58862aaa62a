import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** One series of the past: what a healthy service would have counted. */
export interface PastSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Increase a second. */
  readonly perSecond: number;
}

export interface HistoryOptions {
  readonly promtool: string;
  /** Prometheus's data folder, not yet in use. */
  readonly tsdb: string;
  readonly scratch: string;
  readonly series: readonly PastSeries[];
  /** End of the past, in seconds since the epoch. */
  readonly endSeconds: number;
}

const COARSE_SECONDS = 300;
const FINE_SECONDS = 1;
const COARSE_FOR = 30 * 86_400;
const FINE_FOR = 3_600;
const BLOCK = '240h';

const labelsText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',');

/** OpenMetrics text of a steady past: 30 days coarsely, the last hour finely. Counters grow by whole requests. */
export function pastText(series: readonly PastSeries[], endSeconds: number): string {
  const times: number[] = [];
  for (let t = endSeconds - COARSE_FOR; t < endSeconds - FINE_FOR; t += COARSE_SECONDS) times.push(t);
  for (let t = endSeconds - FINE_FOR; t <= endSeconds; t += FINE_SECONDS) times.push(t);
  const lines = ['# TYPE http_requests counter'];
  const start = times[0] ?? endSeconds;
  for (const { labels, perSecond } of series) {
    const text = labelsText(labels);
    for (const t of times)
      lines.push(`http_requests_total{${text}} ${Math.floor((t - start) * perSecond)} ${t}`);
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

/** Loads a past into a Prometheus that has none, with Prometheus's own tool. */
export async function loadHistory(options: HistoryOptions): Promise<void> {
  mkdirSync(options.scratch, { recursive: true });
  mkdirSync(options.tsdb, { recursive: true });
  const file = join(options.scratch, 'history.om');
  writeFileSync(file, pastText(options.series, options.endSeconds));
  await execa(options.promtool, [
    'tsdb',
    'create-blocks-from',
    `--max-block-duration=${BLOCK}`,
    '--quiet',
    'openmetrics',
    file,
    options.tsdb,
  ]);
  rmSync(file);
}
