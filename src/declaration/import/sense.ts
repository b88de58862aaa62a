import { fail, ok, type Result } from '../../kit/result.ts';
import { formatDuration } from '../../kit/time.ts';
import type { Counter } from '../../promql/counters.ts';
import type { Expr } from '../../promql/expression.ts';
import { type IndicatorQuery, type PartIs, readPair, readShare } from '../../promql/indicator.ts';
import {
  emptyQuantile,
  FILL_IN,
  isTemplate,
  KEEP_LE,
  numberPitfall,
  pitfallOf,
  placeholderIn,
  sameSides,
} from '../../promql/pitfalls.ts';
import { printExpression, selectorText } from '../../promql/print.ts';
import { readExpression } from '../../promql/read.ts';
import { whyNoShare } from '../../promql/shares.ts';
import { suspicionsOf } from '../../promql/suspicions.ts';
import { asVector, checkTypes } from '../../promql/types.ts';
import { severalGroups } from '../reserved-labels.ts';
import { source } from './openslo.ts';
import type { Sense } from './reading.ts';

/**
 * Queries of somebody else as an indicator of OpenSLO v1. What they count is read by `readPair` and `readShare`, the
 * same analysis by which the declaration itself reads them; here it is only written down again.
 */

type Made = Pick<Extract<Sense, { ok: true }>, 'as' | 'indicator' | 'good'>;

/** `5m` of an offset, with a minus where it looks ahead. */
const offsetText = (ms: number): string => ` offset ${ms < 0 ? '-' : ''}${formatDuration(Math.abs(ms))}`;

function counterText(counter: Counter, first: boolean): string {
  const text = selectorText(counter) + (counter.offsetMs ? offsetText(counter.offsetMs) : '');
  if (counter.minus) return `${first ? '-' : ' - '}${text}`;
  return `${first ? '' : ' + '}${text}`;
}

/** A sum of counters as OpenSLO has it: the counters alone, since range and rate are added by whoever counts. */
const sumText = (counters: readonly Counter[]): string =>
  // What is taken off comes last, so that a sum never begins with a minus.
  [...counters]
    .sort((a, b) => Number(a.minus ?? false) - Number(b.minus ?? false))
    .map((c, i) => counterText(c, i === 0))
    .join('');

function countersMade({ part, total, partIs }: Extract<IndicatorQuery, { kind: 'counters' }>): Made {
  return {
    as: 'counters',
    indicator: {
      ratioMetric: { counter: true, [partIs]: source(sumText(part)), total: source(sumText(total)) },
    },
  };
}

function madeOf(query: IndicatorQuery): Made {
  switch (query.kind) {
    case 'counters':
      return countersMade(query);
    case 'histogram': {
      const all = selectorText(query.selector);
      const slice = source(`histogram_fraction(${query.lower}, ${query.upper}, ${all})`);
      const total = source(`histogram_count(${all})`);
      return {
        as: 'histogram',
        indicator: { ratioMetric: { counter: true, [query.partIs]: slice, total } },
      };
    }
    case 'gauge':
      return {
        as: 'threshold',
        indicator: { thresholdMetric: source(printExpression(query.gauge)) },
        good: { op: query.partIs === 'good' ? 'gte' : 'lt', value: 1 },
      };
    case 'rates': {
      const [part, total] = [source(printExpression(query.part)), source(printExpression(query.total))];
      return { as: 'rates', indicator: { ratioMetric: { counter: false, [query.partIs]: part, total } } };
    }
    case 'ratio': {
      const rawType = query.partIs === 'bad' ? 'failure' : 'success';
      const raw = source(printExpression(query.share));
      return { as: 'ratio', indicator: { ratioMetric: { rawType, raw } } };
    }
  }
}

const READY = 'a release cannot be judged by it';
const SLICED = 'budgeted by RatioTimeslices of 5m, since the number of requests behind it is unknown';

/** What is said of a kind, beside what its queries made of it. */
const KIND_NOTES: Readonly<Record<Made['as'], readonly string[]>> = {
  counters: [],
  histogram: [],
  threshold: [READY],
  rates: [READY],
  ratio: [SLICED],
};

