import { stringify } from 'yaml';
import type { Environment, Platform, Slo } from '../../../declaration/platform.ts';
import { formatDuration } from '../../../kit/time.ts';
import type { Selector } from '../../../promql/parse.ts';
import { selectorText } from '../../../promql/scope.ts';
import { BUDGET_REMAINING, BURN_ALERT, burnSeries, OBJECTIVE, REQUESTS_5M, WINDOWS } from '../../series.ts';

/** Budget as a number that prints without binary noise: 1 - 0.999 is 0.001 here. */
export const budgetOf = (objective: number): number => Number((1 - objective).toPrecision(12));

/** Sum over all selectors of a function over a window; each part keeps its own identity in the union. */
function summed(fn: 'rate' | 'increase', selectors: readonly Selector[], window: string): string {
  const parts = selectors.map((s) => `${fn}(${selectorText(s)}[${window}])`);
  if (parts.length === 1) return `sum(${parts[0]})`;
  return `sum(${parts.map((p, i) => `label_replace(${p}, "sluice_part", "${i}", "", "")`).join(' or ')})`;
}

/** Share of bad requests. Absent with no traffic; a missing numerator is derived from the total. */
export function badRatio(slo: Slo, fn: 'rate' | 'increase', window: string): string {
  const total = summed(fn, slo.total, window);
  const part = `(${summed(fn, slo.part, window)} or 0 * ${total})`;
  const bad = slo.partIs === 'bad' ? part : `(${total} - ${part})`;
  return `clamp_min(${bad}, 0) / (${total} > 0)`;
}

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

function sloRules(slo: Slo, labels: Record<string, string>): Rule[] {
  const budget = budgetOf(slo.objective);
  const burns = WINDOWS.map((window) => ({
    record: burnSeries(window),
    expr: `${badRatio(slo, 'rate', window)} / ${budget}`,
    labels,
  }));
  return [
    ...burns,
    { record: REQUESTS_5M, expr: `${summed('increase', slo.total, '5m')} or vector(0)`, labels },
    { record: OBJECTIVE, expr: `vector(${slo.objective})`, labels },
  ];
}

function burnAlert(slo: Slo, environment: Environment, labels: Record<string, string>): Rule {
  const { fast, slow } = environment.burn;
  const match = `{${Object.entries(labels)
    .map(([k, v]) => `${k}="${v}"`)
    .join(',')}}`;
  const pair = [`${burnSeries('5m')}${match} >= ${fast.threshold}`];
  if (slow) pair.push(`${burnSeries('1h')}${match} >= ${slow.threshold}`);
  return {
    alert: BURN_ALERT,
    expr: pair.join(' and '),
    labels: { ...labels, severity: 'page' },
    annotations: {
      summary: `${slo.service} in ${environment.name} burns its error budget at {{ $value | humanize }} times the sustainable rate`,
      description: `SLO ${slo.name} (${slo.objective * 100} % over ${formatDuration(slo.windowMs)}): 5m burn rate at or above ${fast.threshold}${slow ? `, 1h at or above ${slow.threshold}` : ''}.`,
    },
  };
}

/** Recording and alerting rules of one environment: one group a service, and one for the long windows. */
export function renderRules(platform: Platform, environment: Environment): string {
  const interval = formatDuration(environment.prometheus.evaluationIntervalMs);
  const labelsOf = (slo: Slo) => ({ service: slo.service, slo: slo.name, environment: environment.name });
  const groups = platform.services.map((service) => {
    const slos = platform.slos.filter((slo) => slo.service === service.name);
    const records = slos.flatMap((slo) => sloRules(slo, labelsOf(slo)));
    const alerts = slos.map((slo) => burnAlert(slo, environment, labelsOf(slo)));
    return { name: `sluice-${service.name}`, interval, rules: [...records, ...alerts] };
  });
  const budgets = platform.slos.map((slo) => ({
    record: BUDGET_REMAINING,
    expr: `1 - ${badRatio(slo, 'increase', formatDuration(slo.windowMs))} / ${budgetOf(slo.objective)}`,
    labels: labelsOf(slo),
  }));
  const long = {
    name: 'sluice-budgets',
    interval: formatDuration(environment.prometheus.budgetIntervalMs),
    rules: budgets,
  };
  return stringify({ groups: [...groups.filter((g) => g.rules.length > 0), long] }, { lineWidth: 0 });
}
