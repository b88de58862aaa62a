import type { Json, LedgerRecord } from './folds.ts';

interface Data {
  readonly release?: string;
  readonly target?: { readonly revision: string };
  readonly decision?: { readonly id: string };
}

const dataOf = (record: LedgerRecord) => record.data as Data;
const ofType = (records: readonly LedgerRecord[], type: string) => records.filter((r) => r.type === type);

export const releasesIn = (records: readonly LedgerRecord[]): string[] =>
  ofType(records, 'release.opened').map((record) => dataOf(record).release!);

/** Decisions by id; the same one may have been made twice. */
export const decisionsIn = (records: readonly LedgerRecord[]): string[] => [
  ...new Set(ofType(records, 'gate.decided').map((record) => dataOf(record).decision!.id)),
];

/** What Argo Rollouts would ask of the last release of each lane. */
function verdictsIn(records: readonly LedgerRecord[]): string[] {
  const last = new Map(ofType(records, 'release.opened').map((r) => [r.subject, dataOf(r).target!.revision]));
  return [...last].flatMap(([lane, revision]) => {
    const [service, environment] = lane.split('/') as [string, string];
    const query = new URLSearchParams({ service, environment, revision });
    return ['start', 'step'].map((phase) => `/api/v1/verdict?${query}&phase=${phase}`);
  });
}

/** Pages of the ledger: its records are in the exports, all of them. */
const pagesOf = (records: readonly LedgerRecord[]): string[] =>
  [
    'after=100&limit=50',
    `after=${Math.max(0, records.length - 20)}&limit=100`,
    'subject=checkout/prod&limit=20',
    'type=lane.moved&limit=20',
  ].map((query) => `/api/v1/ledger?${query}`);

/** Every decision is recomputed by the command line; the API does it alike. */
const REPLAYED = 3;
const BUDGETS = '/api/v1/budgets';

/** Everything that is asked of a server over a kept ledger alone. */
export function askedOf(
  records: readonly LedgerRecord[],
  slos: readonly (readonly [environment: string, slo: string])[],
): string[] {
  const types = [...new Set(records.map((r) => r.type))].sort();
  return [
    ...['overview', 'releases', 'freezes', 'waivers', 'pipeline', 'measures', 'pulls', 'budgets'].map(
      (name) => `/api/v1/${name}`,
    ),
    ...slos.map(([environment, slo]) => `${BUDGETS}/${environment}/${slo}`),
    ...releasesIn(records).flatMap((id) => [`/api/v1/releases/${id}`, `/api/v1/releases/${id}/explanation`]),
    ...decisionsIn(records).map((id) => `/api/v1/decisions/${id}/explanation`),
    ...decisionsIn(records)
      .slice(-REPLAYED)
      .map((id) => `/api/v1/decisions/${id}/replay`),
    ...verdictsIn(records),
    '/api/v1/ledger/verification',
    ...pagesOf(records),
    ...types.map((type) => `/api/v1/audit?type=${type}&limit=20`),
    '/api/v1/audit?service=checkout&environment=prod&limit=50',
    '/api/v1/audit?actor=sluice&text=checkout&limit=20',
    '/api/v1/replay?tolerance=2',
    '/api/v1/replay?objective=0.99',
    '/api/v1/releases/no.such.1',
    '/api/v1/decisions/d-0000000000000000/explanation',
  ];
}

/**
 * What a running server was asked while nothing moved, and the fields of its answers that it had from outside its
 * ledger: from Prometheus, Git, the forge, the edge, or its clock.
 */
const LIVE: readonly (readonly [pattern: RegExp, outside: readonly string[]])[] = [
  [
    /^\/api\/v1\/overview$/,
    ['at', 'sentence', 'weight', 'trouble', 'burnFast', 'burnSlow', 'budgetLeft', 'problems'],
  ],
  [/^\/api\/v1\/releases$/, []],
  [/^\/api\/v1\/releases\/[^/]+$/, ['weight', 'trouble', 'sentence']],
  [/^\/api\/v1\/freezes$/, ['at', 'sentence']],
  [/^\/api\/v1\/waivers$/, ['at']],
  [/^\/api\/v1\/pipeline$/, ['at', 'sentence', 'desired', 'sync', 'waits']],
  [/^\/api\/v1\/measures$/, ['at']],
  [
    /^\/api\/v1\/budgets$/,
    [
      ...['at', 'sentence', 'left', 'requests', 'bad', 'allowed', 'coverage'],
      ...['burnFast', 'burnSlow', 'exhaustedAt'],
    ],
  ],
  [/^\/api\/v1\/verdict\?/, ['nextLookAt']],
  [/^\/api\/v1\/audit\?/, []],
  [/^\/api\/v1\/ledger\/verification$/, []],
];

/** Fields of a live answer that no ledger tells; null: the answer is not one that a ledger tells. */
export const outsideOf = (path: string): ReadonlySet<string> | null => {
  const found = LIVE.find(([pattern]) => pattern.test(path));
  return found ? new Set(found[1]) : null;
};

interface Found {
  readonly sentence: string;
  readonly next: number | null;
}

interface Charts {
  readonly charts: readonly { readonly slo: string; readonly at: readonly number[] }[];
}

/** Times of points that fell on the next one, or on where that is now, are withdrawn: they are today's, before the next. */
function apart(kept: Charts, now: Charts): Json {
  const charts = kept.charts.map((chart) => {
    const today = now.charts.find(({ slo }) => slo === chart.slo)?.at ?? [];
    const moved = (at: number, i: number) => at >= today[i + 1]! && today[i]! < today[i + 1]!;
    return { ...chart, at: chart.at.map((at, i) => (moved(at, i) ? today[i]! : at)) };
  });
  return { ...kept, charts } as unknown as Json;
}

/**
 * A kept answer without what is withdrawn from it: no later version has to tell that. A search once counted all that
 * it could find. It reads a bounded number of records now, and says from where it goes on: the total is withdrawn
 * where there are earlier records than those of the answer. Points of a chart once shared a time.
 */
export function stillTold(path: string, body: Json, now: Json): Json {
  if (/^\/api\/v1\/releases\/[^/?]+$/.test(path) && 'charts' in (body as object))
    return apart(body as unknown as Charts, now as unknown as Charts);
  const found = body as unknown as Found;
  if (!path.startsWith('/api/v1/audit?') || found.next === null) return body;
  return { ...(body as object), sentence: found.sentence.replace(/^\d+ records; /, '') };
}

/** What a running server is asked when its ledger is kept. */
export const askedLive = (records: readonly LedgerRecord[], pulls: readonly number[]): string[] => [
  ...['overview', 'releases', 'freezes', 'waivers', 'pipeline', 'measures', 'pulls', 'budgets'].map(
    (name) => `/api/v1/${name}`,
  ),
  ...releasesIn(records).map((id) => `/api/v1/releases/${id}`),
  ...pulls.map((number) => `/api/v1/pulls/${number}`),
  ...verdictsIn(records),
  '/api/v1/ledger/verification',
  '/api/v1/audit?service=checkout&environment=prod&limit=50',
];
