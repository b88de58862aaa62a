import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { BAD, TOTAL } from '../runtime/series.ts';

/** One series of the past: what a healthy service would have counted. */
export interface PastSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Increase a second. */
  readonly perSecond: number;
}

/** What rules would have recorded of an SLO in that past. */
export interface PastRecord {
  readonly labels: { readonly service: string; readonly slo: string; readonly environment: string };
  readonly perSecond: number;
  readonly badPerSecond: number;
}

export interface HistoryOptions {
  readonly promtool: string;
  /** Prometheus's data folder, not yet in use. */
  readonly tsdb: string;
  readonly scratch: string;
  readonly series: readonly PastSeries[];
  readonly records: readonly PastRecord[];
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

/** How far back each recorded window is read by the next longer one, and by the SLO window itself. */
const RECORDED = [
  { window: '5m', seconds: 300, back: COARSE_FOR },
  { window: '1h', seconds: 3_600, back: 3 * 3_600 },
  { window: '2h', seconds: 7_200, back: 7 * 3_600 },
  { window: '6h', seconds: 21_600, back: 25 * 3_600 },
  { window: '1d', seconds: 86_400, back: 73 * 3_600 },
  { window: '3d', seconds: 259_200, back: COARSE_FOR },
] as const;

/** The increments that our rules would hold of that past: budgets are built from them, not from raw samples. */
export function recordedText(records: readonly PastRecord[], endSeconds: number): string {
  const lines: string[] = [];
  for (const side of [TOTAL, BAD])
    for (const { window, seconds, back } of RECORDED) {
      lines.push(`# TYPE ${side}:increase${window} gauge`);
      for (const { labels, perSecond, badPerSecond } of records) {
        const value = (side === TOTAL ? perSecond : badPerSecond) * seconds;
        const text = `${side}:increase${window}{${labelsText(labels)}} ${value}`;
        for (let t = endSeconds - back; t <= endSeconds; t += COARSE_SECONDS) lines.push(`${text} ${t}`);
      }
    }
  return `${lines.join('\n')}\n`;
}

/** Loads a past into a Prometheus that has none, with Prometheus's own tool. */
export async function loadHistory(options: HistoryOptions): Promise<void> {
  mkdirSync(options.scratch, { recursive: true });
  mkdirSync(options.tsdb, { recursive: true });
  const file = join(options.scratch, 'history.om');
  const raw = pastText(options.series, options.endSeconds).replace(/# EOF\n$/, '');
  writeFileSync(file, `${raw}${recordedText(options.records, options.endSeconds)}# EOF\n`);
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
