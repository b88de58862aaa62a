import { nearest } from '../kit/nearest.ts';
import { anyBucketForm } from '../promql/buckets.ts';
import { type Grouping, readCounters } from '../promql/counters.ts';
import { type Expr, mapSelectors, partsOf } from '../promql/expression.ts';
import { groupingOf, joiningTiles, readHistogram } from '../promql/gauges.ts';
import { type IndicatorQuery, readPair, readShare, type Side } from '../promql/indicator.ts';
import { selectorTest } from '../promql/match.ts';
import {
  emptyQuantile,
  FILL_IN,
  isTemplate,
  KEEP_LE,
  pitfallOf,
  placeholderIn,
  readsNothing,
  sameSides,
} from '../promql/pitfalls.ts';
import { printExpression } from '../promql/print.ts';
import { readExpression } from '../promql/read.ts';
import { suspicionsOf } from '../promql/suspicions.ts';
import type { PromqlProblem } from '../promql/tree.ts';
import { asVector, checkTypes, checkVersion } from '../promql/types.ts';
import type { Parsed } from './documents.ts';
import type { DataSourceDocument, IndicatorSpec, Objective, OpenSloSli, OpenSloSlo } from './openslo.ts';
import type { Indicator } from './platform.ts';
import type { Path, Report } from './report.ts';
import { severalGroups } from './reserved-labels.ts';

const NONE: Indicator = { kind: 'counters', total: [], part: [], partIs: 'good' };
export const OPERATORS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** What documents may refer to. */
export interface Shelf {
  readonly slis: ReadonlyMap<string, Parsed<OpenSloSli>>;
  readonly sources: ReadonlyMap<string, Parsed<DataSourceDocument>>;
  /** Names that exist as another kind: the likely mistake behind a reference that finds nothing. */
  kindOf(name: string): string | null;
  readonly refused: ReadonlySet<string>;
  /** The oldest version of a Prometheus that is declared; null: one of them is not declared. */
  readonly version: string | null;
}

/** A reference to another document: found, or said why not. */
export function refer<T>(
  shelf: Shelf,
  from: ReadonlyMap<string, T>,
  what: string,
  name: string,
  at: Parsed,
  path: Path,
  report: Report,
): T | undefined {
  const found = from.get(name);
  if (found || shelf.refused.has(name)) return found;
  const other = shelf.kindOf(name);
  const near = nearest(name, [...from.keys()]);
  const known = [...from.keys()].sort().join(', ') || 'none';
  report(
    at,
    path,
    other ? 'WRONG_KIND' : `UNKNOWN_${what.toUpperCase().replaceAll(' ', '_')}`,
    other ? `"${name}" is an ${other}, expected an ${what}` : `no ${what} is named "${name}"`,
    near ? `did you mean "${near}"?` : `known: ${known}`,
  );
  return undefined;
}

/** An expression that was read and typed, and how it is written. */
interface Typed {
  readonly expr: Expr;
  readonly text: string;
}

const HINTS: Readonly<Record<PromqlProblem['code'], string>> = {
  PROMQL_SYNTAX: 'see the expression in the Prometheus console',
  PROMQL_TYPE: 'Prometheus refuses it, too: see the expression in its console',
  PROMQL_VERSION: 'declare prometheus.version of every environment in a Platform, or rewrite the query',
  PROMQL_NOT_A_SELECTOR:
    'write the counter alone, as http_requests_total{service="x"}; range and rate are added for you',
};

function badRegex(expr: Expr): string | null {
  const test = expr.kind === 'selector' ? selectorTest(expr.selector) : null;
  if (test && !test.ok) return test.error;
  for (const part of partsOf(expr)) {
    const found = badRegex(part);
    if (found) return found;
  }
  return null;
}

/** Reads and types a query as Prometheus does; what it would refuse is reported, and then null. */
export function readQuery(
  doc: Parsed,
  path: Path,
  query: string,
  version: string | null,
  report: Report,
): Typed | null {
  const refuse = ({ code, message }: PromqlProblem): null => {
    const next = code === 'PROMQL_SYNTAX' && isTemplate(query) ? FILL_IN : HINTS[code];
    report(doc, path, code, `PromQL ${message}`, next);
    return null;
  };
  const read = readExpression(query);
  if (!read.ok) return refuse(read.error);
  const type = checkTypes(read.value);
  if (!type.ok) return refuse(type.error);
  if (type.value !== 'instant vector' && type.value !== 'scalar')
    return refuse({ code: 'PROMQL_TYPE', message: `expected an instant vector, got a ${type.value}`, at: 0 });
  const unknown = checkVersion(read.value, version);
  if (unknown) return refuse(unknown);
  const regex = badRegex(read.value);
  if (regex) report(doc, path, 'PROMQL_REGEX', regex);
  const empty = emptyQuantile(read.value);
  if (empty) report(doc, path, 'PROMQL_MEANING', empty, KEEP_LE);
  const place = placeholderIn(read.value);
  if (place) report(doc, path, 'PROMQL_MEANING', place, FILL_IN);
  const expr = asVector(mapSelectors(read.value, anyBucketForm), type.value);
  return { expr, text: printExpression(expr) };
}

