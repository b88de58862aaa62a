import type { Notice } from '../../api/notices/notice.ts';
import type { Effect, Plan } from '../../controller/flow/types.ts';
import type { Notification } from '../../declaration/platform.ts';
import type { Ms } from '../../kit/time.ts';
import type { Sender } from './port.ts';
import { type Sent, sentEntry, sentKey } from './sent.ts';

/** An effect: a receiver is told the newest of a thread. */
export const SEND = 'notice.send';

/** News older than this is none: a server that was away does not flood anybody. */
const FRESH_MS = 3_600_000;

export interface SendTarget {
  readonly receiver: string;
  readonly notice: Notice;
  /** What the last message to it about this thread is known by there. */
  readonly ref: string | null;
}

/** The last message to a receiver about a notice, also by the name that its thread had before. */
function lastSent(sent: ReceiverSituation['sent'], receiver: string, notice: Notice): Sent | undefined {
  const own = sent.get(sentKey(receiver, notice.thread));
  if (own || notice.earlier === undefined) return own;
  const under = sent.get(sentKey(receiver, notice.earlier));
  return under && under.rev >= notice.rev ? under : undefined;
}

/** One receiver, as it is to be told at one moment. */
export interface ReceiverSituation {
  readonly now: Ms;
  readonly declared: Notification;
  readonly updates: Sender['updates'];
  readonly notices: readonly Notice[];
  readonly sent: { get(key: string): Sent | undefined };
  /** What was not taken so often that it is given up, by thread, and why. */
  readonly givenUp: ReadonlyMap<string, { readonly target: SendTarget; readonly why: string }>;
}

const wants = (declared: Notification, { kinds, environment, service }: Notice): boolean =>
  kinds.some((kind) => declared.on.includes(kind)) &&
  (declared.environments === null || environment === null || declared.environments.includes(environment)) &&
  (declared.services === null || service === null || declared.services.includes(service));

/** What a message is remembered as: another one of the same kind is news where the notice says so. */
export const newsOf = ({ kind, news }: Pick<Notice, 'kind' | 'news'>): string =>
  news === undefined ? kind : `${kind} ${news}`;

/** Whether a revision is worth sending to somebody who has had an earlier one. */
function isDue(updates: Sender['updates'], notice: Notice, sent: Sent | undefined): boolean {
  if (sent && sent.rev >= notice.rev) return false;
  if (updates === 'in-place') return true;
  if (updates === 'once') return notice.settled && sent?.kind !== newsOf(notice);
  return sent?.kind !== newsOf(notice);
}

const send = (target: SendTarget): Effect<SendTarget> => ({
  kind: SEND,
  subject: target.receiver,
  generation: 0,
  // Whatever is newest of a thread: what failed before it counts for it as well.
  key: `${SEND} ${sentKey(target.receiver, target.notice.thread)}`,
  resource: target.receiver,
  urgent: false,
  target,
});

/** The newest state of each thread, one message each. What a receiver never took is on record as that. */
export function planReceiver(s: ReceiverSituation): Plan {
  const { name } = s.declared;
  const wanted = s.notices.filter((n) => s.now - n.at <= FRESH_MS && wants(s.declared, n));
  const fresh = wanted.filter((n) => (n.dueAt ?? 0) <= s.now);
  const later = wanted.flatMap((n) => (n.dueAt !== undefined && n.dueAt > s.now ? [n.dueAt] : []));
  const entries = [...s.givenUp.values()].map(({ target, why }) => {
    const { thread, rev } = target.notice;
    const kind = newsOf(target.notice);
    return sentEntry({ receiver: name, thread, rev, kind, ref: target.ref, failure: why }, s.now);
  });
  const effects = fresh.flatMap((notice) => {
    const before = lastSent(s.sent, name, notice);
    const due = isDue(s.updates, notice, before) && !s.givenUp.has(notice.thread);
    return due ? [send({ receiver: name, notice, ref: before?.ref ?? null })] : [];
  });
  return { entries, effects, wants: [], wakeAt: later.length > 0 ? Math.min(...later) : null };
}
