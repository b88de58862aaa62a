import { slosIn } from '../declaration/layout.ts';
import type { Environment, Platform, Slo } from '../declaration/platform.ts';
import { ok, type Result } from '../kit/result.ts';
import type { Counter } from '../promql/counters.ts';
import { type Expr, partsOf, type Selector } from '../promql/expression.ts';
import { readExpression } from '../promql/read.ts';
import { quote, selectorText } from '../promql/scope.ts';
import type { MetricsCatalog, MetricType } from '../runtime/catalog.ts';
import {
  countFindings,
  revisionFindings,
  ruleFindings,
  type SeenCounts,
  type SeenRules,
  scrapedFindings,
  scraperLabels,
  typeFindings,
} from '../runtime/live-counts.ts';
import { type Finding, type SeenSelector, type Side, selectorFindings } from '../runtime/live-selectors.ts';
import type { MetricsFailure, MetricsPort } from '../runtime/port.ts';
import { OBJECTIVE } from '../runtime/series.ts';

/** A finding, and whose it is. */
export interface LiveFinding extends Finding {
  readonly environment: string;
  readonly slo: string;
  readonly side: Side | 'rules';
  readonly selector: string;
}

/** A Prometheus as it is asked. Nothing here writes. */
export interface LiveSource extends MetricsPort, MetricsCatalog {}

/** Thrown if Prometheus does not answer: then nothing is known, and nothing is reported as correct. */
export class LiveFailure extends Error {
  readonly failure: MetricsFailure;
  constructor(failure: MetricsFailure) {
    super(failure.message);
    this.name = 'LiveFailure';
    this.failure = failure;
  }
}

function answered<T>(result: Result<T, MetricsFailure>): T {
  if (!result.ok) throw new LiveFailure(result.error);
  return result.value;
}

/** How far back a series is looked for that has no sample now: one missed scrape must not read as a wrong name. */
const RECENT = '10m';

/** Asks once what several SLOs want to know. */
function createAsker(source: LiveSource, at: number) {
  const asked = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, ask: () => Promise<Result<T, MetricsFailure>>): Promise<T> => {
    const before = asked.get(key) ?? ask().then(answered);
    asked.set(key, before);
    return before as Promise<T>;
  };
  const instant = (query: string) => once(`query ${query}`, () => source.instant(query, at));
  const number = async (query: string): Promise<number | null> => {
    const value = (await instant(query))[0]?.samples[0]?.[1];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  return {
    instant,
    /** One number; null where there is none. */
    number,
    /** How many series a selector has now, or had a moment ago; null: none. */
    count: async (selector: string): Promise<number | null> =>
      (await number(`count(${selector})`)) ?? (await number(`count(last_over_time(${selector}[${RECENT}]))`)),
    labelNames: (selector: string) => once(`names ${selector}`, () => source.labelNames(selector, at)),
    labelValues: (label: string, selector: string | null) =>
      once(`values ${label} ${selector}`, () => source.labelValues(label, selector, at)),
    types: () =>
      once<ReadonlyMap<string, MetricType>>('types', async () => {
        const types = await source.types();
        // Thanos and others may not answer this: then types are not known, and resets have the word.
        return types.ok || types.error.code === 'SOURCE_UNAVAILABLE' ? types : ok(new Map());
      }),
  };
}
type Asker = ReturnType<typeof createAsker>;

const without = (selector: Selector, i: number): Selector => ({
  ...selector,
  matchers: selector.matchers.filter((_, j) => j !== i),
});

