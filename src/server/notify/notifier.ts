import { z } from 'zod';
import { type Notice, noticesFold } from '../../api/notices.ts';
import type { Notification } from '../../declaration/platform.ts';
import { SYSTEM } from '../../kit/actor.ts';
import { PersistentMap } from '../../kit/persistent-map.ts';
import { type Fold, mapsCodec } from '../../ledger/fold.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { Sender } from './port.ts';

/** What was sent to whom: at least once, and after a restart not again. Subject is the thread. */
const sentSchema = z.object({
  receiver: z.string(),
  thread: z.string(),
  rev: z.number(),
  kind: z.string(),
  ref: z.string().nullable(),
  /** Given up after so many tries; null: it was taken. */
  failure: z.string().nullable(),
});
type Sent = z.infer<typeof sentSchema>;

const SENT_VERSION = 1;
/** So many are remembered, as often as there are receivers for each thread that may still have news. */
const MAX_SENT = 20_000;

const keyOf = (receiver: string, thread: string) => `${receiver} ${thread}`;

/** The last message to each receiver about each thread. */
export const sentFold: Fold<{ readonly sent: PersistentMap<string, Sent> }> = {
  name: 'sent',
  version: 1,
  reads: { 'notice.sent': SENT_VERSION },
  ...mapsCodec({ sent: new PersistentMap<string, Sent>() }),
  apply({ sent }, { data }) {
    const one = sentSchema.parse(data);
    return { sent: sent.asNewest(keyOf(one.receiver, one.thread), one, MAX_SENT) };
  },
};

export interface Notifier {
  look(now: number): Promise<void>;
}

export interface NotifierParts {
  readonly journal: Journal;
  readonly receivers: readonly { readonly declared: Notification; readonly sender: Sender }[];
  linkOf(path: string): string;
  /** A release in the sentence that every page and the command line say of it; null: it is no release, or past. */
  sentenceOf?(thread: string): string | null;
  warn(details: object, message: string): void;
}

/** News older than this is none: a server that was away does not flood anybody. */
const FRESH_MS = 3_600_000;
const RETRY_MS = 5_000;
const MOST_RETRY_MS = 300_000;
const MAX_TRIES = 12;

const wants = (declared: Notification, { kinds, environment, service }: Notice): boolean =>
  kinds.some((kind) => declared.on.includes(kind)) &&
  (declared.environments === null || environment === null || declared.environments.includes(environment)) &&
  (declared.services === null || service === null || declared.services.includes(service));

/** Whether a revision is worth sending to somebody who has had an earlier one. */
function isDue(sender: Sender, notice: Notice, sent: Sent | undefined): boolean {
  if (sent && sent.rev >= notice.rev) return false;
  if (sender.updates === 'in-place') return true;
  if (sender.updates === 'once') return notice.settled && sent?.kind !== notice.kind;
  return sent?.kind !== notice.kind;
}

/** Tells people: the newest state of each thread, one message each, tried again while a receiver is away. */
export function createNotifier(parts: NotifierParts): Notifier {
  const { journal } = parts;
  const tries = new Map<string, { readonly count: number; readonly at: number }>();

  async function record(data: Sent, now: number): Promise<void> {
    const actor = { id: SYSTEM.id, kind: SYSTEM.kind };
    await journal.append([
      { at: now, type: 'notice.sent', v: SENT_VERSION, subject: data.thread, actor, cause: null, data },
    ]);
  }

  async function tell({ declared, sender }: NotifierParts['receivers'][number], notice: Notice, now: number) {
    const key = keyOf(declared.name, notice.thread);
    const before = journal.state(sentFold).sent.get(key);
    if (!wants(declared, notice) || !isDue(sender, notice, before)) return;
    const tried = tries.get(key);
    if (tried && now < tried.at) return;
    const text = parts.sentenceOf?.(notice.thread) ?? notice.text;
    const message = { ...notice, text, link: parts.linkOf(notice.path) };
    const done = await sender.send(message, before?.ref ?? null);
    const { thread, rev, kind } = notice;
    const told = { receiver: declared.name, thread, rev, kind };
    if (done.ok) {
      tries.delete(key);
      return record({ ...told, ref: done.value, failure: null }, now);
    }
    const count = (tried?.count ?? 0) + 1;
    parts.warn(
      { receiver: declared.name, thread, error: done.error, tries: count },
      'a message was not taken',
    );
    if (count >= MAX_TRIES) {
      tries.delete(key);
      return record({ ...told, ref: before?.ref ?? null, failure: done.error }, now);
    }
    tries.set(key, { count, at: now + Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** (count - 1)) });
  }

  return {
    async look(now) {
      const fresh = [...journal.state(noticesFold).threads.values()].filter((n) => now - n.at <= FRESH_MS);
      // One receiver that hangs does not hold up another.
      await Promise.all(
        parts.receivers.map(async (receiver) => {
          for (const notice of fresh) await tell(receiver, notice, now);
        }),
      );
    },
  };
}
