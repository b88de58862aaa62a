import { formatDuration } from '../../../kit/time.ts';
import {
  BAD,
  BAD_WINDOW,
  BUDGET,
  BUDGET_REMAINING,
  burnSeries,
  COVERAGE,
  REQUESTS_5M,
  REQUESTS_WINDOW,
  TOTAL,
  type Window,
} from '../../series.ts';
import type { PrometheusRule } from './text.ts';

/**
 * Long windows are sums of shorter ones that were recorded before: a few samples each, whatever the
 * traffic, and they join without seams. One rule serves all SLOs of an environment, since the recorded
 * series carry the labels. A tile that was not recorded (no rule was evaluated then) was re-read from
 * raw samples 30 minutes later; every window exists a second time as it stood 30 minutes ago, so that
 * a window that should have ended in the gap is found there. docs/decisions/0005.
 */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TILE_MS = 5 * MINUTE;
/** How long after a gap it is re-read; gaps up to this long are healed. */
export const REREAD_MS = 30 * MINUTE;
const SIDES = [TOTAL, BAD] as const;
type Side = (typeof SIDES)[number];

const at = (offsetMs: number): string => (offsetMs > 0 ? ` offset ${formatDuration(offsetMs)}` : '');
export const rereadSeries = (side: Side): string => `${side}:reread5m`;
const BY_GROUP = ':by_group';
const suffixOf = ({ byGroup }: Pick<RuleScope, 'byGroup'>): string => (byGroup ? BY_GROUP : '');
const increaseSeries = (side: Side, window: string, scope: Pick<RuleScope, 'byGroup'> = {}): string =>
  `${side}:increase${window}${suffixOf(scope)}`;
/** The same window as it stood 30 minutes ago, whatever was not recorded then. */
const agoSeries = (side: Side, window: string): string => `${side}:increase${window}_30m_ago`;

/**
 * A record of so long ago, and not one that is merely the last before it: Prometheus would look back five
 * minutes for a sample, and take a tile that ended earlier for the one that is missing.
 */
const past = (series: string, { m, freshMs }: RuleScope, ms: number): string =>
  ms === 0 ? `${series}${m}` : `last_over_time(${series}${m}[${formatDuration(freshMs)}]${at(ms)})`;

/** Which recorded series, and how old a record may be to count as one of its moment. */
export interface RuleScope {
  readonly m: string;
  readonly freshMs: number;
  /** Of groups: their series end in `:by_group`, and gaps in them are not re-read. */
  readonly byGroup?: true;
}

/** Twice the interval, so that one slow evaluation is no gap; but never a whole tile. */
export const freshnessOf = (intervalMs: number): number =>
  2 * intervalMs < TILE_MS ? 2 * intervalMs : intervalMs + 1_000;

/** A tile that ended `ms` ago: as recorded, or as re-read, or nothing. */
function tile(side: Side, scope: RuleScope, ms: number): string {
  const own = increaseSeries(side, '5m', scope);
  if (ms === 0) return `${own}${scope.m}`;
  const choices = [past(own, scope, ms)];
  if (ms >= REREAD_MS && !scope.byGroup) choices.push(past(rereadSeries(side), scope, ms - REREAD_MS));
  return `(${choices.join(' or ')} or 0 * ${own}${scope.m})`;
}

