/**
 * OpenSLO as people have it: v1 under the group of its Kubernetes resources, v1beta1, and v1alpha, which has other
 * names for the same things. Each becomes v1 here, with the way back to what was written. Source: the OpenSLO
 * specifications of v1alpha, v1beta1 and v1.
 */

type Path = readonly PropertyKey[];
type Fields = Readonly<Record<string, unknown>>;

/** A document in the shape of v1. */
export interface OpenSloForm {
  readonly value: unknown;
  /** A path of v1 as it stands in the file. */
  pathOf(path: Path): Path;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const same = (path: Path): Path => path;
const KINDS: ReadonlySet<string> = new Set([
  'SLO',
  'SLI',
  'Service',
  'DataSource',
  'AlertPolicy',
  'AlertCondition',
  'AlertNotificationTarget',
]);
const PLAIN = /^openslo(?:\.com)?\/(v1|v1beta1|v1alpha)$/;
const V1 = 'openslo/v1';

const UNITS: Readonly<Record<string, string>> = {
  minute: 'm',
  hour: 'h',
  day: 'd',
  week: 'w',
  month: 'M',
  quarter: 'Q',
  year: 'Y',
};

/** `{ unit: Day, count: 28 }` → `28d`. */
function windowOf(window: unknown): unknown {
  if (!isFields(window) || 'duration' in window) return window;
  const { unit, count, ...rest } = window;
  const letter = typeof unit === 'string' ? UNITS[unit.toLowerCase().replace(/s$/, '')] : undefined;
  // What is no unit is told at its line, as the duration that it is to be.
  return { duration: letter ? `${String(count)}${letter}` : String(unit), ...rest };
}

/** `{ source, queryType, query }` → a metric source of v1. */
function metricOf(metric: unknown): unknown {
  if (!isFields(metric) || 'metricSource' in metric) return metric;
  const { source, queryType: _, query, metadata: __, ...rest } = metric;
  return {
    metricSource: { ...(source === undefined ? {} : { type: source }), spec: { query } },
    ...rest,
  };
}

function ratioOf(ratio: unknown): unknown {
  if (!isFields(ratio)) return ratio;
  const { incremental, counter, ...sides } = ratio;
  const counts = counter ?? incremental;
  return {
    ...(counts === undefined ? {} : { counter: counts }),
    ...Object.fromEntries(Object.entries(sides).map(([side, metric]) => [side, metricOf(metric)])),
  };
}

/** The same path before: where v1 has one more level, or another name. */
function alphaPath(path: Path, objective: number): Path {
  const [first, second, ...rest] = path;
  if (first !== 'spec') return path;
  if (second === 'timeWindow') return ['spec', 'timeWindows', ...rest];
  if (second === 'objectives') return ['spec', 'objectives', objective, ...rest.slice(1)];
  if (second !== 'indicator') return path;
  const [, kind, ...inside] = rest;
  const leaf = inside.filter((key) => key !== 'metricSource' && key !== 'spec');
  const plain = leaf.map((key) => (key === 'type' ? 'source' : key));
  return kind === 'ratioMetric'
    ? ['spec', 'objectives', objective, 'ratioMetrics', ...plain]
    : ['spec', 'indicator', 'thresholdMetric', ...plain];
}

/** v1alpha asks every objective for a value; that of a ratio, without an operator, compares nothing. */
function withoutValue({ value, ...rest }: Fields): Fields {
  return typeof value === 'number' && rest['op'] === undefined
    ? rest
    : { ...rest, ...(value === undefined ? {} : { value }) };
}

const suffixOf = (objective: Fields): string =>
  String(objective['displayName'] ?? objective['target'] ?? objective['value'])
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** v1alpha counts by objective; v1 by SLO: so each objective is an SLO of its own where they count apart. */
function alphaSlos(document: Fields): OpenSloForm[] {
  const spec = isFields(document['spec']) ? document['spec'] : {};
  const { timeWindows, indicator, objectives, ...rest } = spec;
  const shared = {
    ...rest,
    ...(timeWindows === undefined
      ? {}
      : { timeWindow: Array.isArray(timeWindows) ? timeWindows.map(windowOf) : timeWindows }),
  };
  const threshold = isFields(indicator) && 'thresholdMetric' in indicator ? indicator : null;
  const own = threshold
    ? { indicator: { spec: { ...threshold, thresholdMetric: metricOf(threshold['thresholdMetric']) } } }
    : indicator === undefined
      ? {}
      : { indicator };
  const list: readonly unknown[] = Array.isArray(objectives) ? objectives : [];
  const apart = list.filter((o) => isFields(o) && 'ratioMetrics' in o).length;
  const form = (objective: unknown, i: number): OpenSloForm => {
    const { ratioMetrics, ...whole } = isFields(objective) ? objective : {};
    const plain = ratioMetrics === undefined ? whole : withoutValue(whole);
    const metadata = isFields(document['metadata']) ? document['metadata'] : {};
    const name = list.length > 1 ? `${String(metadata['name'])}-${suffixOf(plain)}` : metadata['name'];
    const counted =
      ratioMetrics === undefined ? own : { indicator: { spec: { ratioMetric: ratioOf(ratioMetrics) } } };
    const objectiveOf = isFields(objective) ? plain : objective;
    return {
      value: {
        ...document,
        apiVersion: V1,
        metadata: isFields(document['metadata']) ? { ...metadata, name } : document['metadata'],
        spec: { ...shared, ...counted, objectives: [objectiveOf] },
      },
      pathOf: (path) => alphaPath(path, i),
    };
  };
  if (apart > 0) return list.map(form);
  return [
    {
      value: { ...document, apiVersion: V1, spec: { ...shared, ...own, objectives } },
      pathOf: (path) =>
        path[1] === 'objectives' ? path : alphaPath(path, typeof path[2] === 'number' ? path[2] : 0),
    },
  ];
}

/** v1 with its one time window where people put it by mistake: alone, or in the objective. */
function windowForm(document: Fields): OpenSloForm {
  const spec = isFields(document['spec']) ? document['spec'] : {};
  const { timeWindow, objectives } = spec;
  if (isFields(timeWindow)) {
    const value = { ...document, spec: { ...spec, timeWindow: [timeWindow] } };
    const inside = ([a, b, , ...rest]: Path): Path => [a!, b!, ...rest];
    return { value, pathOf: (path) => (path[1] === 'timeWindow' ? inside(path) : path) };
  }
  const [only, second] = Array.isArray(objectives) ? (objectives as unknown[]) : [];
  if (timeWindow !== undefined || second !== undefined || !isFields(only) || !('timeWindow' in only))
    return { value: document, pathOf: same };
  const { timeWindow: hidden, ...objective } = only;
  const list = isFields(hidden) ? [hidden] : hidden;
  return {
    value: { ...document, spec: { ...spec, timeWindow: list, objectives: [objective] } },
    pathOf: (path) => (path[1] === 'timeWindow' ? ['spec', 'objectives', 0, ...path.slice(1)] : path),
  };
}

/** A document as v1 has it: itself, where it is v1 or none of OpenSLO's at all. */
export function openSloForms(value: unknown): readonly OpenSloForm[] {
  if (!isFields(value)) return [{ value, pathOf: same }];
  const { apiVersion, kind } = value;
  const version = typeof apiVersion === 'string' ? PLAIN.exec(apiVersion)?.[1] : undefined;
  if (version === undefined) return [{ value, pathOf: same }];
  if (version === 'v1alpha' && kind === 'SLO') return alphaSlos(value);
  const named = kind === 'Datasource' ? 'DataSource' : kind;
  // What is no kind of OpenSLO is reported as it is written.
  if (!KINDS.has(String(named))) return [{ value, pathOf: same }];
  const plain = { ...value, apiVersion: V1, kind: named };
  return [kind === 'SLO' ? windowForm(plain) : { value: plain, pathOf: same }];
}
