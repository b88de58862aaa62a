import { bare, type Expr, numberOf, type Selector } from './expression.ts';
import { printExpression, shown } from './print.ts';

/** Seconds and bytes where a share or a number of requests belongs. Pure. */

export const COMPARISONS = /^(>|<|>=|<=|==|!=)$/;
const PICKS = /^(avg|max|min|sum|quantile|topk|bottomk)$/;
const OVER_TIME = /^(avg|max|min|last|quantile)_over_time$/;
const SAME_UNIT = /^(clamp|clamp_max|clamp_min|abs|round|floor|ceil|scalar|vector)$/;
const UNIT = /_(seconds|milliseconds|microseconds|ms|bytes)$/;
/** What is observed may be a share itself. */
const SHARES = /(ratio|percent|share|fraction|utili[sz]ation)/i;

const isMeasure = ({ metric, matchers }: Selector): boolean =>
  !SHARES.test(metric) && (UNIT.test(metric) || matchers.some(({ label }) => label === 'quantile'));

const metricBelow = (expr: Expr): string =>
  expr.kind === 'selector'
    ? expr.selector.metric
    : 'expr' in expr
      ? metricBelow(expr.expr)
      : 'args' in expr
        ? expr.args.map(metricBelow).join(' ')
        : '';

/** The measured value (a quantile, seconds, bytes) that an expression gives, whatever it is multiplied by; null: none. */
function measured(expr: Expr): Expr | null {
  const inner = bare(expr);
  switch (inner.kind) {
    case 'selector':
      return isMeasure(inner.selector) ? inner : null;
    case 'aggregate':
      return PICKS.test(inner.op) ? measured(inner.expr) : null;
    case 'call': {
      if (/^histogram_(quantile|avg)$/.test(inner.fn)) return SHARES.test(metricBelow(inner)) ? null : inner;
      const [first] = inner.args;
      const through = SAME_UNIT.test(inner.fn) || OVER_TIME.test(inner.fn);
      return through && first ? measured(inner.fn === 'quantile_over_time' ? inner.args[1]! : first) : null;
    }
    case 'binary': {
      if (inner.bool || inner.op === 'and' || inner.op === 'unless') return null;
      if (COMPARISONS.test(inner.op) || inner.op === 'or') return measured(inner.left);
      if (numberOf(inner.right) !== null) return measured(inner.left);
      return numberOf(inner.left) !== null && inner.op !== '/' ? measured(inner.right) : null;
    }
    case 'range':
    case 'subquery':
    case 'offset':
      return measured(inner.expr);
    default:
      return null;
  }
}

/** What a measured value is of. */
const kindOf = (value: Expr): string =>
  /_bytes(_bucket)?(\s|$)/.test(metricBelow(value)) ? 'a size' : 'a duration';

/** A filter keeps the value it compares: a quantile that is kept is seconds, and no number of requests. */
export function keptValue(part: Expr, total: Expr): string | null {
  const filter = bare(part);
  if (filter.kind !== 'binary' || filter.bool || !COMPARISONS.test(filter.op)) return null;
  const kept = bare(filter.left);
  if (!measured(kept) || printExpression(bare(total)) === printExpression(kept)) return null;
  return `${shown(kept)} is ${kindOf(kept)}, not a number of requests: divided by the total it is not a share. Count requests by their bucket, or compare with "${filter.op} bool" and use vector(1) as the total`;
}

/** A quantile, seconds or bytes as the share itself: a filter keeps them too. */
export function measuredShare(share: Expr): string | null {
  const value = measured(share);
  return value === null
    ? null
    : `${shown(value)} is ${kindOf(value)}, not a share between 0 and 1. Count requests by their bucket, or compare with "> bool" and its limit`;
}
