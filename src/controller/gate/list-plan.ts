import type { ForgeHint } from '../../gitops/forge.ts';
import type { Ms } from '../../kit/time.ts';
import { NOTHING, type Plan, type Subject, type Want } from '../flow/types.ts';
import { FORGE } from './pull-plan.ts';

/** A want: which pull requests are open. */
export const LIST = 'gate.list';
/** A want: one pull request, as it is. */
export const READ = 'gate.read';
export const LIST_SUBJECT: Subject = 'pulls';

const ENDED = 'ended/';
export const endedSubject = (number: number): Subject => `${ENDED}${number}`;

/** What is known of the list of open pull requests. */
export interface ListSituation {
  readonly now: Ms;
  readonly readAt: Ms;
  readonly everyMs: Ms;
  /** Grows with every hint; and its value when the list was read last. */
  readonly turn: number;
  readonly readTurn: number;
}

/** The list is read periodically, and at once after a hint. */
export function planList(s: ListSituation): Plan {
  const nextAt = s.readAt + s.everyMs;
  if (s.turn === s.readTurn && s.now < nextAt) return { ...NOTHING, wakeAt: nextAt };
  const want: Want<null> = {
    kind: LIST,
    subject: LIST_SUBJECT,
    generation: s.turn,
    key: LIST,
    resource: FORGE,
    urgent: false,
    target: null,
  };
  return { ...NOTHING, wants: [want] };
}

/** One pull request is to be read: it is not open any more, or a merge group brings it. */
export const planRead = (subject: Subject, number: number): Plan => {
  const want: Want<number> = {
    kind: READ,
    subject,
    generation: 0,
    key: `${READ} ${subject}`,
    resource: FORGE,
    urgent: false,
    target: number,
  };
  return { ...NOTHING, wants: [want] };
};

/** A merge group that the forge told of, until its commit has been answered. */
export interface Group {
  readonly subject: Subject;
  readonly number: number;
  readonly headSha: string;
  readonly baseSha: string;
  readonly since: Ms;
}

/** After this time the forge has given up a merge group. */
export const GIVEN_UP_MS = 3_600_000;
export const MAX_GROUPS = 200;

/** The group that a hint tells of; null: it names none that can be judged. */
export const groupOf = ({ pull, headSha, baseSha }: ForgeHint, now: Ms): Group | null =>
  pull === null || !headSha || !baseSha
    ? null
    : { subject: `group/${headSha}`, number: pull, headSha, baseSha, since: now };
