import type { NoticeKind } from '../../declaration/defaults.ts';
import { counted } from '../../kit/counted.ts';
import type { Notice } from './notice.ts';

/** A notice as it is listed: the newest of its thread, with the sentence of its message. */
export type NoticeView = Pick<
  Notice,
  'thread' | 'kind' | 'service' | 'environment' | 'title' | 'text' | 'at' | 'rev' | 'path'
>;

/** News that somebody may have to act on, or whose end they wait for; the others are routine. */
const IMPORTANT: readonly NoticeKind[] = ['rolled-back', 'needs-a-person', 'denied', 'freeze', 'drift'];

export interface NoticeQuery {
  /** Routine as well: releases that begin and end well, and pull requests that are proposed. */
  readonly routine: boolean;
  /** Only notices before this record. */
  readonly before?: number | undefined;
  readonly limit: number;
}

interface NoticePage {
  readonly notices: NoticeView[];
  /** Ask again with `before` of this; null at the end. */
  readonly next: number | null;
}

/** Notices, newest first. What is news only if it lasts is left out until then, as it is of messages. */
export function noticePage(
  threads: Iterable<Notice>,
  now: number,
  { routine, before = Number.POSITIVE_INFINITY, limit }: NoticeQuery,
  sentenceOf: (thread: string) => string | null = () => null,
): NoticePage {
  const found = [...threads]
    .filter((n) => n.rev < before && (n.dueAt ?? 0) <= now)
    .filter((n) => routine || n.kinds.some((kind) => IMPORTANT.includes(kind)))
    .sort((a, b) => b.rev - a.rev);
  const notices = found
    .slice(0, limit)
    .map(({ thread, kind, service, environment, title, text, at, rev, path }) => ({
      thread,
      kind,
      service,
      environment,
      title,
      text: sentenceOf(thread) ?? text,
      at,
      rev,
      path,
    }));
  return { notices, next: found.length > limit ? notices.at(-1)!.rev : null };
}

/** The word and the shape of a kind: what a notice is about, whether it begins or ends. */
export const NOTICE_WORDS: Readonly<Record<NoticeKind, { readonly word: string; readonly icon: string }>> = {
  started: { word: 'Release', icon: '▶' },
  promoted: { word: 'Release', icon: '▶' },
  'rolled-back': { word: 'Rollback', icon: '↩' },
  'needs-a-person': { word: 'Attention', icon: '▲' },
  proposed: { word: 'Pull request', icon: '⎇' },
  denied: { word: 'Pull request', icon: '⎇' },
  freeze: { word: 'Freeze', icon: '❄' },
  drift: { word: 'Drift', icon: '≠' },
};

type Listed = Pick<NoticeView, 'rev'>;

/**
 * Up to which record this browser has shown the notices: `stored` is what it kept, null where nobody came before.
 * A first visitor has missed nothing, and neither has a visitor of a ledger that began again.
 */
export function seenUpTo(stored: string | null, newest: number): number {
  const kept = stored === null ? Number.NaN : Number(stored);
  return Number.isSafeInteger(kept) && kept >= 0 && kept <= newest ? kept : newest;
}

/** How many are newer than what was seen; a page of them may not be all. */
export function unread(page: { notices: readonly Listed[]; next: number | null }, seen: number) {
  const count = page.notices.filter((n) => n.rev > seen).length;
  return { count, more: page.next !== null && count === page.notices.length && count > 0 };
}

/** The number of unread ones beside the name of their page; null: none. */
export function unreadText({ count, more }: ReturnType<typeof unread>): string | null {
  return count === 0 ? null : more ? `${count}+` : String(count);
}

/** What is new since the last visit, in one sentence. */
export function noticesSentence(
  page: { notices: readonly Pick<NoticeView, 'rev' | 'title'>[]; next: number | null },
  seen: number,
): string {
  const [newest] = page.notices;
  if (!newest) return 'There are no notifications.';
  const { count, more } = unread(page, seen);
  if (count === 0) return `Nothing new since the last visit. The newest notification: ${newest.title}.`;
  const many = more ? `${count} or more new notifications` : counted(count, 'new notification');
  return `${many} since the last visit. The newest: ${newest.title}.`;
}

/** Those of an environment and of a team's services; what is about everything is about them, too. */
export const matchingNotices = <N extends Pick<NoticeView, 'service' | 'environment'>>(
  notices: readonly N[],
  { env, team }: { readonly env?: string | undefined; readonly team?: string | undefined },
  teams: Readonly<Record<string, string>>,
): N[] =>
  notices.filter(
    ({ service, environment }) =>
      (!env || environment === null || environment === env) &&
      (!team || service === null || teams[service] === team),
  );
