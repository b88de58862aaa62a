import type { Budgeting, Indicator, PrometheusSource, Slo } from '../../../declaration/platform.ts';
import { formatDuration } from '../../../kit/time.ts';
import type { Counter } from '../../../promql/counters.ts';
import { quote, selectorText } from '../../../promql/scope.ts';

/**
 * What one tile of five minutes counts: all and bad, as PromQL. docs/decisions/0005 says why it is written so.
 * Every expression may be absent where nothing is there; the rule around it decides what absence means.
 * NaN is no sample, and 0 / 0 no traffic: both are left out before anything is summed up, since a sum keeps them for
 * as long as its window.
 */
export const TILE_SECONDS = 300;
const TILE_MS = 300_000;
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

const shifted = (offsetMs: number): string => {
  if (offsetMs === 0) return '';
  return offsetMs > 0 ? ` offset ${formatDuration(offsetMs)}` : ` offset -${formatDuration(-offsetMs)}`;
};

/** Without NaN: a comparison with it is never true. */
const numbersOf = (expr: string): string => `((${expr}) >= -Inf)`;
/** Without NaN and infinities, which are no number of requests and no share of them. */
const finite = (expr: string): string => `((${expr}) > -Inf < +Inf)`;

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
    `((${now} - ${before} >= 0 unless resets(${selector}[${formatDuration(tileMs + 60_000)}]${shifted(offsetMs)}) > 0`,
    `  or (${now} unless ${before}) and on() ${known}`,
    `  or increase(${selector}[${tile}]${shifted(offsetMs)}) >= 0) < +Inf)`,
  ].join('\n');
}

/** Sum over all counters, less those that are taken off; each part keeps its own identity in the union. */
export function summed(
  counters: readonly Counter[],
  by: string,
  text: (selector: string, counter: Counter) => string,
): string {
  const parts = counters.map((c) => `${c.minus ? '-1 * ' : ''}${text(selectorText(c), c)}`);
  const marked =
    parts.length === 1 ? parts : parts.map((p, i) => `label_replace(${p}, "sluice_part", "${i}", "", "")`);
  const sum = `sum${by}(${marked.join('\nor ')})`;
  return counters.some((c) => c.minus) ? `clamp_min(${sum}, 0)` : sum;
}

const known = (
  indicator: Extract<Indicator, { kind: 'counters' }>,
  offsetMs: number,
  tileMs: number,
): string =>
  `group(${indicator.total.map((c) => `${selectorText(c)}${shifted(offsetMs + tileMs + (c.offsetMs ?? 0))}`).join(' or ')})`;

/** A part that is absent where there is traffic is none of it. */
const shareOf = (part: string, total: string): string => `(${part} or 0 * ${total}) / (${total} > 0)`;

/** Share of good of any indicator over a slice, of all or of each group. */
function goodShare(indicator: Indicator, slice: string, by: string): string {
  switch (indicator.kind) {
    case 'counters': {
      const count = (s: readonly Counter[]) =>
        summed(s, by, (x, c) => `(increase(${x}[${slice}]${shifted(c.offsetMs ?? 0)}) < +Inf)`);
      const share = shareOf(count(indicator.part), count(indicator.total));
      return indicator.partIs === 'good' ? share : `1 - ${share}`;
    }
    case 'histogram': {
      const share = finite(
        `histogram_fraction(${indicator.lower}, ${indicator.upper}, sum${by}(rate(${selectorText(indicator.total)}[${slice}])))`,
      );
      return indicator.partIs === 'good' ? share : `1 - ${share}`;
    }
    case 'rates': {
      const share = shareOf(`sum${by}(${finite(indicator.part)})`, `sum${by}(${finite(indicator.total)})`);
      return indicator.partIs === 'good' ? share : `1 - ${share}`;
    }
    case 'threshold':
      return `avg${by}(${numbersOf(indicator.query)} ${indicator.op} bool ${indicator.value})`;
    case 'ratio': {
      const share = `avg${by}(clamp(${finite(indicator.query)}, 0, 1))`;
      return indicator.is === 'good' ? share : `1 - ${share}`;
    }
  }
}

/** An expression as it is now, or as it was so long ago. */
const asOf = (expr: string, offsetMs: number): string =>
  offsetMs === 0 ? expr : `last_over_time((${expr})[1s:1s]${shifted(offsetMs)})`;

