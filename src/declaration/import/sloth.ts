import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseSelectorSum, parseTree, withoutRates } from '../../promql/parse.ts';
import { selectorText } from '../../promql/scope.ts';
import { ANNOTATIONS } from '../defaults.ts';
import { nameOf, source } from './openslo.ts';

/** Reads Sloth's `prometheus/v1` documents. Source: their published specification of that version. */
const labels = z.record(z.string(), z.string()).optional();
const alert = z.object({ disable: z.boolean().optional(), labels, annotations: labels }).optional();
const slothSlo = z.object({
  name: z.string(),
  description: z.string().optional(),
  objective: z.number(),
  labels,
  sli: z.object({
    events: z.object({ error_query: z.string(), total_query: z.string() }).optional(),
    raw: z.object({ error_ratio_query: z.string() }).optional(),
    plugin: z.object({ id: z.string() }).loose().optional(),
  }),
  alerting: z
    .object({
      name: z.string().optional(),
      labels,
      annotations: labels,
      page_alert: alert,
      ticket_alert: alert,
    })
    .optional(),
});
const slothSpec = z.object({
  version: z.literal('prometheus/v1'),
  service: z.string(),
  labels,
  slos: z.array(slothSlo).default([]),
});
type SlothSlo = z.infer<typeof slothSlo>;

/** What became of one SLO: brought over, and how; or left behind, and why. */
export interface Imported {
  readonly slo: string;
  readonly as: 'counters' | 'rates' | 'ratio' | null;
  readonly notes: readonly string[];
}
export interface SlothImport {
  readonly service: string;
  /** OpenSLO documents by the name of their SLO; empty where nothing could be brought over. */
  readonly documents: ReadonlyMap<string, object>;
  readonly slos: readonly Imported[];
}

const WINDOW = /\{\{\s*\.window\s*\}\}/g;
const oneLine = (query: string): string => query.trim().replace(/\s+/g, ' ');

/** Sloth's own lookback for what it cannot see through: five minutes, as its shortest window. */
const atFiveMinutes = (query: string): string => oneLine(query).replace(WINDOW, '5m');

/** `sum(rate(x[{{.window}}]))`, also added up → the selectors; null where it is anything else. */
function countersOf(query: string): string | null {
  const bare = withoutRates(atFiveMinutes(query));
  const parsed = bare === null ? null : parseSelectorSum(bare);
  return parsed?.ok ? parsed.value.map((s) => selectorText(s)).join(' + ') : null;
}

/** `total - good`, in brackets or not: the good side, where the total is the very same. */
function goodOf(error: string, total: string): string | null {
  const text = oneLine(error)
    .replace(/^\((.*)\)$/, '$1')
    .trim();
  const minus = text.split(/\)\s*-\s*(?=sum)/);
  if (minus.length !== 2) return null;
  const whole = countersOf(`${minus[0]})`);
  const good = countersOf(minus[1]!);
  return whole !== null && whole === countersOf(total) ? good : null;
}

function indicatorOf(slo: SlothSlo): { as: Imported['as']; indicator: object | null; notes: string[] } {
  const { events, raw } = slo.sli;
  if (events) {
    const total = countersOf(events.total_query);
    const bad = countersOf(events.error_query);
    if (total && bad)
      return {
        as: 'counters',
        indicator: { ratioMetric: { counter: true, bad: source(bad), total: source(total) } },
        notes: [],
      };
    const good = goodOf(events.error_query, events.total_query);
    if (total && good)
      return {
        as: 'counters',
        indicator: { ratioMetric: { counter: true, good: source(good), total: source(total) } },
        notes: ['errors were total - good: brought over as good'],
      };
    const [error5m, total5m] = [atFiveMinutes(events.error_query), atFiveMinutes(events.total_query)];
    if (!parseTree(error5m).ok || !parseTree(total5m).ok)
      return { as: null, indicator: null, notes: ['the query is not PromQL that we can read'] };
    return {
      as: 'rates',
      indicator: { ratioMetric: { counter: false, bad: source(error5m), total: source(total5m) } },
      notes: ['not a rate of counters: read as rates over 5m; a release cannot be judged by it'],
    };
  }
  if (raw) {
    const query = atFiveMinutes(raw.error_ratio_query);
    if (!parseTree(query).ok)
      return { as: null, indicator: null, notes: ['the query is not PromQL that we can read'] };
    return {
      as: 'ratio',
      indicator: { ratioMetric: { rawType: 'failure', raw: source(query) } },
      notes: [
        'a ready-made ratio: budgeted by RatioTimeslices of 5m, since it does not say how many requests it stands for',
      ],
    };
  }
  return {
    as: null,
    indicator: null,
    notes: [`SLI plugin "${slo.sli.plugin?.id ?? '?'}" is code of Sloth: write its query out`],
  };
}

