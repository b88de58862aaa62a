import { z } from 'zod';
import { SYSTEM } from '../../kit/actor.ts';
import { PersistentMap } from '../../kit/persistent-map.ts';
import { type Fold, mapsCodec } from '../../ledger/fold.ts';
import type { Entry } from '../../ledger/record.ts';

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
export type Sent = z.infer<typeof sentSchema>;

export const SENT = 'notice.sent';
const SENT_VERSION = 1;
/** So many are remembered, as often as there are receivers for each thread that may still have news. */
const MAX_SENT = 20_000;

export const sentKey = (receiver: string, thread: string) => `${receiver} ${thread}`;

/** The last message to each receiver about each thread. */
export const sentFold: Fold<{ readonly sent: PersistentMap<string, Sent> }> = {
  name: 'sent',
  version: 1,
  reads: { [SENT]: SENT_VERSION },
  ...mapsCodec({ sent: new PersistentMap<string, Sent>() }),
  apply({ sent }, { data }) {
    const one = sentSchema.parse(data);
    return { sent: sent.asNewest(sentKey(one.receiver, one.thread), one, MAX_SENT) };
  },
};

export const sentEntry = (data: Sent, at: number): Entry => ({
  at,
  type: SENT,
  v: SENT_VERSION,
  subject: data.thread,
  actor: { id: SYSTEM.id, kind: SYSTEM.kind },
  cause: null,
  data,
});
