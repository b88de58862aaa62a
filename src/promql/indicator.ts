import { fail, ok, type Result } from '../kit/result.ts';
import {
  type Counter,
  type CounterSum,
  type Grouping,
  isZero,
  readCounters,
  sameGrouping,
  withoutScalar,
} from './counters.ts';
import { type Binary, bare, type Expr, numberOf, type Selector } from './expression.ts';
import {
  groupingOf,
  type Pace,
  pacesOf,
  readGaugeCount,
  readGaugeShare,
  readHistogram,
  sameGauge,
  sameHistogram,
} from './gauges.ts';
import { printExpression } from './print.ts';

/**
 * What a query of an SLO counts, whatever arithmetic it is written in. The one analysis for OpenSLO, Sloth, Pyrra and
 * Flagger: `readPair` for a part and a total, `readShare` for a ratio in one expression. Expressions are typed before
 * (`checkTypes`). Pure.
 */
export type IndicatorQuery =
  /** Counters of all requests and of the good (or bad) ones: counted exactly, over every window. */
  | {
      readonly kind: 'counters';
      readonly total: readonly Counter[];
      readonly part: readonly Counter[];
      readonly partIs: PartIs;
    }
  /** A native histogram: what lies between two bounds is good (or bad). */
  | {
      readonly kind: 'histogram';
      readonly selector: Selector;
      readonly lower: string;
      readonly upper: string;
      readonly partIs: PartIs;
    }
  /** Samples of a gauge that is 0 or 1: those that are 1 are good (or bad). */
  | { readonly kind: 'gauge'; readonly gauge: Expr; readonly partIs: PartIs }
  /** Ready-made numbers, used as they are at each moment: never averaged again. */
  | {
      readonly kind: 'rates';
      readonly total: Expr;
      readonly part: Expr;
      readonly partIs: PartIs;
      /** Null: nothing in the query says; it is taken as per second. */
      readonly pace: Pace | null;
      readonly why: string;
    }
  | { readonly kind: 'ratio'; readonly share: Expr; readonly partIs: PartIs; readonly why: string };

export type PartIs = 'good' | 'bad';

/** Of which of the two queries of a pair something is said. */
export type Side = 'part' | 'total';

export interface IndicatorReading {
  readonly query: IndicatorQuery;
  /** Labels by which the query gives a series each; null: one of all. */
  readonly groupBy: readonly string[] | null;
  /** What is counted otherwise than written, in words for people. */
  readonly notes: readonly string[];
}

interface IndicatorRefusal {
  readonly code: 'PROMQL_GROUPING' | 'PROMQL_UNITS';
  readonly message: string;
  /** Left out: it is said of both together. */
  readonly of?: Side;
}

type Reading = Result<IndicatorReading, IndicatorRefusal>;

const other = (is: PartIs): PartIs => (is === 'good' ? 'bad' : 'good');

const groupText = (g: Grouping): string => {
  if (g.kind === 'all') return 'all together';
  return g.kind === 'each' ? 'each series alone' : `${g.kind} (${g.labels.join(', ')})`;
};

interface Grouped {
  readonly groupBy: readonly string[] | null;
  readonly notes: readonly string[];
}

/** Groups of a ratio: those of both sides, which have to be the same. */
function groupsOf(part: Grouping, total: Grouping): Result<Grouped, IndicatorRefusal> {
  const whole = (g: Grouping) => g.kind === 'each' || g.kind === 'all';
  if (!sameGrouping(part, total) && !(whole(part) && whole(total)))
    return fail({
      code: 'PROMQL_GROUPING',
      message: `the two sides of the ratio are grouped differently: ${groupText(part)}, and ${groupText(total)}`,
    });
  if (total.kind === 'by') return ok({ groupBy: total.labels, notes: [] });
  if (total.kind === 'without')
    return ok({ groupBy: null, notes: [`"${groupText(total)}" is left out: the whole service is counted`] });
  return ok({ groupBy: null, notes: [] });
}