/** Slices of time: how many there were with anything in them, and how many (or how much of them) were bad. */
function sliced(
  indicator: Indicator,
  budgeting: Exclude<Budgeting, { kind: 'occurrences' }>,
  offsetMs: number,
  by: string,
): Counting {
  const slice = formatDuration(budgeting.sliceMs);
  const share = goodShare(indicator, slice, by);
  const bad = budgeting.kind === 'timeslices' ? `(${share}) < bool ${budgeting.target}` : `1 - (${share})`;
  // A slice as long as a tile is that tile: it ends now, not at the last point of a grid.
  if (budgeting.sliceMs === TILE_MS)
    return {
      total: asOf(`0 * (${share}) + 1`, offsetMs),
      part: asOf(bad, offsetMs),
      partIs: 'bad',
    };
  const grid = `[${gridOf(TILE_MS)}:${slice}]${shifted(offsetMs)}`;
  return {
    total: `count_over_time((${share})${grid})`,
    part: `sum_over_time((${bad})${grid})`,
    partIs: 'bad',
  };
}

/** What a tile that ends `offsetMs` ago counts, of all or of each group (`by`: ` by (label)`). */
export function countingOf(
  slo: Slo,
  source: PrometheusSource,
  offsetMs: number,
  by = '',
  tileMs = TILE_MS,
): Counting {
  const { indicator, budgeting } = slo;
  if (budgeting.kind !== 'occurrences') return sliced(indicator, budgeting, offsetMs, by);
  const tile = formatDuration(tileMs);
  switch (indicator.kind) {
    case 'counters': {
      const before = known(indicator, offsetMs, tileMs);
      const count = (s: readonly Counter[]) =>
        summed(s, by, (x, c) => tileIncrease(x, before, offsetMs + (c.offsetMs ?? 0), tileMs));
      return { total: count(indicator.total), part: count(indicator.part), partIs: indicator.partIs };
    }
    case 'histogram': {
      const increase = `sum${by}(increase(${selectorText(indicator.total)}[${tile}]${shifted(offsetMs)}))`;
      return {
        total: `histogram_count(${increase})`,
        part: `(histogram_fraction(${indicator.lower}, ${indicator.upper}, ${increase}) * histogram_count(${increase}) >= 0)`,
        partIs: indicator.partIs,
      };
    }
    case 'rates': {
      // Per second, or per their own window: as they are at this moment, for as long as a tile.
      const times = indicator.perMs === null ? tileMs / 1_000 : tileMs / indicator.perMs;
      const now = (query: string) => {
        const sum = asOf(`sum${by}(${finite(query)})`, offsetMs);
        return times === 1 ? sum : `${sum} * ${times}`;
      };
      return { total: now(indicator.total), part: now(indicator.part), partIs: indicator.partIs };
    }
    case 'threshold': {
      const samples = numbersOf(indicator.query);
      const grid = `[${gridOf(tileMs)}:${formatDuration(source.scrapeIntervalMs)}]${shifted(offsetMs)}`;
      return {
        total: `sum${by}(count_over_time(${samples}${grid}))`,
        part: `sum${by}(sum_over_time((${samples} ${indicator.op} bool ${indicator.value})${grid}))`,
        partIs: 'good',
      };
    }
    case 'ratio':
      throw new Error(`broken invariant: SLO ${slo.name} was checked to count by slices`);
  }
}

/** `{service="x",slo="y"}` of a set of labels. */
export const matcherOf = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([k, v]) => `${k}=${quote(v)}`)
    .join(',')}}`;

/** The same of each group. A label that rules carry themselves moves to the name that groups have for it. */
export function groupCountingOf(
  slo: Slo,
  { labels, series = {} }: NonNullable<Slo['groupBy']>,
  source: PrometheusSource,
  offsetMs: number,
): Counting {
  const by = labels.map((label) => series[label] ?? label).join(', ');
  const { total, part, partIs } = countingOf(slo, source, offsetMs, ` by (${by})`);
  if (Object.keys(series).length === 0) return { total, part, partIs };
  const named = (expr: string): string =>
    Object.entries(series).reduce(
      (inner, [name, label]) => `label_replace(${inner}, "${name}", "$1", "${label}", "(.*)")`,
      expr,
    );
  // One series a group: adding it up leaves out the label that was copied.
  const moved = (expr: string): string => `sum by (${labels.join(', ')}) (${named(expr)})`;
  return { total: moved(total), part: moved(part), partIs };
}
