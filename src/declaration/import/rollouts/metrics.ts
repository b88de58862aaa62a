import { nameOf, source } from '../openslo.ts';
import { type Bound, boundOf, type Counted, countedBy, isPromql, withinBound } from './queries.ts';
import type { AnalysisMetric, Argument } from './resources.ts';

/** What became of one metric of an AnalysisTemplate, in words. */
export interface ImportedMetric {
  readonly template: string;
  readonly metric: string;
  readonly as: 'slo' | 'guard' | null;
  readonly note: string;
}

export interface MetricImport {
  readonly imported: ImportedMetric;
  /** An OpenSLO document; null: it is none. */
  readonly slo: object | null;
  /** A guard of the Platform; null: it is none. */
  readonly guard: object | null;
  /** The label by which its query tells versions apart. */
  readonly revisionLabel: string | null;
  readonly questions: readonly string[];
}

/** Arguments with their values: those that are asked with, else those that the template has of its own. */
interface Arguments {
  readonly values: ReadonlyMap<string, string>;
  /** Those that are the hash of the pod template. */
  readonly hashes: ReadonlySet<string>;
}

export function argumentsOf(
  given: readonly Argument[],
  own: readonly Argument[],
  names: ReadonlyMap<string, string>,
): Arguments {
  const values = new Map<string, string>();
  const hashes = new Set<string>();
  for (const { name, value, valueFrom } of [...own, ...given]) {
    const field = valueFrom?.fieldRef && names.get(valueFrom.fieldRef.fieldPath);
    if (valueFrom?.podTemplateHashValue) hashes.add(name);
    const known = value ?? field;
    if (known !== undefined) values.set(name, known);
  }
  return { values, hashes };
}

interface Filled {
  readonly query: string;
  readonly revisionLabel: string | null;
  /** Arguments whose value nobody says. */
  readonly unknown: readonly string[];
}

const ARGUMENT = /\{\{\s*args\.([\w-]+)\s*\}\}/g;

/** A query with its arguments in place. What narrows it to one version goes: both versions are counted here. */
function filled(query: string, { values, hashes }: Arguments): Filled {
  let revisionLabel: string | null = null;
  const open = query.replace(
    /,?\s*([a-zA-Z_]\w*)\s*=~?\s*"\{\{\s*args\.([\w-]+)\s*\}\}"\s*(,?)/g,
    (whole, label: string, name: string, comma: string) => {
      if (!hashes.has(name)) return whole;
      revisionLabel = label;
      return whole.startsWith(',') && comma ? ',' : '';
    },
  );
  const unknown = new Set<string>();
  const said = open.replace(ARGUMENT, (whole, name: string) => {
    const value = values.get(name);
    if (value === undefined) unknown.add(name);
    return value ?? whole;
  });
  return { query: said, revisionLabel, unknown: [...unknown] };
}

const HALF = 0.5;
const round = (n: number): number => Number(n.toPrecision(12));

interface Target {
  readonly objective: number;
  readonly indicator: object;
  readonly words: string;
  readonly question: string | null;
}

const ratio = (side: 'good' | 'bad', part: string, total: string) => ({
  ratioMetric: { counter: true, [side]: source(part), total: source(total) },
});

/** The objective that a bound on a share of requests is: the direction of the bound says which side is counted. */
function shareTarget(counted: Extract<Counted, { kind: 'ratio' }>, { op, value }: Bound): Target | null {
  const share = value / counted.scale;
  const high = op === '>' || op === '>=';
  // `1 - bad / total >= 0.98` bounds the other side.
  const good = high !== counted.inverted;
  const objective = round(high ? share : 1 - share);
  if (op === '==' || !(objective > HALF && objective < 1)) return null;
  const side = good ? 'good' : 'bad';
  return {
    objective,
    indicator: ratio(side, counted.part, counted.total),
    words: `${round(objective * 100)}% good`,
    question: null,
  };
}

/** A quantile below a time: so large a share of requests within it. */
function quantileTarget(
  counted: Extract<Counted, { kind: 'quantile' }>,
  { op, value }: Bound,
): Target | null {
  if (op !== '<' && op !== '<=') return null;
  const bound = round(value / counted.scale);
  const { quantile } = counted;
  if (!(quantile > HALF && quantile < 1) || !(bound > 0)) return null;
  const { good, total } = withinBound(counted.bucket, bound);
  return {
    objective: quantile,
    indicator: ratio('good', good, total),
    words: `${round(quantile * 100)}% within ${bound}`,
    question: `Is there a bucket le="${bound}" in ${counted.bucket}? Requests are counted with it; if there is none, give the nearest bucket.`,
  };
}

const sloDocument = (service: string, name: string, target: Target): object => ({
  apiVersion: 'openslo/v1',
  kind: 'SLO',
  metadata: { name },
  spec: {
    service,
    indicator: { spec: target.indicator },
    timeWindow: [{ duration: '30d', isRolling: true }],
    budgetingMethod: 'Occurrences',
    objectives: [{ target: target.objective }],
  },
});

function guardOf(name: string, query: string, { op, value }: Bound): object {
  const both =
    op === '==' ? { min: value, max: value } : op.startsWith('>') ? { min: value } : { max: value };
  return { name, query: query.trim().replace(/\s+/g, ' '), ...both };
}

const bounded = ({ op, value }: Bound): string => `${op} ${value}`;

/** One metric of a template as a service's objective, its guard, or nothing, with the reason. Pure. */
export function importMetric(
  service: string,
  template: string,
  metric: AnalysisMetric,
  args: Arguments,
): MetricImport {
  const told = (as: ImportedMetric['as'], note: string, more: Partial<MetricImport> = {}): MetricImport => ({
    imported: { template, metric: metric.name, as, note },
    slo: null,
    guard: null,
    revisionLabel: null,
    questions: [],
    ...more,
  });
  const [provider = 'none'] = Object.keys(metric.provider);
  const asked = metric.provider['prometheus'] as { query?: unknown } | undefined;
  if (typeof asked?.query !== 'string')
    return told(null, `asks ${provider}, not Prometheus: keep it in the Rollout next to Sluice's analyses`);
  const { query, revisionLabel, unknown } = filled(asked.query, args);
  if (unknown.length > 0)
    return told(null, `no value is known for its argument ${unknown.join(', ')} is`, {
      questions: [`What is the argument ${unknown.join(', ')} of ${template}, where ${service} asks it?`],
    });
  const bound = boundOf(metric.successCondition, metric.failureCondition);
  const condition = metric.successCondition ?? metric.failureCondition ?? 'none';
  if (!bound) return told(null, `its condition is more than one comparison: ${condition}`);
  if (!isPromql(query)) return told(null, 'its query is not PromQL that Sluice can read');
  const name = nameOf(`${service}-${metric.name}`);
  const counted = countedBy(query);
  const target =
    counted === null
      ? null
      : counted.kind === 'ratio'
        ? shareTarget(counted, bound)
        : quantileTarget(counted, bound);
  if (target)
    return told('slo', target.words, {
      slo: sloDocument(service, name, target),
      revisionLabel,
      questions: target.question ? [target.question] : [],
    });
  const why = counted ? 'its bound leaves no budget of requests' : 'it does not say of how many requests';
  return told('guard', `${bounded(bound)}; ${why}`, {
    guard: guardOf(nameOf(metric.name), query, bound),
    revisionLabel,
  });
}