const notAggregated = ({ kind }: Grouping): string[] =>
  kind === 'each' ? ['the query does not aggregate its series: all of them together are meant'] : [];
const asItIs = (why: string): string => `used as it is at each moment, not counted exactly: ${why}`;

const identity = ({ minus: _, ...rest }: Counter): string => JSON.stringify(rest);

/** Where the part is the total less something, that something is the other part: nothing is counted twice. */
function withoutTotal(
  part: readonly Counter[],
  total: readonly Counter[],
  partIs: PartIs,
): { part: readonly Counter[]; partIs: PartIs } {
  const rest = [...part];
  for (const counter of total) {
    const at = rest.findIndex((c) => identity(c) === identity(counter) && c.minus === counter.minus);
    if (at < 0) return { part, partIs };
    rest.splice(at, 1);
  }
  if (rest.length === 0) return { part, partIs };
  const flipped = rest.map(({ minus, ...c }): Counter => (minus ? c : { ...c, minus: true }));
  return flipped.some((c) => !c.minus) ? { part: flipped, partIs: other(partIs) } : { part, partIs };
}

function countersReading(part: CounterSum, total: CounterSum, partIs: PartIs): Reading | null {
  if (part.unit !== total.unit || Math.abs(part.factor - total.factor) > 1e-9 * total.factor) return null;
  const groups = groupsOf(part.grouping, total.grouping);
  if (!groups.ok) return groups;
  const alone = total.unit === 'counter' ? [] : notAggregated(total.grouping);
  return ok({
    query: {
      kind: 'counters',
      total: total.counters,
      ...withoutTotal(part.counters, total.counters, partIs),
    },
    groupBy: groups.value.groupBy,
    notes: [...new Set([...part.notes, ...total.notes, ...groups.value.notes, ...alone])],
  });
}

function histogramPair(part: Expr, total: Expr, partIs: PartIs): Reading | null {
  const [slice, whole] = [readHistogram(part), readHistogram(total)];
  if (!slice?.bounds || !whole || whole.bounds || !sameHistogram(slice, whole)) return null;
  const groups = groupsOf(slice.grouping, whole.grouping);
  if (!groups.ok) return groups;
  return ok({
    query: { kind: 'histogram', selector: slice.selector, ...slice.bounds, partIs },
    ...groups.value,
  });
}

const GAUGE_NOTE = 'a gauge of 0 and 1: its samples are counted, at every scrape';

function gaugePair(part: Expr, total: Expr, partIs: PartIs): Reading | null {
  const [some, all] = [readGaugeCount(part), readGaugeCount(total)];
  if (!some || some.what === 'all' || all?.what !== 'all' || !sameGauge(some, all)) return null;
  const groups = groupsOf(some.grouping, all.grouping);
  if (!groups.ok) return groups;
  const { groupBy, notes } = groups.value;
  return ok({
    query: { kind: 'gauge', gauge: all.gauge, partIs: some.what === 'ones' ? partIs : other(partIs) },
    groupBy,
    notes: [GAUGE_NOTE, ...notes, ...notAggregated(all.grouping)],
  });
}

const paceText = (pace: Pace): string =>
  pace.kind === 'per-second' ? 'per second' : `per ${pace.ms / 1_000} s`;

/** Both sides as they are. They have to be of one unit, or their ratio means nothing. */
function ready(part: Expr, total: Expr, partIs: PartIs, why: string): Reading {
  const [ofPart, ofTotal] = [pacesOf(part), pacesOf(total)];
  const paces = new Map([...ofPart, ...ofTotal].map((p) => [paceText(p), p]));
  if (paces.size > 1)
    return fail({
      code: 'PROMQL_UNITS',
      message: `it is made of numbers of different units (${[...paces.keys()].join(', ')}), and ${why}`,
      of: new Set(ofPart.map(paceText)).size > 1 ? 'part' : 'total',
    });
  const groups = groupsOf(groupingOf(part), groupingOf(total));
  if (!groups.ok) return groups;
  return ok({
    query: { kind: 'rates', total, part, partIs, pace: [...paces.values()][0] ?? null, why },
    groupBy: groups.value.groupBy,
    notes: [asItIs(why), ...groups.value.notes, ...notAggregated(groupingOf(total))],
  });
}

