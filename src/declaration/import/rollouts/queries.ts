import { readCounters, withoutScalar } from '../../../promql/counters.ts';
import { bare, type Expr, numberOf } from '../../../promql/expression.ts';
import { selectorText } from '../../../promql/print.ts';
import { readExpression } from '../../../promql/read.ts';

/** One comparison of a condition: the value has to be there for all to be well. */
export interface Bound {
  readonly op: '>' | '>=' | '<' | '<=' | '==';
  readonly value: number;
}

const NUMBER = '(-?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:e[-+]?\\d+)?)';
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

/** A quantile over the buckets of one histogram, and what it is multiplied by. */
export interface Quantile {
  readonly quantile: number;
  readonly bucket: string;
  readonly scale: number;
}

/** The one bucket counter that an expression sums up, whatever it groups by; null: it does something else. */
function bucketOf(expr: Expr): string | null {
  const read = readCounters(expr);
  if (!read.ok || read.value.factor !== 1) return null;
  const [only, second] = read.value.counters;
  if (!only || second || only.minus || only.offsetMs !== undefined) return null;
  return only.metric.endsWith('_bucket') ? selectorText(only) : null;
}

function quantileAt(expr: Expr, scale: number): Quantile | null {
  const one = withoutScalar(expr);
  const at = bare(one);
  if (one !== expr) return quantileAt(one, scale);
  if (at.kind === 'binary' && at.op === '*') {
    const [first, second] = [numberOf(at.left), numberOf(at.right)];
    if (second !== null) return quantileAt(at.left, scale * second);
    return first === null ? null : quantileAt(at.right, scale * first);
  }
  if (at.kind !== 'call' || at.fn !== 'histogram_quantile' || at.args.length !== 2) return null;
  const quantile = numberOf(at.args[0]!);
  const bucket = bucketOf(at.args[1]!);
  return bucket !== null && quantile !== null ? { quantile, bucket, scale } : null;
}

/** `histogram_quantile(0.95, sum by (le) (rate(x_bucket[5m])))`; null: the query asks something else. */
export function quantileOf(query: string): Quantile | null {
  const read = readExpression(query);
  return read.ok ? quantileAt(read.value, 1) : null;
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
