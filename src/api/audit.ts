import { decisionSentence } from '../governance/decision-text.ts';
import type { GovernanceData } from '../governance/events.ts';
import { type Coverage, scopeText } from '../governance/facts.ts';
import { type Rights, rightsText } from '../kit/actor.ts';
import { laneName } from '../kit/lane.ts';
import type { HistoryQuery } from '../ledger/history.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { timelineOf } from './views.ts';

type Data = Record<string, unknown>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const when = (value: unknown): string => new Date(Number(value)).toISOString().slice(0, 16).replace('T', ' ');
const where = (data: Data): string => scopeText(data['scope'] as Coverage);

/** What happened, in words, by the type of its record. */
const SENTENCES: Readonly<Record<string, (data: Data, record: LedgerRecord) => string>> = {
  'release.looked': (d) => {
    const { verdict, reasons } = d['verdict'] as { verdict: string; reasons: string[] };
    return `${verdict}: ${reasons.join(', ')}`;
  },
  'queries.kept': (d) => `queries of a look: ${(d['queries'] as string[]).join('; ')}`,
  'budget.moved': (d) => `budget of ${d['slo']}: ${d['from']} → ${d['to']} (${d['reason']})`,
  'budget.adjusted': (d) =>
    `budget of ${d['slo']}: ${Math.round(Number(d['bad']))} bad requests do not count (${d['reason']}; approved by ${d['approver']})`,
  'alert.received': (d) => `alert ${d['alert']} of ${d['slo'] || 'no SLO'} is ${d['status']}`,
  'gate.decided': (d) => decisionSentence((d as GovernanceData<'gate.decided'>).decision),
  'gate.posted': (d) => {
    const foreign = d['foreign'] as { by: string; state: string } | undefined;
    const instead = foreign
      ? `, in place of ${foreign.state} that ${foreign.by} posted under the name of the Sluice check`
      : '';
    return `posted to the pull request: ${d['state']}${instead}`;
  },
  'freeze.set': (d) => `freeze of ${where(d)} until ${when(d['until'])} UTC: ${d['reason']}`,
  'freeze.lifted': (d) => `freeze ${d['id']} lifted: ${d['reason']}`,
  'freeze.moved': (d, r) =>
    d['overruled'] === true
      ? `automatic freeze of ${d['slo']} lifted by hand: ${d['reason']}`
      : d['cause'] === null
        ? `${r.subject} is no longer frozen: ${d['reason']}`
        : d['calmSince'] === null
          ? `${r.subject} is frozen: ${d['reason']}`
          : `${r.subject} stays frozen until it has been calm for long enough: ${d['reason']}`,
  'waiver.granted': (d) =>
    `waiver for ${where(d)} until ${when(d['expiresAt'])} UTC${d['needsSecond'] ? ', once a second person approves' : ''}: ${d['reason']}`,
  'waiver.approved': (d) => `waiver ${d['id']} approved: ${d['reason']}`,
  'waiver.revoked': (d) => `waiver ${d['id']} revoked: ${d['reason']}`,
  'waiver.used': (d) => `waiver ${d['id']} allowed pull request ${d['pullRequest']}`,
  'proposal.opened': (d, r) =>
    `#${d['number']} asks for ${(d['artefact'] as { version: string }).version} in ${r.subject}: ${d['why']}`,
  'proposal.updated': (d, r) =>
    `#${d['number']} now asks for ${(d['artefact'] as { version: string }).version} in ${r.subject}: ${d['why']}`,
  'proposal.ended': (d) => `#${d['number']} was ${d['how']}: ${d['why']}`,
  'token.created': (d) => `token ${d['name']} with ${rightsText({ scopes: [], ...(d as Partial<Rights>) })}`,
  'token.revoked': (d) => `token ${d['name']} (${d['id']}) revoked`,
};

/** One record as a sentence. */
export function recordSentence(record: LedgerRecord): string {
  const told = SENTENCES[record.type]?.(record.data as Data, record);
  if (told !== undefined) return told;
  const [entry] = timelineOf([record]);
  if (entry) return entry.detail ? `${entry.title} (${entry.detail})` : entry.title;
  return text((record.data as Data)['id']) || record.type;
}

export interface AuditQuery {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  readonly actor?: string | undefined;
  readonly decision?: string | undefined;
  readonly type?: string | undefined;
  readonly text?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Looks and settled effects are the machine's own heartbeat: shown only when asked for by type. */
const QUIET: ReadonlySet<string> = new Set([
  'release.looked',
  'effect.settled',
  'lane.quiet',
  'ledger.snapshot',
  'queries.kept',
]);

function touches(
  record: LedgerRecord,
  service: string | undefined,
  environment: string | undefined,
): boolean {
  if (!service && !environment) return true;
  const covers = (s: string, e: string) => (!service || s === service) && (!environment || e === environment);
  const [s, e] = record.subject.split('/');
  if (e !== undefined && covers(s!, e)) return true;
  const { facts, scope } = record.data as { facts?: { changes?: Coverage[] }; scope?: Coverage };
  const scopes = [...(facts?.changes ?? []), ...(scope ? [scope] : [])];
  return scopes.some((x) =>
    covers(
      x.service === '*' ? (service ?? '') : x.service,
      x.environment === '*' ? (environment ?? '') : x.environment,
    ),
  );
}

/** Records that name lanes within, whatever their subject is. */
const NAMING_LANES: readonly string[] = ['gate.decided', 'freeze.set', 'waiver.granted'];
/** A decision, and what follows from it. */
const DECIDING: readonly string[] = ['gate.decided', 'gate.posted', 'waiver.used'];

/** What an index can find of a search: every record that is asked for, and some that `matches` leaves out. */
export function candidatesOf(q: AuditQuery): Omit<HistoryQuery, 'limit' | 'after' | 'before'> {
  const common = { ...(q.type ? { type: q.type } : { exceptTypes: [...QUIET] }), from: q.from, to: q.to };
  if (q.decision) return { ...common, anyOf: { types: DECIDING } };
  // An environment alone is in every third record or so: going through them finds it soon.
  if (!q.service) return common;
  const subjects = q.environment
    ? { subjects: [laneName(q.service, q.environment)] }
    : { prefixes: [`${q.service}/`] };
  return { ...common, anyOf: { ...subjects, types: NAMING_LANES } };
}

/** Whether a record is one that is asked for. */
export function matches(record: LedgerRecord, q: AuditQuery): boolean {
  if (q.type ? record.type !== q.type : QUIET.has(record.type)) return false;
  if (q.actor && record.actor.id !== q.actor) return false;
  if (q.from !== undefined && record.at < q.from) return false;
  if (q.to !== undefined && record.at > q.to) return false;
  const data = record.data as { decision?: { id?: string } | string };
  const decision = typeof data.decision === 'string' ? data.decision : data.decision?.id;
  if (q.decision && decision !== q.decision && record.cause !== q.decision) return false;
  if (!touches(record, q.service, q.environment)) return false;
  if (!q.text) return true;
  const needle = q.text.toLowerCase();
  return `${recordSentence(record)} ${record.subject} ${record.actor.id} ${record.type}`
    .toLowerCase()
    .includes(needle);
}