/** `x or vector(1)`: a total that is never absent; null: it is no such thing. */
function unguarded(total: Expr): { readonly total: Expr; readonly note: string } | null {
  const inner = bare(total);
  if (inner.kind !== 'binary' || inner.op !== 'or') return null;
  const guard = bare(inner.right);
  const least = guard.kind === 'call' && guard.fn === 'vector' ? numberOf(guard.args[0]!) : null;
  if (least === null || !(least > 0)) return null;
  const note = `or vector(${least}) is left out: without traffic there is no burn rate`;
  return { total: inner.left, note };
}

/**
 * What a part and a total count. `bareIsCounter`: whether a selector alone is a counter (OpenSLO's `counter: true`), or
 * a gauge that holds a rate already.
 */
export function readPair(part: Expr, total: Expr, partIs: PartIs, bareIsCounter: boolean): Reading {
  // Where good ones are counted, a total of one while there are none would say that all failed: that is kept.
  const guarded = partIs === 'bad' ? unguarded(total) : null;
  if (guarded) {
    const reading = readPair(part, guarded.total, partIs, bareIsCounter);
    return reading.ok ? ok({ ...reading.value, notes: [...reading.value.notes, guarded.note] }) : reading;
  }
  const special = histogramPair(part, total, partIs) ?? gaugePair(part, total, partIs);
  if (special) return special;
  const [some, all] = [readCounters(part), readCounters(total)];
  const why = !all.ok ? all.error : !some.ok ? some.error : null;
  if (why !== null || !some.ok || !all.ok) return ready(part, total, partIs, why ?? '');
  if ([some.value, all.value].some((s) => s.unit === 'counter') && !bareIsCounter)
    return ready(part, total, partIs, 'it is declared as no counter');
  if (some.value.unit !== all.value.unit)
    return fail({
      code: 'PROMQL_UNITS',
      message: `one side is ${unitText(some.value)}, the other ${unitText(all.value)}`,
      of: some.value.unit === 'counter' ? 'part' : 'total',
    });
  return (
    countersReading(some.value, all.value, partIs) ??
    ready(part, total, partIs, 'its two sides are multiplied differently')
  );
}

const unitText = ({ unit }: CounterSum): string =>
  ({ counter: 'a counter as it is', 'per-second': 'a rate per second', count: 'a count in a window' })[unit];

interface Share {
  readonly expr: Expr;
  readonly inverted: boolean;
  /** 1, or 100 for a percentage. */
  readonly scale: number;
}

/** A share without what keeps it within its bounds, and without `1 -`, `100 *`, `/ 100`, `or vector(0)`. */
function shareOf(expr: Expr): Share {
  const inner = bare(expr);
  const plain: Share = { expr: inner, inverted: false, scale: 1 };
  if (inner.kind === 'call' && /^clamp(_min|_max)?$/.test(inner.fn)) return shareOf(inner.args[0]!);
  const one = withoutScalar(inner);
  if (one !== inner) return shareOf(one);
  return inner.kind === 'binary' ? (shareWithin(inner) ?? plain) : plain;
}

const HUNDRED: Expr = { kind: 'number', text: '100', at: 0 };

