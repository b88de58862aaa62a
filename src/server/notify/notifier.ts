import { noticesFold } from '../../api/notices/fold.ts';
import { oneAfterAnother, openPlane } from '../../controller/flow/plane.ts';
import type { Runner } from '../../controller/flow/runner.ts';
import { inTurn } from '../../controller/flow/turns.ts';
import { type Handler, Refused } from '../../controller/flow/types.ts';
import type { Notification } from '../../declaration/platform.ts';
import type { Backoff } from '../../kit/backoff.ts';
import type { Journal } from '../../ledger/journal.ts';
import { newsOf, planReceiver, type ReceiverSituation, SEND, type SendTarget } from './planner.ts';
import type { Sender } from './port.ts';
import { SENT, sentEntry, sentFold } from './sent.ts';

interface Notifier {
  tick(now: number): Promise<void>;
}

export interface NotifierParts {
  readonly journal: Journal;
  readonly receivers: readonly { readonly declared: Notification; readonly sender: Sender }[];
  linkOf(path: string): string;
  /** A release in the sentence that every page and the command line say of it; null: it is no release, or past. */
  sentenceOf?(thread: string): string | null;
  warn(details: object, message: string): void;
  /** Sends; one of its own where none is given. */
  readonly runner?: Runner;
  /** So many receivers are planned in each look though nothing was recorded; left out, none. */
  readonly inTurn?: number | undefined;
}

const BACKOFF: Backoff = { firstMs: 5_000, longestMs: 300_000 };
const MAX_TRIES = 12;
const TIMEOUT_MS = 60_000;
const PATIENCE = { firstMs: 10_000, againMs: 1_000 };

/** Sends one message, and puts on record that it was taken; what never is is given up. */
function sendHandler(
  parts: NotifierParts,
  now: () => number,
  givesUp: (target: SendTarget, why: string) => void,
): Handler<SendTarget, string | null> {
  return {
    ...oneAfterAnother(TIMEOUT_MS, PATIENCE, BACKOFF),
    async apply({ target }) {
      const { notice, ref, receiver } = target;
      const text = parts.sentenceOf?.(notice.thread) ?? notice.text;
      const message = { ...notice, text, link: parts.linkOf(notice.path) };
      const { sender } = parts.receivers.find((r) => r.declared.name === receiver)!;
      const sent = await sender.send(message, ref);
      if (!sent.ok) throw new Refused({ code: 'UNAVAILABLE', message: sent.error });
      return { done: sent.value };
    },
    async settled({ target: { receiver, notice } }, ref) {
      const { thread, rev } = notice;
      const kind = newsOf(notice);
      await parts.journal.append([sentEntry({ receiver, thread, rev, kind, ref, failure: null }, now())]);
    },
    failed({ target }, { failures, message }) {
      const details = { receiver: target.receiver, thread: target.notice.thread };
      parts.warn({ ...details, error: message, tries: failures }, 'a message was not taken');
      if (failures >= MAX_TRIES) givesUp(target, message);
    },
  };
}

/** Tells people: the newest state of each thread, one message each, tried again while a receiver is away. */
export function createNotifier(parts: NotifierParts): Notifier {
  const { journal } = parts;
  const receivers = new Map(parts.receivers.map((r) => [r.declared.name, r]));
  const givenUp = new Map<string, Map<string, { readonly target: SendTarget; readonly why: string }>>(
    [...receivers.keys()].map((name) => [name, new Map()]),
  );
  const plane = openPlane<ReceiverSituation>({
    journal,
    runner: parts.runner,
    planner: { plan: planReceiver },
    situation(name, now) {
      const { declared, sender } = receivers.get(name)!;
      return Object.freeze({
        now,
        declared,
        updates: sender.updates,
        notices: [...journal.state(noticesFold).threads.values()],
        sent: journal.state(sentFold).sent,
        givenUp: new Map(givenUp.get(name)),
      });
    },
    appended(name, _, s) {
      for (const thread of s.givenUp.keys()) givenUp.get(name)!.delete(thread);
    },
    patienceMs: PATIENCE.firstMs,
    backoff: BACKOFF,
    warn: (receiver, { message }) => parts.warn({ receiver, error: message }, 'notifications cannot be sent'),
    // What was not taken is said by the handler, with its receiver and thread.
    log: () => {},
  });
  plane.handle(
    SEND,
    sendHandler(parts, plane.now, (target, why) => {
      givenUp.get(target.receiver)!.set(target.notice.thread, { target, why });
      plane.mark(target.receiver);
    }),
  );

  const markAll = () => {
    for (const name of receivers.keys()) plane.mark(name);
  };
  markAll();
  const turn = inTurn([...receivers.keys()], parts.inTurn ?? 0);
  // Nothing is told at rest: there is news only where a record said some.
  let told = journal.state(noticesFold).threads;
  journal.onRecords((records) => {
    const { threads } = journal.state(noticesFold);
    if (threads !== told || records.some(({ type }) => type === SENT)) markAll();
    told = threads;
  });

  return { tick: (now) => plane.tick(now, turn()) };
}
