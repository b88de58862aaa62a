import { nearest } from '../kit/nearest.ts';
import { selectorTest } from '../promql/match.ts';
import { parseHistogramSli, parseSelectorSum, parseTree, type Selector } from '../promql/parse.ts';
import type { Parsed } from './documents.ts';
import type { DataSourceDocument, IndicatorSpec, Objective, OpenSloSli, OpenSloSlo } from './openslo.ts';
import type { Indicator } from './platform.ts';
import type { Path, Report } from './report.ts';

const NONE: Indicator = { kind: 'counters', total: [], part: [], partIs: 'good' };
export const OPERATORS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

/** What documents may refer to. */
export interface Shelf {
  readonly slis: ReadonlyMap<string, Parsed<OpenSloSli>>;
  readonly sources: ReadonlyMap<string, Parsed<DataSourceDocument>>;
  /** Names that exist as another kind: the likely mistake behind a reference that finds nothing. */
  kindOf(name: string): string | null;
  readonly refused: ReadonlySet<string>;
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

function selectors(doc: Parsed, path: Path, query: string, report: Report): readonly Selector[] {
  const parsed = parseSelectorSum(query);
  if (!parsed.ok) {
    const hint =
      parsed.error.code === 'PROMQL_SYNTAX'
        ? 'see the expression in the Prometheus console'
        : 'write the counter alone, as http_requests_total{service="x"}; range and rate are added for you';
    report(doc, path, parsed.error.code, `PromQL ${parsed.error.message}`, hint);
    return [];
  }
  for (const selector of parsed.value) {
    const test = selectorTest(selector);
    if (!test.ok) report(doc, path, 'PROMQL_REGEX', test.error);
  }
  return parsed.value;
}

function expression(doc: Parsed, path: Path, query: string, report: Report): string {
  const tree = parseTree(query);
  if (!tree.ok) report(doc, path, tree.error.code, `PromQL ${tree.error.message}`);
  return query.trim().replace(/\s+/g, ' ');
}

interface Place {
  readonly doc: Parsed;
  readonly base: Path;
}

function ratio({ doc, base }: Place, spec: IndicatorSpec, report: Report): Indicator {
  const metric = spec.ratioMetric!;
  const query = (side: string): Path => [...base, 'ratioMetric', side, 'metricSource', 'spec', 'query'];
  if (metric.raw)
    return {
      kind: 'ratio',
      query: expression(doc, query('raw'), metric.raw.metricSource.query, report),
      is: metric.rawType === 'failure' ? 'bad' : 'good',
    };
  const partIs = metric.good ? 'good' : 'bad';
  const part = metric[partIs]!.metricSource.query;
  const total = metric.total!.metricSource.query;
  if (!metric.counter)
    return {
      kind: 'rates',
      total: expression(doc, query('total'), total, report),
      part: expression(doc, query(partIs), part, report),
      partIs,
    };
  const whole = parseHistogramSli(total);
  const slice = parseHistogramSli(part);
  if (whole && slice) {
    if (partIs === 'bad' || whole.bounds || !slice.bounds || !sameSelector(whole.selector, slice.selector)) {
      report(
        doc,
        query(partIs),
        'HISTOGRAM_SLI',
        'expected good: histogram_fraction(lower, upper, x) and total: histogram_count(x) of one selector x',
      );
      return NONE;
    }
    return { kind: 'histogram', total: whole.selector, ...slice.bounds };
  }
  return {
    kind: 'counters',
    total: selectors(doc, query('total'), total, report),
    part: selectors(doc, query(partIs), part, report),
    partIs,
  };
}

const sameSelector = (a: Selector, b: Selector): boolean => JSON.stringify(a) === JSON.stringify(b);

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

/** What one objective of an SLO counts. */
export function compileIndicator(
  doc: Parsed<OpenSloSlo>,
  objective: Objective,
  index: number,
  shelf: Shelf,
  report: Report,
): Indicator {
  const { indicator, indicatorRef, budgetingMethod } = doc.value.spec;
  let place: Place = { doc, base: ['spec', 'indicator', 'spec'] };
  let spec = indicator?.spec;
  if (indicatorRef !== undefined) {
    const found = refer(shelf, shelf.slis, 'SLI', indicatorRef, doc, ['spec', 'indicatorRef'], report);
    if (!found) return NONE;
    place = { doc: found, base: ['spec'] };
    spec = found.value.spec;
  }
  if (index === 0) checkSources(place, spec!, shelf, report);
  const at: Path = ['spec', 'objectives', index];
  if (spec!.thresholdMetric) {
    const { op, value } = objective;
    if (op === undefined || value === undefined) {
      report(
        doc,
        at,
        'MISSING_THRESHOLD',
        'missing op and value: a threshold metric is good on one side of a value',
      );
      return NONE;
    }
    const path = [...place.base, 'thresholdMetric', 'metricSource', 'spec', 'query'];
    const query = expression(place.doc, path, spec!.thresholdMetric.metricSource.query, report);
    return { kind: 'threshold', query, op: OPERATORS[op], value };
  }
  if (objective.value !== undefined || objective.op !== undefined)
    report(
      doc,
      [...at, objective.value === undefined ? 'op' : 'value'],
      'UNUSED_THRESHOLD',
      'op and value belong to a thresholdMetric; a ratio has none',
      'remove them',
    );
  const compiled = ratio(place, spec!, report);
  if (compiled.kind === 'ratio' && budgetingMethod === 'Occurrences')
    report(
      doc,
      ['spec', 'budgetingMethod'],
      'RAW_RATIO',
      'a ratio that is ready-made does not say how many requests it stands for: Occurrences cannot be counted',
      'give good and total, or budget by RatioTimeslices or Timeslices',
    );
  return compiled;
}