function documentOf(
  service: string,
  shared: Record<string, string>,
  slo: SlothSlo,
): { imported: Imported; document: object | null } {
  const { as, indicator, notes } = indicatorOf(slo);
  const name = nameOf(`${service}-${slo.name}`);
  const alerting = slo.alerting;
  const said = [...notes];
  if (alerting?.page_alert?.disable || alerting?.ticket_alert?.disable)
    said.push('disabled alerts: ours are silenced in Alertmanager, by label slo');
  if (alerting?.page_alert?.labels || alerting?.ticket_alert?.labels)
    said.push('labels of page and ticket alerts: route by severity and slo instead');
  if (!(slo.objective > 50 && slo.objective < 100)) {
    return {
      imported: { slo: name, as: null, notes: [`objective ${slo.objective} leaves no budget to judge by`] },
      document: null,
    };
  }
  if (indicator === null) return { imported: { slo: name, as, notes: said }, document: null };
  const runbook = alerting?.annotations?.['runbook'] ?? alerting?.annotations?.['runbook_url'];
  const own = { ...shared, ...slo.labels, ...alerting?.labels };
  const target = Number((slo.objective / 100).toPrecision(12));
  return {
    imported: { slo: name, as, notes: said },
    document: {
      apiVersion: 'openslo/v1',
      kind: 'SLO',
      metadata: {
        name,
        ...(Object.keys(own).length > 0 ? { labels: own } : {}),
        ...(runbook ? { annotations: { [ANNOTATIONS.runbook]: runbook } } : {}),
      },
      spec: {
        ...(slo.description ? { description: slo.description.trim() } : {}),
        service: nameOf(service),
        indicator: { spec: indicator },
        timeWindow: [{ duration: '30d', isRolling: true }],
        budgetingMethod: as === 'ratio' ? 'RatioTimeslices' : 'Occurrences',
        objectives: [as === 'ratio' ? { target, timeSliceWindow: '5m' } : { target }],
      },
    },
  };
}

/** Whether a text is a document of Sloth's at all: its own form, or its Kubernetes resource. */
export const isSloth = (text: string): boolean =>
  /^version:\s*["']?prometheus\/v1["']?\s*$/m.test(text) ||
  /^apiVersion:\s*["']?sloth\.slok\.dev\/v1/m.test(text);

/** The resource says in camelCase what the plain form says in snake_case. Labels are names of others: left alone. */
function plainForm(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((v) => plainForm(v));
  if (value === null || typeof value !== 'object' || key === 'labels' || key === 'annotations') return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [
      k.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
      plainForm(v, k),
    ]),
  );
}

const unwrapped = (value: unknown): unknown => {
  const resource = value as { kind?: string; spec?: object };
  return resource?.kind === 'PrometheusServiceLevel'
    ? { version: 'prometheus/v1', ...(plainForm(resource.spec) as object) }
    : value;
};

/** Every Sloth document of a text as OpenSLO, or what is wrong with the text. */
export function importSloth(text: string): SlothImport[] | { readonly error: string } {
  const documents = parseAllDocuments(text, { prettyErrors: false });
  const imports: SlothImport[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    if (document.errors.length > 0) return { error: `not YAML: ${document.errors[0]!.message}` };
    if (document.contents === null) continue;
    const parsed = slothSpec.safeParse(unwrapped(document.toJS({ maxAliasCount: 100 })));
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      return { error: `${issue.path.join('.')}: ${issue.message}` };
    }
    const { service, slos, labels: shared } = parsed.data;
    const made = slos.map((slo) => documentOf(service, shared ?? {}, slo));
    imports.push({
      service: nameOf(service),
      documents: new Map(
        made.flatMap(({ document: d, imported }) => (d ? [[imported.slo, d] as const] : [])),
      ),
      slos: made.map((m) => m.imported),
    });
  }
  return imports;
}
