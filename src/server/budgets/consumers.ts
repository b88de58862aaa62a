import type { BudgetView, Consumer } from '../../api/budgets.ts';
import { countBetween } from '../../controller/budgets/budget-queries.ts';
import { budgetWindowOf, type Environment, type Slo } from '../../declaration/platform.ts';
import { laneName } from '../../kit/lane.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import { pastReleases } from '../past-releases.ts';

export interface ConsumerParts {
  readonly journal: Journal;
  metricsOf(environment: string): MetricsPort | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

interface AlertData {
  readonly id: string;
  readonly status: string;
  readonly startsAt: string;
  readonly alert: string;
  readonly slo: string;
}

/** A time in which an alert fired, in milliseconds since 1970. */
interface Incident {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/** A release is blamed for an incident that begins so long before its first requests were seen. */
const BEFORE_RELEASE_MS = 300_000;

/** Times in which an alert of this SLO fired, joined where they touch. */
function incidents(records: readonly LedgerRecord[], slo: string, now: number): Incident[] {
  const byStart = new Map<number, Incident>();
  for (const record of records) {
    const data = record.data as AlertData;
    if (record.type !== 'alert.received' || data.slo !== slo) continue;
    const from = Date.parse(data.startsAt);
    const open = byStart.get(from) ?? { from, to: now, name: data.alert };
    byStart.set(from, { ...open, to: data.status === 'resolved' ? record.at : open.to });
  }
  const joined: Incident[] = [];
  for (const span of [...byStart.values()].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) joined[joined.length - 1] = { ...last, to: Math.max(last.to, span.to) };
    else joined.push(span);
  }
  return joined;
}

type Share = (bad: number) => number;

function ofReleases(
  { journal }: ConsumerParts,
  { service, name }: Slo,
  lane: string,
  since: number,
  share: Share,
): Consumer[] {
  return pastReleases(journal)
    .list()
    .filter((r) => r.lane === lane && r.openedAt > since)
    .map(({ id, version, openedAt, badBySlo }) => {
      const bad = badBySlo[name] ?? 0;
      const title = `${service} ${version}`;
      return { kind: 'release' as const, name: title, at: openedAt, bad, share: share(bad), release: id };
    })
    .filter((r) => r.bad > 0);
}

/** What failed in an incident, without the canaries' own failures: those are counted as their releases'. */
async function ofIncident(
  port: MetricsPort | undefined,
  slo: Slo,
  environment: string,
  { from, to, name }: Incident,
  releases: readonly Consumer[],
  share: Share,
): Promise<Consumer> {
  const counted = port ? await countBetween(port, slo, environment, from, to) : null;
  const own = releases
    .filter((r) => r.at >= from - BEFORE_RELEASE_MS && r.at <= to)
    .reduce((sum, r) => sum + r.bad, 0);
  const bad = Math.max(0, (counted?.bad ?? 0) - own);
  return { kind: 'incident', name, at: from, bad, share: share(bad), release: null };
}

/** What spent the budget: the canaries' own bad requests, then what failed while alerts fired, then the rest. */
export async function consumersOf(
  parts: ConsumerParts,
  slo: Slo,
  environment: Environment,
  { allowed, bad: spent }: Pick<BudgetView, 'allowed' | 'bad'>,
): Promise<Consumer[]> {
  const lane = laneName(slo.service, environment.name);
  const now = parts.now();
  const since = now - budgetWindowOf(slo, environment);
  const share: Share = (bad) => (allowed !== null && allowed > 0 ? bad / allowed : 0);
  const releases = ofReleases(parts, slo, lane, since, share);
  const port = parts.metricsOf(environment.name);
  const alerts = await parts.journal.read({ subject: lane, type: 'alert.received' });
  const spans = incidents(alerts, slo.name, now).filter((s) => s.to > since);
  const failed = await Promise.all(
    spans.map((span) => ofIncident(port, slo, environment.name, span, releases, share)),
  );
  const known = [...releases, ...failed.filter((f) => f.bad > 0)];
  const bad = Math.max(0, (spent ?? 0) - known.reduce((sum, k) => sum + k.bad, 0));
  const rest: Consumer = {
    kind: 'other',
    name: 'everyday errors',
    at: now,
    bad,
    share: share(bad),
    release: null,
  };
  return [...known, ...(bad > 0 ? [rest] : [])].sort((a, b) => b.bad - a.bad);
}
