import type { Expr, Matcher, Matching, Selector } from './expression.ts';
import { quote } from './strings.ts';

const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const PLAIN_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Words that a grammar may take for something else where a metric stands. */
const KEYWORD =
  /^(and|or|unless|atan2|by|without|on|ignoring|group_left|group_right|bool|offset|inf|nan|start|end|sum|avg|count|min|max|group|stddev|stdvar|topk|bottomk|count_values|quantile|limitk|limit_ratio|fill|fill_left|fill_right|anchored|smoothed|step|range)$/i;

/** A label or metric whose name only Prometheus 3 knows. */
export const isPlainLabel = (label: string): boolean => PLAIN_LABEL.test(label);
export const isPlainMetric = (metric: string): boolean => metric === '' || PLAIN_METRIC.test(metric);

const labelText = (label: string): string => (isPlainLabel(label) ? label : quote(label));
const matcherText = (m: Matcher): string => `${labelText(m.label)}${m.op}${quote(m.value)}`;
const labelList = (labels: readonly string[]): string => `(${labels.map(labelText).join(', ')})`;

/** The text of a selector, matchers in the order given, more of them after it. UTF-8 names are quoted. */
export function selectorText({ metric, matchers }: Selector, extra: readonly Matcher[] = []): string {
  const all = [...matchers, ...extra].map(matcherText);
  if (!isPlainMetric(metric)) return `{${[quote(metric), ...all].join(',')}}`;
  if (KEYWORD.test(metric)) return `{${[`__name__=${quote(metric)}`, ...all].join(',')}}`;
  return all.length === 0 && metric !== '' ? metric : `${metric}{${all.join(',')}}`;
}

function matchingText(matching: Matching | null): string {
  if (!matching) return '';
  const { by, labels, group } = matching;
  // With its brackets even where they are empty: those of what follows would be taken for them.
  const more = group ? ` ${group.side} ${labelList(group.labels)}` : '';
  return ` ${by} ${labelList(labels)}${more}`;
}

/**
 * The text of an expression, on one line. Reading it gives the same expression: brackets are part of one, and none
 * are added.
 */
export function printExpression(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.text;
    case 'string':
      return quote(expr.value);
    case 'selector':
      return selectorText(expr.selector);
    case 'range':
      return `${printExpression(expr.expr)}[${expr.range}]`;
    case 'subquery':
      return `${printExpression(expr.expr)}[${expr.range}:${expr.step ?? ''}]`;
    case 'offset':
      return `${printExpression(expr.expr)} offset ${expr.offset}`;
    case 'at':
      return `${printExpression(expr.expr)} @ ${expr.moment}`;
    case 'unary':
      return `${expr.op}${printExpression(expr.expr)}`;
    case 'paren':
      return `(${printExpression(expr.expr)})`;
    case 'binary': {
      const op = `${expr.op}${expr.bool ? ' bool' : ''}${matchingText(expr.matching)}`;
      return `${printExpression(expr.left)} ${op} ${printExpression(expr.right)}`;
    }
    case 'call':
      return `${expr.fn}(${expr.args.map(printExpression).join(', ')})`;
    case 'aggregate': {
      const by = expr.grouping ? ` ${expr.grouping.kind} ${labelList(expr.grouping.labels)} ` : '';
      const args = [...(expr.param ? [expr.param] : []), expr.expr];
      return `${expr.op}${by}(${args.map(printExpression).join(', ')})`;
    }
  }
}

/** More of an expression than this explains nothing. */
const LONGEST = 60;
/** The beginning of an expression, for a sentence. */
export const shown = (expr: Expr): string => {
  const text = printExpression(expr);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};
