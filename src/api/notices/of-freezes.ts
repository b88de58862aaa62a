import type { GovernanceData } from '../../governance/events.ts';
import { scopeText } from '../../governance/facts.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Draft, Notices } from './notice.ts';

const BASE = { kind: 'freeze', settled: true, path: '/freezes' } as const;

/** `freeze.moved`: a freeze that the budget sets and ends. */
export function ofBudgetFreeze({ threads }: Notices, record: LedgerRecord): Draft | null {
  const { slo, cause, reason, overruled } = record.data as GovernanceData<'freeze.moved'>;
  const [service, environment] = partsOfLane(record.subject);
  const thread = `freeze/${slo}@${environment}`;
  const known = threads.get(thread);
  const title =
    cause && !overruled
      ? `${service} is frozen in ${environment}`
      : `${service} can be released in ${environment} again`;
  // A freeze that only grows calmer is no news.
  if (known?.title === title || (!known && !cause)) return null;
  return { ...BASE, thread, service, environment, title, text: `${reason}. Reverts and rollbacks pass.` };
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
  return { ...BASE, thread, service, environment, title, text: `${reason}, by ${record.actor.id}.` };
}
