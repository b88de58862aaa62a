import type { GovernanceData } from '../../governance/events.ts';
import { scopeText } from '../../governance/facts.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Draft, Notices } from './notice.ts';

const BASE = { kind: 'freeze', settled: true, path: '/freezes' } as const;

/** `freeze.moved`: a freeze that the budget sets and ends. */
export function ofBudgetFreeze({ threads, open }: Notices, record: LedgerRecord): Draft | null {
  const { slo, cause, reason, overruled } = record.data as GovernanceData<'freeze.moved'>;
  const [service, environment] = partsOfLane(record.subject);
  const thread = `freeze/${slo}@${environment}`;
  const known = threads.get(open.get(thread) ?? '');
  const isFrozen = cause !== null && !overruled;
  const title = isFrozen
    ? `${service} is frozen in ${environment}`
    : `${service} can be released in ${environment} again`;
  // A freeze that only grows calmer is no news, and neither is the end of one that nobody was told of.
  if (isFrozen === (known !== undefined)) return null;
  const text = `${reason}. Reverts and rollbacks pass.`;
  const episode = isFrozen ? 'begins' : 'ends';
  return { ...BASE, thread, episode, news: record.seq, service, environment, title, text };
}

/** `freeze.set`: a freeze that a person ordered. */
export function ofFreeze(_: Notices, record: LedgerRecord): Draft {
  const { id, scope, reason, until } = record.data as GovernanceData<'freeze.set'>;
  const nameOf = (part: string): string | null => (part === '*' ? null : part);
  return {
    ...BASE,
    thread: `freeze/${id}`,
    service: nameOf(scope.service),
    environment: nameOf(scope.environment),
    title: `${scopeText(scope)} is frozen`,
    text: `${reason}, by ${record.actor.id}, until ${new Date(until).toISOString()}. Reverts and rollbacks pass.`,
  };
}

/** `freeze.lifted`. */
export function ofLift({ threads }: Notices, record: LedgerRecord): Draft {
  const { id, reason } = record.data as GovernanceData<'freeze.lifted'>;
  const thread = `freeze/${id}`;
  const known = threads.get(thread);
  const { service = null, environment = null } = known ?? {};
  const title = (known?.title ?? id).replace('is frozen', 'is no longer frozen');
  const text = `${reason}, by ${record.actor.id}.`;
  return { ...BASE, thread, news: record.seq, service, environment, title, text };
}
