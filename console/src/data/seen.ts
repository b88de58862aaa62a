import { useEffect, useState } from 'react';
import { seenUpTo, unread, unreadText } from '../../../src/api/notices/list.ts';
import { useNotices } from '../api.ts';

const KEY = 'sluice-notices-seen';
/** Told to this page; other pages of this browser are told by the browser. */
const CHANGED = 'sluice-notices-seen';

const stored = (): string | null => localStorage.getItem(KEY);

/** Keeps in this browser, and nowhere else, up to which record notifications were shown. */
function markSeen(newest: number): void {
  if (stored() === String(newest)) return;
  localStorage.setItem(KEY, String(newest));
  dispatchEvent(new Event(CHANGED));
}

/** Up to which record this browser had shown them, as it is now. */
function useSeen(): string | null {
  const [seen, setSeen] = useState(stored);
  useEffect(() => {
    const change = () => setSeen(stored());
    addEventListener(CHANGED, change);
    addEventListener('storage', change);
    return () => {
      removeEventListener(CHANGED, change);
      removeEventListener('storage', change);
    };
  }, []);
  return seen;
}

/** How many are new since the last visit to their page, for beside its name; null: none. */
export function useUnread(): string | null {
  const page = useNotices().data;
  const kept = useSeen();
  const newest = page?.notices[0]?.rev;
  const first = kept === null && page !== undefined;
  // Whoever comes for the first time has missed nothing from here on.
  useEffect(() => {
    if (first) markSeen(newest ?? 0);
  }, [first, newest]);
  return page && newest !== undefined ? unreadText(unread(page, seenUpTo(kept, newest))) : null;
}

/** Up to which record they were shown when this page was opened; what comes while it is open is new, and seen. */
export function useSeenBefore(newest: number | undefined): number | null {
  const [before, setBefore] = useState<number | null>(null);
  useEffect(() => {
    if (newest === undefined) return;
    setBefore((known) => known ?? seenUpTo(stored(), newest));
    markSeen(newest);
  }, [newest]);
  return before;
}