async function seenSelector(ask: Asker, selector: Selector): Promise<SeenSelector> {
  const metric = selectorText({ metric: selector.metric, matchers: [] });
  const [series, ofMetric] = await Promise.all([ask.count(selectorText(selector)), ask.count(metric)]);
  if (ofMetric === null)
    return {
      series: 0,
      ofMetric: 0,
      metrics: await ask.labelValues('__name__', null),
      labels: [],
      values: new Map(),
    };
  const values = await Promise.all(
    selector.matchers.map(async (m, i): Promise<readonly [string, readonly string[]]> => {
      const others = await ask.labelValues(m.label, selectorText(without(selector, i)));
      // Where the others select nothing, one of them is wrong, and nothing can be said of this one but by its metric.
      return [m.label, others.length > 0 ? others : await ask.labelValues(m.label, metric)];
    }),
  );
  return {
    series: series ?? 0,
    ofMetric,
    metrics: [],
    labels: await ask.labelNames(metric),
    values: new Map(values),
  };
}

interface Sided {
  readonly side: Side;
  readonly selectors: readonly Selector[];
}

const selectorsIn = (expr: Expr): Selector[] =>
  expr.kind === 'selector' ? [expr.selector] : partsOf(expr).flatMap(selectorsIn);

/** Selectors of a query that is used as it is; without a metric there is nothing to compare. */
function queried(text: string): Selector[] {
  const read = readExpression(text);
  return read.ok ? selectorsIn(read.value).filter((s) => s.metric !== '') : [];
}

/** Every selector of an SLO, and what it is there for. */
function sidesOf({ indicator }: Slo): Sided[] {
  switch (indicator.kind) {
    case 'counters':
      return [
        { side: indicator.partIs, selectors: indicator.part },
        { side: 'total', selectors: indicator.total },
      ];
    case 'histogram':
      return [{ side: 'total', selectors: [indicator.total] }];
    case 'rates':
      return [
        { side: indicator.partIs, selectors: queried(indicator.part) },
        { side: 'query', selectors: queried(indicator.total) },
      ];
    default:
      return [{ side: 'query', selectors: queried(indicator.query) }];
  }
}

/** Every selector that an SLO reads. */
export const selectorsOfSlo = (slo: Slo): Selector[] => sidesOf(slo).flatMap(({ selectors }) => selectors);

/** The sum of counters, those taken off it included. */
async function sum(
  ask: Asker,
  counters: readonly Counter[],
  text: (s: string) => string,
): Promise<number | null> {
  const numbers = await Promise.all(
    counters.map(async (c) => {
      const value = await ask.number(text(selectorText(c)));
      return value === null ? null : c.minus ? -value : value;
    }),
  );
  const known = numbers.filter((n): n is number => n !== null);
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) : null;
}

const increase = (selector: string): string => `sum(increase(${selector}[1h]))`;

async function seenCounts(ask: Asker, slo: Slo): Promise<SeenCounts> {
  if (slo.indicator.kind !== 'counters') return { total: null, part: null, mostResets: null };
  const { total, part } = slo.indicator;
  const resets = await Promise.all(
    [...total, ...part].map((s) => ask.number(`max(resets(${selectorText(s)}[1h]))`)),
  );
  const most = Math.max(-1, ...resets.flatMap((n) => n ?? []));
  return {
    total: await sum(ask, total, increase),
    part: await sum(ask, part, increase),
    mostResets: most < 0 ? null : most,
  };
}

/** A series of the same process that another scrape has, too. */
async function scraped(ask: Asker, selector: Selector): Promise<Finding[]> {
  const labels = scraperLabels(await ask.labelNames('up'));
  const text = selectorText(selector);
  const names = await ask.labelNames(selectorText({ metric: selector.metric, matchers: [] }));
  // Without a label that names the process, series that look alike may come from different ones.
  const process = names.find((name) => name === 'instance' || name === 'pod');
  if (labels.length === 0 || process === undefined) return [];
  const times = `count without (${labels.join(', ')}) (${text})`;
  // At several moments of the last minute, too: now, one of the two may have missed its scrape.
  const [now, lately] = await Promise.all(
    [times, `max_over_time((${times})[1m:5s])`].map((counted) => ask.instant(`topk(1, ${counted})`)),
  );
  const found = [...now!, ...lately!].map((one) => ({
    times: one.samples[0]?.[1] ?? 0,
    example: one.labels[process],
  }));
  const most = found.sort((a, b) => b.times - a.times)[0];
  return most?.example ? scrapedFindings(labels, most.times, `${process}="${most.example}"`) : [];
}