/** A recorded window that ended `ms` ago: as it stood 30 minutes later, when gaps had been re-read, or then. */
function piece(side: Side, window: string, scope: RuleScope, ms: number): string {
  if (ms === 0) return `${increaseSeries(side, window, scope)}${scope.m}`;
  const choices = [past(increaseSeries(side, window, scope), scope, ms)];
  if (ms >= REREAD_MS && !scope.byGroup)
    choices.unshift(past(agoSeries(side, window), scope, ms - REREAD_MS));
  return `(${choices.join(' or ')} or 0 * ${increaseSeries(side, '5m', scope)}${scope.m})`;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const join = (terms: readonly string[]): string => terms.join('\n+ ');

function tiles(side: Side, m: RuleScope, count: number, firstMs: number): string {
  return join(range(count).map((k) => tile(side, m, firstMs + k * TILE_MS)));
}

function pieces(
  side: Side,
  window: string,
  sizeMs: number,
  m: RuleScope,
  count: number,
  firstMs: number,
): string {
  return join(range(count).map((k) => piece(side, window, m, firstMs + k * sizeMs)));
}

/** Divided by what may be spent: one number an SLO, whatever its groups. */
const perBudget = ({ m, byGroup }: RuleScope): string =>
  `/${byGroup ? ' on (service, slo, environment) group_left ()' : ''} ${BUDGET}${m}`;

const burn = (window: Window, scope: RuleScope): PrometheusRule => ({
  record: `${burnSeries(window)}${suffixOf(scope)}`,
  expr: `${increaseSeries(BAD, window, scope)}${scope.m} / (${increaseSeries(TOTAL, window, scope)}${scope.m} > 0) ${perBudget(scope)}`,
});

/** Windows that canaries and pages wait for: from tiles, evaluated as often as the tiles. */
export function shortWindows(scope: RuleScope): PrometheusRule[] {
  const { m } = scope;
  const sums = SIDES.flatMap((side): PrometheusRule[] => [
    { record: increaseSeries(side, '30m'), expr: tiles(side, scope, 6, 0) },
    { record: agoSeries(side, '30m'), expr: tiles(side, scope, 6, REREAD_MS) },
    {
      record: increaseSeries(side, '1h'),
      expr: `${increaseSeries(side, '30m')}${m} + ${agoSeries(side, '30m')}${m}`,
    },
  ]);
  return [burn('5m', scope), ...sums, burn('30m', scope), burn('1h', scope)];
}

/** Each long window of so many pieces of a shorter one, in the order they have to be evaluated. */
const STEPS = [
  { window: '2h', of: '1h', sizeMs: HOUR, count: 2 },
  { window: '6h', of: '2h', sizeMs: 2 * HOUR, count: 3 },
  { window: '1d', of: '6h', sizeMs: 6 * HOUR, count: 4 },
  { window: '3d', of: '1d', sizeMs: DAY, count: 3 },
] as const;

export function longWindows(scope: RuleScope): PrometheusRule[] {
  const first = SIDES.map(
    (side): PrometheusRule => ({ record: agoSeries(side, '1h'), expr: tiles(side, scope, 12, REREAD_MS) }),
  );
  const rest = STEPS.flatMap(({ window, of, sizeMs, count }): PrometheusRule[] => [
    ...SIDES.flatMap((side): PrometheusRule[] => [
      { record: increaseSeries(side, window), expr: pieces(side, of, sizeMs, scope, count, 0) },
      {
        record: agoSeries(side, window),
        expr: join(
          range(count).map((k) =>
            k === 0 ? `${agoSeries(side, of)}${scope.m}` : piece(side, of, scope, REREAD_MS + k * sizeMs),
          ),
        ),
      },
    ]),
    burn(window, scope),
  ]);
  return [...first, ...rest];
}

/** How a window of the SLO is put together from recorded ones. */
function partsOf(windowMs: number): { of: string; sizeMs: number; count: number } {
  const sizes = [
    { of: '3d', sizeMs: 3 * DAY },
    { of: '1d', sizeMs: DAY },
    { of: '6h', sizeMs: 6 * HOUR },
    { of: '2h', sizeMs: 2 * HOUR },
    { of: '1h', sizeMs: HOUR },
  ];
  const fit = sizes.find(({ sizeMs }) => windowMs % sizeMs === 0)!;
  return { ...fit, count: windowMs / fit.sizeMs };
}

const remaining = (scope: RuleScope): PrometheusRule => {
  const [bad, all] = [BAD_WINDOW, REQUESTS_WINDOW].map((name) => `${name}${suffixOf(scope)}${scope.m}`);
  return {
    record: `${BUDGET_REMAINING}${suffixOf(scope)}`,
    expr: `1 - ${bad} / (${all} > 0) ${perBudget(scope)}`,
  };
};

const budget = (scope: RuleScope, hours: number): PrometheusRule[] =>
  scope.byGroup ? [remaining(scope)] : [remaining(scope), coverage(scope, hours)];

const coverage = ({ m }: RuleScope, hours: number): PrometheusRule => ({
  record: COVERAGE,
  expr: `clamp_max((count_over_time(${REQUESTS_5M}${m}[${hours}h:1h]) or 0 * ${REQUESTS_5M}${m}) / ${hours}, 1)`,
});
/** A budget over a window that is shorter than a tile: its counts were recorded for it. */
export function briefBudget(scope: RuleScope, windowMs: number, everyMs: number): PrometheusRule[] {
  const { m } = scope;
  const points = windowMs / everyMs;
  return [
    ...SIDES.map(
      (side): PrometheusRule => ({
        record: `${side}:increase_window`,
        expr: `${increaseSeries(side, formatDuration(windowMs))}${m}`,
      }),
    ),
    remaining(scope),
    {
      record: COVERAGE,
      expr: `clamp_max(count_over_time(${REQUESTS_5M}${m}[${formatDuration(windowMs)}]) / ${points}, 1)`,
    },
  ];
}

/** Counts over a rolling SLO window, and what is left of the budget. */
export function budgetWindow(scope: RuleScope, windowMs: number): PrometheusRule[] {
  const { of, sizeMs, count } = partsOf(windowMs);
  return [
    ...SIDES.map(
      (side): PrometheusRule => ({
        record: `${side}:increase_window${suffixOf(scope)}`,
        expr: pieces(side, of, sizeMs, scope, count, 0),
      }),
    ),
    ...budget(scope, windowMs / HOUR),
  ];
}

/** Counts since the calendar window began: tiles that ended after its start. */
export function calendarWindow(scope: RuleScope, start: string, windowMs: number): PrometheusRule[] {
  const { m } = scope;
  const begun = `${start}${m} @ end() >= time()`;
  const since = scope.byGroup ? `on (service, slo, environment) ${begun}` : begun;
  return [
    ...SIDES.map(
      (side): PrometheusRule => ({
        record: `${side}:increase_window${suffixOf(scope)}`,
        expr: `sum_over_time((${increaseSeries(side, '5m', scope)}${m} unless ${since})[${formatDuration(windowMs)}:5m])`,
      }),
    ),
    ...budget(scope, windowMs / HOUR),
  ];
}

/** Every window of groups: each of pieces of a shorter one, as it was recorded. */
export function groupWindows(scope: RuleScope): PrometheusRule[] {
  const window = (name: Window, parts: (side: Side) => string): PrometheusRule[] => [
    ...SIDES.map(
      (side): PrometheusRule => ({ record: increaseSeries(side, name, scope), expr: parts(side) }),
    ),
    burn(name, scope),
  ];
  return [
    burn('5m', scope),
    ...window('30m', (side) => tiles(side, scope, 6, 0)),
    ...window('1h', (side) => pieces(side, '30m', REREAD_MS, scope, 2, 0)),
    ...STEPS.flatMap((step) =>
      window(step.window, (side) => pieces(side, step.of, step.sizeMs, scope, step.count, 0)),
    ),
  ];
}
