import type { Expr } from '../promql/expression.ts';
import { isFixed } from '../promql/scope.ts';
import type { Slo } from './platform.ts';

/** Labels that rules and alerts of ours carry: nobody else's may take their place. */
export const RESERVED_LABELS: ReadonlySet<string> = new Set([
  'service',
  'slo',
  'environment',
  'alertname',
  'severity',
  'long_window',
  'short_window',
  'le',
  '__name__',
  'sluice_part',
  'sluice_alert',
]);

/** A bound of a bucket and the name of a metric tell no groups of requests apart. */
export const isGroupLabel = (label: string): boolean => label !== 'le' && label !== '__name__';

/** As Prometheus itself calls a label of somebody else that it has a use for. */
function exportedName(label: string, taken: readonly string[]): string {
  const name = `exported_${label}`;
  return taken.includes(name) ? exportedName(name, taken) : name;
}

/** Groups by labels of series; those that rules carry themselves are known by another name in them. */
export function groupLabels(labels: readonly string[], limit: number): NonNullable<Slo['groupBy']> {
  const named = labels.map((label): [string, string] => [
    RESERVED_LABELS.has(label) ? exportedName(label, labels) : label,
    label,
  ]);
  const moved = named.filter(([name, label]) => name !== label);
  return {
    labels: named.map(([name]) => name),
    limit,
    ...(moved.length > 0 ? { series: Object.fromEntries(moved) } : {}),
  };
}

/** Labels of ours by which a query groups to no effect are left out: it asks for one value of them alone. */
export const severalGroups = (labels: readonly string[], exprs: readonly Expr[]): readonly string[] =>
  labels.filter((label) => !RESERVED_LABELS.has(label) || !isFixed(label, exprs));
