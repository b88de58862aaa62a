import { printExpression } from '../../promql/print.ts';
import { readExpression } from '../../promql/read.ts';
import type { Canary, FlaggerMetric, FlaggerMetricTemplate } from './flagger-canary.ts';
import { flaggerDuration, flaggerRequests, type ProviderParts } from './flagger-providers.ts';
import { markedNames, ofBoth, unmarked } from './flagger-workloads.ts';
import { nameOf, shareOf, sloDocument, source, wrongPercent } from './openslo.ts';
import type { Sense } from './reading.ts';
import { readNumber, senseOfBound } from './sense.ts';

/** What becomes of a check of a Canary: an SLO, a guard, or nothing, with the reason. */
interface Made {
  readonly as: 'slo' | 'guard' | null;
  readonly note: string;
  readonly slo?: object;
  readonly guard?: object;
}
const leftOut = (note: string): Made => ({ as: null, note });
/** Flagger's request-duration is its 99th percentile. */
const LATENCY_TARGET = 0.99;

function sloOf(c: Canary, kind: string, target: number, sense: Extract<Sense, { ok: true }>): object {
  const service = nameOf(c.names.name);
  const name = nameOf(`${service}-${kind}`);
  return sloDocument({ name, service, target, window: '30d', labels: {}, sense });
}

const counted = ({ part, partIs, total }: ProviderParts): Extract<Sense, { ok: true }> => ({
  ok: true,
  as: 'counters',
  indicator: { ratioMetric: { counter: true, [partIs]: source(part), total: source(total) } },
  notes: [],
  groupBy: [],
});

const NO_PROVIDER =
  'no provider is named (Flagger takes it from its controller): give it with --provider (istio, linkerd, nginx, …)';
const NO_NAMESPACE =
  'no namespace is named, and its counters are selected by namespace: give it with --namespace';

/** Everything that keeps a built-in check from being asked; null: nothing. */
function unasked(c: Canary): string | null {
  const missing = [c.provider === null ? NO_PROVIDER : null, c.givenNamespace ? null : NO_NAMESPACE];
  return missing.filter((one) => one !== null).join('; ') || null;
}

function successRate(c: Canary, m: FlaggerMetric): Made {
  const why = unasked(c);
  if (why !== null) return leftOut(why);
  const min = m.thresholdRange?.min ?? m.threshold;
  const parts = flaggerRequests(c.provider!, c.names);
  if (!parts.ok) return leftOut(parts.why);
  if (min === undefined) return leftOut('it has no least success rate: expected thresholdRange.min');
  const wrong = wrongPercent(min);
  if (wrong !== null) return leftOut(wrong);
  return {
    as: 'slo',
    note: `at least ${min}% becomes the objective; a release is also compared with the previous version`,
    slo: sloOf(c, 'availability', shareOf(min), counted(parts)),
  };
}

function duration(c: Canary, m: FlaggerMetric): Made {
  const why = unasked(c);
  if (why !== null) return leftOut(why);
  const max = m.thresholdRange?.max ?? m.threshold;
  if (max === undefined) return leftOut('it has no longest duration: expected thresholdRange.max');
  const parts = flaggerDuration(c.provider!, c.names, max);
  if (!parts.ok) return leftOut(parts.why);
  return {
    as: 'slo',
    note: `99% within ${max} ms; the histogram needs a bucket at exactly ${max} ms`,
    slo: sloOf(c, 'latency', LATENCY_TARGET, counted(parts)),
  };
}

/** Flagger's own words in a query, as it would fill them in, with marks for names. Words that it does not know stay. */
function filledIn(query: string, c: Canary, m: FlaggerMetric): string {
  const words: Readonly<Record<string, string>> = {
    ...markedNames(c.names),
    interval: m.interval ?? '1m',
  };
  return query
    .replace(
      /\{\{-?\s*variables\.([\w-]+)\s*-?\}\}/g,
      (all, name: string) => m.templateVariables[name] ?? all,
    )
    .replace(/\{\{-?\s*([a-z]+)\s*-?\}\}/g, (all, name: string) =>
      Object.hasOwn(words, name) ? words[name]! : all,
    );
}