interface Place {
  readonly doc: Parsed;
  readonly base: Path;
}

/** An indicator, and the labels by which its own query groups. */
export interface Compiled {
  readonly indicator: Indicator;
  readonly groupBy: readonly string[] | null;
  /** How the series of a ready-made query are grouped; counters can be grouped by any label. */
  readonly grouping: Grouping | null;
}

const UNREAD: Compiled = { indicator: NONE, groupBy: null, grouping: null };

const GAUGE_OPERATORS = { good: '>=', bad: '<' } as const;

function indicatorOf(query: IndicatorQuery): Pick<Compiled, 'indicator' | 'grouping'> {
  switch (query.kind) {
    case 'counters':
      return { indicator: query, grouping: null };
    case 'histogram': {
      const { selector, lower, upper, partIs } = query;
      return { indicator: { kind: 'histogram', total: selector, lower, upper, partIs }, grouping: null };
    }
    case 'gauge': {
      const op = GAUGE_OPERATORS[query.partIs];
      const indicator: Indicator = { kind: 'threshold', query: printExpression(query.gauge), op, value: 1 };
      return { indicator, grouping: groupingOf(query.gauge) };
    }
    case 'rates': {
      const [total, part] = [query.total, query.part].map(joiningTiles).map(printExpression) as [
        string,
        string,
      ];
      const perMs = query.pace?.kind === 'per-window' ? query.pace.ms : null;
      const indicator: Indicator = { kind: 'rates', total, part, partIs: query.partIs, perMs };
      return { indicator, grouping: groupingOf(query.total) };
    }
    case 'ratio':
      return {
        indicator: { kind: 'ratio', query: printExpression(joiningTiles(query.share)), is: query.partIs },
        grouping: groupingOf(query.share),
      };
  }
}

const REGROUP = 'group both sides by the same labels';

/** The queries of an indicator: two, or one that is both. */
type Sides = Readonly<Record<Side, { readonly path: Path; readonly expr: Expr }>>;

/** Of which query a note of the reading is said: the part's where it alone gives rise to it. */
function sideOf(note: string, { part, total }: Sides): Side {
  const isSaidOf = ({ expr }: Sides[Side]): boolean => {
    const read = readCounters(expr);
    return read.ok ? read.value.notes.includes(note) : note.endsWith(read.error);
  };
  return isSaidOf(part) && !isSaidOf(total) ? 'part' : 'total';
}

/** What was understood of a query, with what has to be told of it. */
function understood(
  { doc }: Place,
  sides: Sides,
  reading: ReturnType<typeof readPair>,
  report: Report,
): Compiled {
  if (!reading.ok) {
    const { code, message, of = 'total' } = reading.error;
    const next = code === 'PROMQL_GROUPING' ? REGROUP : 'write both sides in one unit';
    report(doc, sides[of].path, code, message, next);
    return UNREAD;
  }
  const { query, groupBy, notes } = reading.value;
  const why = pitfallOf(query);
  if (why !== null) {
    const next = 'see the expression in the Prometheus console';
    report(doc, sides[why.of].path, 'PROMQL_MEANING', why.message, next);
    return UNREAD;
  }
  for (const note of notes) report.note(doc, sides[sideOf(note, sides)].path, 'QUERY', note);
  for (const { of, message } of suspicionsOf(query)) report.note(doc, sides[of].path, 'QUERY', message);
  const same = sameSides(query);
  if (same) report.note(doc, sides.part.path, 'QUERY', same);
  const exprs = [...new Set([sides.part.expr, sides.total.expr])];
  return { ...indicatorOf(query), groupBy: groupBy && severalGroups(groupBy, exprs) };
}

const isHistogram = (query: Typed): boolean => readHistogram(query.expr) !== null;

