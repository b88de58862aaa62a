import { readCounters } from '../../../promql/counters.ts';
import { bare, type Expr, numberOf } from '../../../promql/expression.ts';
import { selectorText } from '../../../promql/print.ts';
import { readExpression } from '../../../promql/read.ts';

/** One comparison of a condition: the value has to be there for all to be well. */
export interface Bound {
  readonly op: '>' | '>=' | '<' | '<=' | '==';
  readonly value: number;
}

const NUMBER = '(-?\\d+(?:\\.\\d+)?(?:e[-+]?\\d+)?)';
const VALUE =
  '(?:result\\[0\\]|result|asFloat\\(result(?:\\[0\\])?\\)|default\\(result(?:\\[0\\])?,\\s*[\\d.]+\\))';
const COMPARED = new RegExp(`^${VALUE}\\s*(>=|<=|==|>|<)\\s*${NUMBER}$`);
const TURNED = new RegExp(`^${NUMBER}\\s*(>=|<=|==|>|<)\\s*${VALUE}$`);
const OPPOSITE = { '>': '<=', '>=': '<', '<': '>=', '<=': '>' } as const;
const MIRRORED = { '>': '<', '>=': '<=', '<': '>', '<=': '>=', '==': '==' } as const;

/** Parts that only say what no data means: here no data has an answer of its own. */
const NO_DATA =
  /^(len\(result\)\s*(==|>|>=|!=)\s*\d+|result\s*(==|!=)\s*nil|!?isNaN\(result(\[0\])?\)|!?isInf\(result(\[0\])?\)|isNil\(result(\[0\])?\))$/;

/** The one comparison of a condition, beside what it says of no data. Null: it says more than that. */
function comparison(text: string): { op: keyof typeof MIRRORED; value: number } | null {
  const parts = text
    .split(/\|\||&&|\bor\b|\band\b/)
    .map((part) =>
      part
        .trim()
        .replace(/^\((.*)\)$/, '$1')
        .trim(),
    )
    .filter((part) => part !== '' && !NO_DATA.test(part));
  if (parts.length !== 1) return null;
  const straight = COMPARED.exec(parts[0]!);
  if (straight) return { op: straight[1] as keyof typeof MIRRORED, value: Number(straight[2]) };
  const turned = TURNED.exec(parts[0]!);
  return turned ? { op: MIRRORED[turned[2] as keyof typeof MIRRORED], value: Number(turned[1]) } : null;
}

/** What has to be so of the value; null: the conditions say something else than one comparison. */
export function boundOf(success: string | undefined, failure: string | undefined): Bound | null {
  const wanted = success === undefined ? null : comparison(success);
  if (wanted) return wanted;
  const feared = failure === undefined ? null : comparison(failure);
  return feared && feared.op !== '==' ? { op: OPPOSITE[feared.op], value: feared.value } : null;
}

/** What a query counts: requests of one kind among all, or those within a time. */
export type Counted =
  | {
      readonly kind: 'ratio';
      readonly part: string;
      readonly total: string;
      readonly inverted: boolean;
      readonly scale: number;
    }
  | { readonly kind: 'quantile'; readonly quantile: number; readonly bucket: string; readonly scale: number };

/** The counters that an expression adds up, whatever it groups them by; null: it does something else. */
function countersOf(expr: Expr, grouped: boolean): string | null {
  const read = readCounters(expr);
  if (!read.ok || read.value.factor !== 1) return null;
  const { counters, grouping } = read.value;
  if (!grouped && 'labels' in grouping) return null;
  if (counters.some((c) => c.minus || c.offsetMs !== undefined)) return null;
  return counters.map((c) => selectorText(c)).join(' + ');
}

/** `histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m])))`: its quantile and the one selector in it. */
function quantileOf(expr: Expr, scale: number): Counted | null {
  if (expr.kind !== 'call' || expr.fn !== 'histogram_quantile' || expr.args.length !== 2) return null;
  const quantile = numberOf(expr.args[0]!);
  const bucket = countersOf(expr.args[1]!, true);
  const isOne = bucket !== null && !bucket.includes(' + ') && /_bucket(\{|$)/.test(bucket);
  return isOne && quantile !== null ? { kind: 'quantile', quantile, bucket, scale } : null;
}

function countedAt(expr: Expr, scale: number, inverted: boolean): Counted | null {
  const at = bare(expr);
  if (at.kind !== 'binary') return quantileOf(at, scale);
  const { op, left, right } = at;
  const [first, second] = [numberOf(left), numberOf(right)];
  if (op === '*' && second !== null) return countedAt(left, scale * second, inverted);
  if (op === '*' && first !== null) return countedAt(right, scale * first, inverted);
  if (op === '-' && first === 1 && scale === 1) return countedAt(right, scale, !inverted);
  if (op !== '/') return null;
  const [part, total] = [countersOf(left, false), countersOf(right, false)];
  return part && total ? { kind: 'ratio', part, total, inverted, scale } : null;
}

/** What a query counts; null: it says a number, and nobody knows of how many requests. */
export function countedBy(query: string): Counted | null {
  const read = readExpression(query);
  return read.ok ? countedAt(read.value, 1, false) : null;
}

/** A bucket's bound as both Prometheus 2 and 3 write it: whole numbers have a decimal in 3. */
const boundMatcher = (bound: number): string =>
  Number.isInteger(bound) ? `le=~"${bound}(\\\\.0)?"` : `le="${bound}"`;

/** Requests within a time, of all: by the bucket that ends there. */
export function withinBound(
  bucket: string,
  bound: number,
): { readonly good: string; readonly total: string } {
  const [, metric, inside] = /^([^{]+)(?:\{(.*)\})?$/s.exec(bucket)!;
  const matchers = (inside ?? '').trim();
  const whole = matchers ? `{${matchers}}` : '';
  return {
    good: `${metric}{${matchers ? `${matchers},` : ''}${boundMatcher(bound)}}`,
    total: `${metric!.replace(/_bucket$/, '_count')}${whole}`,
  };
}

export const isPromql = (query: string): boolean => readExpression(query).ok;