/** About the canary, as Flagger asks; and about canary and primary, where that is another query. */
interface Asked {
  readonly query: string;
  readonly both: string | null;
}
type Queried = ({ readonly ok: true } & Asked) | { readonly ok: false; readonly why: string };

/** A template that is not there; where one of its name is in another namespace, kustomize may have moved it. */
function missing(name: string, space: string, templates: readonly FlaggerMetricTemplate[]): string {
  const elsewhere = templates.find((t) => t.metadata.name === name)?.metadata.namespace;
  const next = elsewhere
    ? `one of this name is in namespace ${elsewhere}: name it in templateRef, or give what kustomize writes`
    : 'also give the file or folder that contains it';
  return `its template "${name}" of namespace ${space} is not in these files: ${next}`;
}

/** The query of a check: its own, or that of its template in the namespace it names. */
function queryOf(c: Canary, m: FlaggerMetric, templates: readonly FlaggerMetricTemplate[]): Queried {
  const ref = m.templateRef;
  const space = ref?.namespace ?? c.names.namespace;
  const found = ref
    ? templates.filter((t) => t.metadata.name === ref.name && (t.metadata.namespace ?? space) === space)
    : [];
  const [template] = found;
  if (new Set(found.map((t) => JSON.stringify(t.spec))).size > 1)
    return {
      ok: false,
      why: `${found.length} templates are called "${ref!.name}" in namespace ${space}, and they differ: give the file that is applied`,
    };
  const text = template?.spec.query ?? m.query;
  if (text === undefined)
    return {
      ok: false,
      why: ref ? missing(ref.name, space, templates) : 'it has neither a query nor a template',
    };
  if (template && template.spec.provider.type !== 'prometheus')
    return { ok: false, why: `it queries ${template.spec.provider.type}, not Prometheus` };
  if (/\{\{-?\s*namespace\b/.test(text) && !c.givenNamespace) return { ok: false, why: NO_NAMESPACE };
  const marked = filledIn(text, c, m);
  const left = /\{\{.*?\}\}/.exec(marked)?.[0];
  if (left) return { ok: false, why: `there is no known value for ${left}` };
  const read = readExpression(unmarked(marked, c.names));
  if (!read.ok) return { ok: false, why: `its query is not PromQL: ${read.error.message}` };
  // Only a workload has a primary beside it.
  const both = /^(Deployment|DaemonSet)$/.test(c.spec.targetRef.kind) ? ofBoth(marked, c.names) : null;
  return { ok: true, query: printExpression(read.value), both };
}

const BOTH = 'canary and primary are counted, where Flagger asks about the canary alone';

/** A ratio of counters within a bound is an SLO: it has a budget, and both versions can be compared by it. */
function custom(c: Canary, m: FlaggerMetric, templates: readonly FlaggerMetricTemplate[]): Made {
  const queried = queryOf(c, m, templates);
  if (!queried.ok) return leftOut(queried.why);
  const { min, max } = m.thresholdRange ?? { min: undefined, max: m.threshold };
  if (min === undefined && max === undefined) return leftOut('it has no bound');
  const bound = senseOfBound(queried.both ?? queried.query, { min, max });
  if (bound) {
    const { sense, target } = bound;
    return {
      as: 'slo',
      note: [
        `a ratio of counters: ${max === undefined ? `at least ${min}` : `at most ${max}`} becomes the objective ${target}`,
        ...(queried.both ? [BOTH] : []),
        ...sense.notes,
      ].join('; '),
      slo: sloOf(c, m.name, target, sense),
    };
  }
  const number = readNumber(queried.query);
  if (!number.ok) return leftOut(number.error);
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return {
    as: 'guard',
    note: 'without data the release waits, where Flagger counts a failure',
    guard: { name: nameOf(m.name), query: queried.query, ...bounds, noData: 'hold' },
  };
}

/** What becomes of one check. */
export function checkMade(c: Canary, m: FlaggerMetric, templates: readonly FlaggerMetricTemplate[]): Made {
  const builtIn = !m.templateRef && !m.query;
  if (builtIn && m.name === 'request-success-rate') return successRate(c, m);
  if (builtIn && m.name === 'request-duration') return duration(c, m);
  return custom(c, m, templates);
}