function ratio(place: Place, spec: IndicatorSpec, version: string | null, report: Report): Compiled {
  const { doc, base } = place;
  const metric = spec.ratioMetric!;
  const path = (side: string): Path => [...base, 'ratioMetric', side, 'metricSource', 'spec', 'query'];
  const read = (side: 'good' | 'bad' | 'total' | 'raw') =>
    readQuery(doc, path(side), metric[side]!.metricSource.query, version, report);
  if (metric.raw) {
    const share = read('raw');
    const is = metric.rawType === 'failure' ? 'bad' : 'good';
    if (!share) return UNREAD;
    const whole = { path: path('raw'), expr: share.expr };
    return understood(place, { part: whole, total: whole }, readShare(share.expr, is), report);
  }
  const partIs = metric.good ? 'good' : 'bad';
  const [total, part] = [read('total'), read(partIs)];
  if (!total || !part) return UNREAD;
  const reading = readPair(part.expr, total.expr, partIs, metric.counter);
  const query = reading.ok ? reading.value.query : null;
  if (metric.counter && query?.kind === 'rates' && query.pace === null) {
    const [code, message, next] =
      isHistogram(total) || isHistogram(part)
        ? ([
            'HISTOGRAM_SLI',
            'expected good: histogram_fraction(lower, upper, x) and total: histogram_count(x) of one selector x',
          ] as const)
        : ([
            'PROMQL_NOT_A_SELECTOR',
            `PromQL is not a sum of counters: ${query.why}`,
            HINTS.PROMQL_NOT_A_SELECTOR,
          ] as const);
    report(doc, path(partIs), code, message, next);
    return UNREAD;
  }
  const sides = {
    part: { path: path(partIs), expr: part.expr },
    total: { path: path('total'), expr: total.expr },
  };
  return understood(place, sides, reading, report);
}

/** Every source that an indicator names must be declared, and be a Prometheus. */
function checkSources(place: Place, spec: IndicatorSpec, shelf: Shelf, report: Report): void {
  const sides = [
    ...(['good', 'bad', 'total', 'raw'] as const).map((side) => ({
      source: spec.ratioMetric?.[side],
      path: ['ratioMetric', side],
    })),
    { source: spec.thresholdMetric, path: ['thresholdMetric'] },
  ];
  for (const { source, path } of sides)
    if (source?.metricSource.ref)
      refer(
        shelf,
        shelf.sources,
        'DataSource',
        source.metricSource.ref,
        place.doc,
        [...place.base, ...path, 'metricSource', 'metricSourceRef'],
        report,
      );
}

/** The one side of a value on which samples of a threshold metric are good. */
function threshold(
  at: Path,
  objective: Objective,
  place: Place,
  doc: Parsed,
  query: string,
  version: string | null,
  report: Report,
): Compiled {
  const { op, value } = objective;
  if (op === undefined || value === undefined) {
    report(
      doc,
      at,
      'MISSING_THRESHOLD',
      'missing op and value: a threshold metric is good on one side of a value',
    );
    return UNREAD;
  }
  const path = [...place.base, 'thresholdMetric', 'metricSource', 'spec', 'query'];
  const read = readQuery(place.doc, path, query, version, report);
  if (!read) return UNREAD;
  const nothing = readsNothing(read.expr);
  if (nothing) report(place.doc, path, 'PROMQL_MEANING', nothing, 'query a series of the service');
  const grouping = groupingOf(read.expr);
  const indicator: Indicator = { kind: 'threshold', query: read.text, op: OPERATORS[op], value };
  return {
    indicator,
    groupBy: grouping.kind === 'by' ? severalGroups(grouping.labels, [read.expr]) : null,
    grouping,
  };
}

/** Where the indicator of an SLO stands: in its document, or in the SLI that it refers to. */
function placeOf(doc: Parsed<OpenSloSlo>, shelf: Shelf, report: Report) {
  const { indicator, indicatorRef } = doc.value.spec;
  if (indicatorRef === undefined)
    return { place: { doc, base: ['spec', 'indicator', 'spec'] } as Place, spec: indicator!.spec };
  const found = refer(shelf, shelf.slis, 'SLI', indicatorRef, doc, ['spec', 'indicatorRef'], report);
  return found ? { place: { doc: found, base: ['spec'] } as Place, spec: found.value.spec } : null;
}

/** What one objective of an SLO counts. */
export function compileIndicator(
  doc: Parsed<OpenSloSlo>,
  objective: Objective,
  index: number,
  shelf: Shelf,
  report: Report,
): Compiled {
  const found = placeOf(doc, shelf, report);
  if (!found) return UNREAD;
  const { place, spec } = found;
  const { version } = shelf;
  if (index === 0) checkSources(place, spec, shelf, report);
  const at: Path = ['spec', 'objectives', index];
  if (spec.thresholdMetric) {
    const { query } = spec.thresholdMetric.metricSource;
    return threshold(at, objective, place, doc, query, version, report);
  }
  if (objective.value !== undefined || objective.op !== undefined)
    report(
      doc,
      [...at, objective.value === undefined ? 'op' : 'value'],
      'UNUSED_THRESHOLD',
      'op and value belong to a thresholdMetric; a ratio has none',
      'remove them',
    );
  const compiled = ratio(place, spec, version, report);
  if (compiled.indicator.kind === 'ratio' && doc.value.spec.budgetingMethod === 'Occurrences')
    report(
      doc,
      ['spec', 'budgetingMethod'],
      'RAW_RATIO',
      'a precomputed ratio does not contain the number of requests: Occurrences cannot be counted',
      'give good and total, or budget by RatioTimeslices or Timeslices',
    );
  return compiled;
}
