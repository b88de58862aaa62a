import type { GitopsData } from '../../gitops/events.ts';
import { decisionSentence } from '../../governance/decision-text.ts';
import type { GovernanceData } from '../../governance/events.ts';
import { laneName, partsOfLane } from '../../kit/lane.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Draft, Notices } from './notice.ts';

function ofPull(
  subject: string,
  more: Pick<Draft, 'kind' | 'title' | 'text' | 'settled'>,
  lane?: string,
): Draft {
  const number = subject.replace('pull/', '');
  const [service, environment] = lane ? partsOfLane(lane) : [null, null];
  return { thread: `pull/${number}`, service, environment, path: `/pulls/${number}`, ...more };
}

/** `proposal.opened` and `proposal.updated`. */
export function ofProposal(_: Notices, record: LedgerRecord): Draft {
  const { kind, number, artefact, why } = record.data as GitopsData<'proposal.opened'>;
  const [service, environment] = partsOfLane(record.subject);
  const verb = kind === 'promotion' ? 'Promote' : 'Revert';
  const title = `#${number}: ${verb} ${service} to ${artefact.version} in ${environment}`;
  const more = { kind: 'proposed', title, text: `${why}.`, settled: false } as const;
  return ofPull(`pull/${number}`, more, record.subject);
}

/** `proposal.ended`. */
export function ofProposalEnd({ threads }: Notices, record: LedgerRecord): Draft {
  const { number, how, why } = record.data as GitopsData<'proposal.ended'>;
  const title = threads.get(`pull/${number}`)?.title ?? `Pull request #${number}`;
  const more = { kind: 'proposed', title, text: `It is ${how}: ${why}.`, settled: true } as const;
  return ofPull(`pull/${number}`, more, record.subject);
}

/** What the facts of a decision say of its pull request. */
interface GateFacts {
  readonly changes?: readonly { readonly service: string; readonly environment: string }[];
  readonly pullRequest?: { readonly number: number; readonly title: string };
}

/** `gate.decided`. */
export function ofDecision({ threads }: Notices, record: LedgerRecord): Draft | null {
  const { decision, facts } = record.data as GovernanceData<'gate.decided'>;
  const { changes, pullRequest } = facts as GateFacts;
  const [change] = changes ?? [];
  const lane = change ? laneName(change.service, change.environment) : undefined;
  const known = threads.get(record.subject);
  // That something may merge is news only where it might not.
  if (decision.allow && !known?.kinds.includes('denied')) return null;
  const title = known?.title ?? `#${pullRequest?.number}: ${pullRequest?.title ?? ''}`;
  const kind = decision.allow ? 'proposed' : 'denied';
  return ofPull(record.subject, { kind, title, text: decisionSentence(decision), settled: true }, lane);
}