function senseOf(reading: ReturnType<typeof readPair>, exprs: readonly Expr[]): Sense {
  if (!reading.ok) return { ok: false, why: reading.error.message };
  const { query, groupBy, notes } = reading.value;
  const why = pitfallOf(query)?.message ?? sameSides(query);
  if (why !== null) return { ok: false, why };
  const made = madeOf(query);
  const doubts = suspicionsOf(query).map((doubt) => doubt.message);
  const told = [...notes, ...doubts, ...KIND_NOTES[made.as]];
  return { ok: true, ...made, notes: told, groupBy: severalGroups(groupBy ?? [], exprs) };
}

/** A query as Prometheus would take it, or why it would not. */
function read(query: string): Result<Expr, string> {
  const next = isTemplate(query) ? `; ${FILL_IN}` : '';
  const refuse = (message: string) =>
    fail(`the query is not PromQL that Prometheus takes: ${message}${next}`);
  const parsed = readExpression(query);
  if (!parsed.ok) return refuse(parsed.error.message);
  const typed = checkTypes(parsed.value);
  if (!typed.ok) return refuse(typed.error.message);
  if (typed.value !== 'instant vector' && typed.value !== 'scalar')
    return refuse(`it gives a ${typed.value}, not a number for each series`);
  const empty = emptyQuantile(parsed.value);
  if (empty !== null) return fail(`${empty}: ${KEEP_LE}`);
  const place = placeholderIn(parsed.value);
  return place === null ? ok(asVector(parsed.value, typed.value)) : fail(`${place}: ${FILL_IN}`);
}

/** A query as one number, as a guard has it; or why it is none, or cannot mean what it says. */
export function readNumber(query: string): Result<string, string> {
  const number = read(query);
  if (!number.ok) return number;
  const why = numberPitfall(number.value);
  return why === null ? ok(printExpression(number.value)) : fail(why);
}

/** A part of events, good or bad ones, and all of them. */
export function senseOfEvents(part: string, partIs: PartIs, total: string): Sense {
  const [some, all] = [read(part), read(total)];
  if (!some.ok) return { ok: false, why: some.error, of: 'part' };
  if (!all.ok) return { ok: false, why: all.error, of: 'total' };
  return senseOf(readPair(some.value, all.value, partIs, false), [some.value, all.value]);
}

/** The words by which the analysis says that a share was multiplied by a hundred. */
const PERCENT = 'the ratio is a percentage and is converted to a share';

/** Why an expression is no share of requests although it is a ratio of counters; null: it may be one. */
export function whyNoShareIn(query: string): string | null {
  const share = read(query);
  const reading = share.ok ? readShare(share.value, 'bad') : null;
  return reading?.ok ? whyNoShare(reading.value.query) : null;
}

/** A bound on a ratio of counters, as an objective: what is at most so much is bad, what is at least so much good. */
export function senseOfBound(
  query: string,
  bound: { readonly min?: number | undefined; readonly max?: number | undefined },
): { readonly sense: Extract<Sense, { ok: true }>; readonly target: number } | null {
  const { min, max } = bound;
  if ((min === undefined) === (max === undefined)) return null;
  const sense = senseOfRatio(query, max === undefined ? 'good' : 'bad');
  if (!sense.ok || sense.as !== 'counters' || whyNoShareIn(query) !== null) return null;
  const scale = sense.notes.includes(PERCENT) ? 100 : 1;
  const target = max === undefined ? min! / scale : 1 - max / scale;
  if (!(target > 0.5 && target < 1)) return null;
  const notes = sense.notes.filter((note) => note !== PERCENT);
  return { sense: { ...sense, notes }, target: Number(target.toPrecision(12)) };
}

/** A share of good or bad events in one expression. */
export function senseOfRatio(query: string, is: PartIs): Sense {
  const share = read(query);
  return share.ok ? senseOf(readShare(share.value, is), [share.value]) : { ok: false, why: share.error };
}
