import type { Indicator } from '../declaration/platform.ts';
import { formatDuration } from '../kit/time.ts';
import type { Counter } from '../promql/counters.ts';
import { type Expr, partsOf, type Selector } from '../promql/expression.ts';
import { readExpression } from '../promql/read.ts';
import { selectorText } from '../promql/scope.ts';

function selectorsOf(expr: Expr): Selector[] {
  return expr.kind === 'selector' ? [expr.selector] : partsOf(expr).flatMap(selectorsOf);
}

function selectedBy(query: string): string[] {
  const read = readExpression(query);
  return read.ok ? selectorsOf(read.value).map((s) => selectorText(s)) : [query];
}

const shifted = (offsetMs: number | undefined): string => {
  if (!offsetMs) return '';
  return offsetMs > 0 ? ` offset ${formatDuration(offsetMs)}` : '';
};

const counterText = (c: Counter): string => `${selectorText(c)}${shifted(c.offsetMs)}`;

function textsOf(indicator: Indicator): string[] {
  switch (indicator.kind) {
    case 'counters':
      return indicator.total.map(counterText);
    case 'histogram':
      return [selectorText(indicator.total)];
    case 'rates': {
      // A total that is a number alone is always there: what is counted against it has to be.
      const total = selectedBy(indicator.total);
      return total.length > 0 ? total : selectedBy(indicator.part);
    }
    case 'threshold':
    case 'ratio':
      return selectedBy(indicator.query);
  }
}

/** Series that have to be there for an SLO to say anything: those of its total, as they are selected. */
export const presenceOf = (indicator: Indicator): string => [...new Set(textsOf(indicator))].join(' or ');