async function seenRules(ask: Asker, slo: Slo, environment: Environment, at: number): Promise<SeenRules> {
  const labels = { service: slo.service, slo: slo.name, environment: environment.name };
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${quote(value)}`);
  const recorded = `${OBJECTIVE}{${matchers.join(',')}}`;
  const objective = await ask.number(`max(last_over_time(${recorded}[1d]))`);
  const newest =
    (await ask.number(`max(timestamp(${recorded}))`)) ??
    (await ask.number(`max(max_over_time(timestamp(${recorded})[5m:1s]))`)) ??
    (await ask.number(`max(max_over_time(timestamp(${recorded})[1d:1m]))`));
  return { objective, ageSeconds: newest === null ? null : at / 1_000 - newest };
}

async function revisions(ask: Asker, platform: Platform, slo: Slo): Promise<Finding[]> {
  const service = platform.services.find((s) => s.name === slo.service);
  if (!service?.slos.includes(slo.name) || slo.indicator.kind !== 'counters') return [];
  const label = service.revisionLabel;
  const found = await Promise.all(
    slo.indicator.total.map(async (s) => {
      const bare = { ...s, matchers: [...s.matchers, { label, op: '=' as const, value: '' }] };
      // Both of the same moment: series from before the label was added have ended.
      const now = await ask.number(`count(${selectorText(s)})`);
      const of = now === null ? ask.count : (text: string) => ask.number(`count(${text})`);
      const [none, all] = await Promise.all([of(selectorText(bare)), of(selectorText(s))]);
      return revisionFindings(label, none ?? 0, all ?? 0);
    }),
  );
  return found.flat().slice(0, 1);
}

interface Subject {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly slo: Slo;
  readonly at: number;
}

async function checkSlo(ask: Asker, { platform, environment, slo, at }: Subject): Promise<LiveFinding[]> {
  const own =
    (side: LiveFinding['side'], selector: string) =>
    (finding: Finding): LiveFinding => ({
      environment: environment.name,
      slo: slo.name,
      side,
      selector,
      ...finding,
    });
  const sides = sidesOf(slo);
  const found: LiveFinding[] = [];
  for (const { side, selectors } of sides)
    for (const selector of selectors) {
      const seen = await seenSelector(ask, selector);
      found.push(...selectorFindings(selector, seen, side).map(own(side, selectorText(selector))));
    }
  const total = sides.find((s) => s.side === 'total')?.selectors ?? [];
  const all = total.map((s) => selectorText(s)).join(' + ');
  if (slo.indicator.kind === 'counters') {
    const counts = await seenCounts(ask, slo);
    const metrics = sides.flatMap((s) => s.selectors.map((one) => one.metric));
    found.push(...typeFindings(metrics, await ask.types(), counts).map(own('total', all)));
    found.push(...countFindings(slo.indicator, counts).map(own(slo.indicator.partIs, all)));
  }
  for (const selector of total)
    found.push(...(await scraped(ask, selector)).map(own('total', selectorText(selector))));
  if (environment.name) found.push(...(await revisions(ask, platform, slo)).map(own('total', all)));
  const rules = await seenRules(ask, slo, environment, at);
  const interval = environment.prometheus.evaluationIntervalMs;
  found.push(...ruleFindings(slo, rules, interval).map(own('rules', '')));
  return found;
}

/**
 * Compares every SLO with what a live Prometheus has, at a moment in milliseconds. It only reads. Throws `LiveFailure`
 * where it does not answer.
 */
export async function checkLive(
  platform: Platform,
  environment: Environment,
  source: LiveSource,
  at: number,
): Promise<LiveFinding[]> {
  const ask = createAsker(source, at);
  const found: LiveFinding[] = [];
  for (const slo of slosIn(platform, environment))
    found.push(...(await checkSlo(ask, { platform, environment, slo, at })));
  return found;
}