/** `100 * a / b`, wherever in the sum of `a` the hundred stands; null: it is no percentage. */
function percentOf(ratio: Binary): Share | null {
  const inner = bare(ratio.left);
  const factors = inner.kind === 'binary' && inner.op === '*' ? [inner.left, inner.right] : [];
  const at = factors.findIndex((factor) => numberOf(factor) === 100);
  if (at >= 0) return { expr: { ...ratio, left: factors[1 - at]! }, inverted: false, scale: 100 };
  const [some, all] = [readCounters(ratio.left), readCounters(ratio.right)];
  if (!some.ok || !all.ok || Math.abs(some.value.factor / all.value.factor - 100) > 1e-6) return null;
  const { right } = ratio;
  const hundredfold: Expr = { ...ratio, op: '*', matching: null, left: right, right: HUNDRED };
  return { expr: { ...ratio, right: hundredfold }, inverted: false, scale: 100 };
}

function shareWithin(inner: Binary): Share | null {
  const { op, left, right, bool } = inner;
  const [a, b] = [numberOf(left), numberOf(right)];
  if (op === 'or' && isZero(right)) return shareOf(left);
  if (op === '>=' && b === 0 && !bool) return shareOf(left);
  if (op === '*' && (b === 100 || a === 100)) {
    const share = shareOf(b === 100 ? left : right);
    return share.scale === 1 ? { ...share, scale: 100 } : null;
  }
  if (op === '/' && b === 100) {
    const share = shareOf(left);
    return share.scale === 100 ? { ...share, scale: 1 } : null;
  }
  if (op === '/' && b === null) return percentOf(inner);
  if (op !== '-' || a === null) return null;
  const share = shareOf(right);
  return a === share.scale ? { ...share, inverted: !share.inverted } : null;
}

/** What a ratio in one expression counts; `is` says of what it is the share. */
export function readShare(expr: Expr, is: PartIs): Reading {
  // Of numbers alone a vector was made: the counters within them are the same.
  const inner = bare(expr);
  const number = inner.kind === 'call' && inner.fn === 'vector' ? inner.args[0]! : null;
  const reading = number && shareWhole(number, is);
  return reading?.ok && reading.value.query.kind === 'counters' ? reading : shareWhole(expr, is);
}

function shareWhole(expr: Expr, is: PartIs): Reading {
  const { expr: core, inverted, scale } = shareOf(expr);
  const partIs = inverted ? other(is) : is;
  const percent = scale === 100 ? ['the ratio is a percentage and is converted to a share'] : [];
  const reading = coreShare(core, partIs);
  return reading.ok ? ok({ ...reading.value, notes: [...percent, ...reading.value.notes] }) : reading;
}

function coreShare(core: Expr, partIs: PartIs): Reading {
  const histogram = readHistogram(core);
  if (histogram?.bounds && histogram.share) {
    const groups = groupsOf(histogram.grouping, histogram.grouping);
    if (!groups.ok) return groups;
    const { selector, bounds } = histogram;
    return ok({ query: { kind: 'histogram', selector, ...bounds, partIs }, ...groups.value });
  }
  const gauge = readGaugeShare(core);
  if (gauge) {
    const groups = groupsOf(gauge.grouping, gauge.grouping);
    if (!groups.ok) return groups;
    const { groupBy, notes } = groups.value;
    return ok({
      query: { kind: 'gauge', gauge: gauge.gauge, partIs },
      groupBy,
      notes: [GAUGE_NOTE, ...notes, ...notAggregated(gauge.grouping)],
    });
  }
  if (core.kind === 'binary' && core.op === '/' && numberOf(core.right) === null) {
    const pair = readPair(core.left, core.right, partIs, false);
    if (!pair.ok || pair.value.query.kind !== 'rates') return pair;
    return readyShare(core, partIs, pair.value.query.why);
  }
  return readyShare(core, partIs, `${printExpression(core).slice(0, 60)} is not a ratio of counters`);
}

function readyShare(share: Expr, partIs: PartIs, why: string): Reading {
  const grouping = groupingOf(share);
  const groups = groupsOf(grouping, grouping);
  if (!groups.ok) return groups;
  const { groupBy, notes } = groups.value;
  return ok({
    query: { kind: 'ratio', share, partIs, why },
    groupBy,
    notes: [asItIs(why), ...notes, ...notAggregated(grouping)],
  });
}
