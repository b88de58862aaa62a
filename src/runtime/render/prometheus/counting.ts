import type { Budgeting, Indicator, PrometheusSource, Slo } from '../../../declaration/platform.ts';
import { formatDuration } from '../../../kit/time.ts';
import type { Selector } from '../../../promql/parse.ts';
import { quote, selectorText } from '../../../promql/scope.ts';

/**
 * What one tile of five minutes counts: all and bad, as PromQL. docs/decisions/0005 says why it is written so.
 * Every expression may be absent where nothing is there; the rule around it decides what absence means.
 */
export const TILE_SECONDS = 300;
export const TILE_MS = 300_000;
/** A hair less, for points on a grid: Prometheus 2 counts the point at the left edge, too. */
const gridOf = (tileMs: number): string => `${tileMs - 1}ms`;
/** A series is new if it was not there in this time before the tile; a shorter absence is a gap. */
const MEMORY = '1h';

export interface Counting {
  readonly total: string;
  /** Bad ones directly, or good ones: then bad is what is left of the total. */
  readonly part: string;
  readonly partIs: 'good' | 'bad';
}

const shifted = (offsetMs: number): string => (offsetMs > 0 ? ` offset ${formatDuration(offsetMs)}` : '');

/**
 * Increase of one counter over a tile, exact where `increase()` extrapolates: the last sample before the
 * tile is its beginning, so tiles join without seams. A series that is new counts from 0, if anything of
 * this SLI was there before (else everything is new, and old counters would be taken for traffic).
 */
function tileIncrease(selector: string, known: string, offsetMs: number, tileMs: number): string {
  const tile = formatDuration(tileMs);
  const now = `last_over_time(${selector}[${tile}]${shifted(offsetMs)})`;
  const before = `last_over_time(${selector}[${MEMORY}]${shifted(offsetMs + tileMs)})`;
  return [
    `(${now} - ${before} >= 0 unless resets(${selector}[${formatDuration(tileMs + 60_000)}]${shifted(offsetMs)}) > 0`,
    `  or (${now} unless ${before}) and on() ${known}`,
    `  or increase(${selector}[${tile}]${shifted(offsetMs)}))`,
  ].join('\n');
}

/** Sum over all selectors; each part keeps its own identity in the union. */
export function summed(
  selectors: readonly Selector[],
  by: string,
  text: (selector: string) => string,
): string {
  const parts = selectors.map((s) => text(selectorText(s)));
  if (parts.length === 1) return `sum${by}(${parts[0]})`;
  const marked = parts.map((p, i) => `label_replace(${p}, "sluice_part", "${i}", "", "")`);
  return `sum${by}(${marked.join('\nor ')})`;
}

const known = (
  indicator: Extract<Indicator, { kind: 'counters' }>,
  offsetMs: number,
  tileMs: number,
): string =>
  `group(${indicator.total.map((s) => `${selectorText(s)}${shifted(offsetMs + tileMs)}`).join(' or ')})`;

/** Share of good of any indicator over a slice. */
function goodShare(indicator: Indicator, slice: string, offset: string): string {
  switch (indicator.kind) {
    case 'counters': {
      const rate = (s: readonly Selector[]) => summed(s, '', (x) => `increase(${x}[${slice}]${offset})`);
      const total = rate(indicator.total);
      const part = `(${rate(indicator.part)} or 0 * ${total})`;
      return indicator.partIs === 'good' ? `${part} / (${total} > 0)` : `1 - ${part} / (${total} > 0)`;
    }
    case 'histogram':
      return `histogram_fraction(${indicator.lower}, ${indicator.upper}, sum(rate(${selectorText(indicator.total)}[${slice}]${offset})))`;
    case 'rates': {
      const share = `sum(${indicator.part}) / (sum(${indicator.total}) > 0)`;
      return indicator.partIs === 'good' ? share : `1 - ${share}`;
    }
    case 'threshold':
      return `avg((${indicator.query}) ${indicator.op} bool ${indicator.value})`;
    case 'ratio':
      return indicator.is === 'good' ? `avg(${indicator.query})` : `1 - avg(${indicator.query})`;
  }
}

/** Slices of time: how many there were with anything in them, and how many (or how much of them) were bad. */
function sliced(
  indicator: Indicator,
  budgeting: Exclude<Budgeting, { kind: 'occurrences' }>,
  offset: string,
): Counting {
  const slice = formatDuration(budgeting.sliceMs);
  const share = goodShare(indicator, slice, '');
  const GRID = gridOf(TILE_MS);
  const bad = budgeting.kind === 'timeslices' ? `(${share}) < bool ${budgeting.target}` : `1 - (${share})`;
  return {
    total: `count_over_time((${share})[${GRID}:${slice}]${offset})`,
    part: `sum_over_time((${bad})[${GRID}:${slice}]${offset})`,
    partIs: 'bad',
  };
}

/** What a tile that ends `offsetMs` ago counts. */
export function countingOf(
  slo: Slo,
  source: PrometheusSource,
  offsetMs: number,
  by = '',
  tileMs = TILE_MS,
): Counting {
  const tile = formatDuration(tileMs);
  const GRID = gridOf(tileMs);
  const { indicator, budgeting } = slo;
  const offset = shifted(offsetMs);
  if (budgeting.kind !== 'occurrences') return sliced(indicator, budgeting, offset);
  const step = formatDuration(source.scrapeIntervalMs);
  switch (indicator.kind) {
    case 'counters': {
      const before = known(indicator, offsetMs, tileMs);
      const count = (s: readonly Selector[]) =>
        summed(s, by, (x) => tileIncrease(x, before, offsetMs, tileMs));
      return { total: count(indicator.total), part: count(indicator.part), partIs: indicator.partIs };
    }
    case 'histogram': {
      const increase = `sum(increase(${selectorText(indicator.total)}[${tile}]${offset}))`;
      return {
        total: `histogram_count(${increase})`,
        part: `histogram_fraction(${indicator.lower}, ${indicator.upper}, ${increase}) * histogram_count(${increase})`,
        partIs: 'good',
      };
    }
    case 'rates': {
      const summedUp = (query: string) =>
        `sum(avg_over_time((${query})[${GRID}:${step}]${offset})) * ${tileMs / 1_000}`;
      return { total: summedUp(indicator.total), part: summedUp(indicator.part), partIs: indicator.partIs };
    }
    case 'threshold':
      return {
        total: `sum(count_over_time((${indicator.query})[${GRID}:${step}]${offset}))`,
        part: `sum(sum_over_time(((${indicator.query}) ${indicator.op} bool ${indicator.value})[${GRID}:${step}]${offset}))`,
        partIs: 'good',
      };
    case 'ratio':
      throw new Error(`broken invariant: SLO ${slo.name} was checked to count by slices`);
  }
}

/** `{service="x",slo="y"}` of a set of labels. */
export const matcherOf = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([k, v]) => `${k}=${quote(v)}`)
    .join(',')}}`;
