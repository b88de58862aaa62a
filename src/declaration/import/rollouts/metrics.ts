import { nameOf, source } from '../openslo.ts';
import { readNumber, senseOfBound, senseOfRatio, whyNoShareIn } from '../sense.ts';
import { type Bound, boundOf, isPromql, type Quantile, quantileOf, withinBound } from './queries.ts';
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

/** A matcher with an argument in a part of its value. */
const WITHIN = /([a-zA-Z_]\w*)\s*(=~?)\s*"((?:[^"\\]|\\.)*\{\{\s*args\.[\w-]+\s*\}\}(?:[^"\\]|\\.)*)"/g;
/** What Argo Rollouts writes for the hash of a pod template. */
const ANY_HASH = '[a-z0-9]+';
const MARK = '\u0000';

/** A text within quotes as a regex that matches itself; arguments stay. */
const literally = (text: string): string =>
  text
    .split(/(\{\{[^}]*\}\})/)
    .map((piece, i) => (i % 2 === 0 ? piece.replace(/[.+*?()|[\]^$]/g, '\\\\$&') : piece))
    .join('');

/** Names of one version hold its hash: those of every version have any hash there. */
function withAnyHash(
  whole: string,
  { label, op, text }: { readonly label: string; readonly op: string; readonly text: string },
  hashes: ReadonlySet<string>,
): string {
  const marked = text.replace(ARGUMENT, (arg, name: string) => (hashes.has(name) ? MARK : arg));
  if (!marked.includes(MARK)) return whole;
  const plain = op === '=~' ? marked : literally(marked);
  return `${label}=~"${plain.replaceAll(MARK, ANY_HASH)}"`;
}

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
  const versions = open.replace(WITHIN, (whole, label: string, op: string, text: string) =>
    withAnyHash(whole, { label, op, text }, hashes),
  );
  const said = versions.replace(ARGUMENT, (whole, name: string) => {
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

/** The objective that a bound on a share of requests is: the direction of the bound says which side is counted. */
function shareTarget(query: string, { op, value }: Bound): Target | null {
  if (op === '==') return null;
  const found = senseOfBound(query, op.startsWith('>') ? { min: value } : { max: value });
  // A bound for each group is no objective of the whole.
  if (found === null || found.sense.groupBy.length > 0) return null;
  return {
    objective: found.target,
    indicator: found.sense.indicator,
    words: [`${round(found.target * 100)}% good`, ...found.sense.notes].join('; '),
    question: null,
  };
}

/** A quantile below a time: so large a share of requests within it. */
function quantileTarget({ quantile, bucket, scale }: Quantile, { op, value }: Bound): Target | null {
  if (op !== '<' && op !== '<=') return null;
  const bound = round(value / scale);
  if (!(quantile > HALF && quantile < 1) || !(bound > 0)) return null;
  const { good, total } = withinBound(bucket, bound);
  return {
    objective: quantile,
    indicator: { ratioMetric: { counter: true, good: source(good), total: source(total) } },
    words: `${round(quantile * 100)}% within ${bound}`,
    question: `Is there a bucket le="${bound}" in ${bucket}? Requests are counted with it; if there is none, give the nearest bucket.`,
  };
}

/** Why a bound is a guard and no objective. */
function guardReason(query: string, quantile: Quantile | null): string {
  const other = whyNoShareIn(query);
  if (other !== null) return other;
  const share = senseOfRatio(query, 'good');
  if (share.ok && share.as === 'counters' && share.groupBy.length > 0)
    return 'it applies to each group, not to the whole service';
  return quantile !== null || (share.ok && share.as === 'counters')
    ? 'its bound leaves no budget of requests'
    : 'it does not say of how many requests';
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
  return { name, query, ...both };
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
  const { query, revisionLabel, unknown: open } = filled(asked.query, args);
  const success = metric.successCondition && filled(metric.successCondition, args);
  const failure = metric.failureCondition && filled(metric.failureCondition, args);
  const unknown = [...new Set([...open, ...((success || failure || null)?.unknown ?? [])])];
  if (unknown.length > 0)
    return told(null, `no value is known for its argument ${unknown.join(', ')}`, {
      questions: [`What is the argument ${unknown.join(', ')} of ${template}, where ${service} asks it?`],
    });
  const [wanted, feared] = [success, failure].map((one) => (one ? one.query : undefined));
  const bound = boundOf(wanted, feared);
  const condition = wanted ?? feared ?? 'none';
  if (!bound) return told(null, `its condition is more than one comparison: ${condition}`);
  if (!isPromql(query)) return told(null, 'its query is not PromQL that Sluice can read');
  const name = nameOf(`${service}-${metric.name}`);
  const quantile = quantileOf(query);
  const target = quantile ? quantileTarget(quantile, bound) : shareTarget(query, bound);
  if (target)
    return told('slo', target.words, {
      slo: sloDocument(service, name, target),
      revisionLabel,
      questions: target.question ? [target.question] : [],
    });
  const number = readNumber(query);
  if (!number.ok) return told(null, number.error);
  return told('guard', `${bounded(bound)}; ${guardReason(query, quantile)}`, {
    guard: guardOf(nameOf(metric.name), number.value, bound),
    revisionLabel,
  });
}
