import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTICE_KINDS } from '../../declaration/defaults.ts';
import {
  matchingNotices,
  NOTICE_WORDS,
  noticePage,
  noticesSentence,
  seenUpTo,
  unread,
  unreadText,
} from './list.ts';
import type { Notice } from './notice.ts';

const NOW = 1_000_000;
const notice = (rev: number, more: Partial<Notice> = {}): Notice => ({
  thread: `t${rev}`,
  kind: 'freeze',
  kinds: [more.kind ?? 'freeze'],
  service: 'checkout',
  environment: 'prod',
  title: `checkout is frozen (${rev})`,
  text: 'the budget is spent.',
  at: NOW - 1_000 + rev,
  rev,
  settled: true,
  path: '/freezes',
  ...more,
});
const ALL = { routine: true, limit: 50 };

describe('the list of notifications', () => {
  it('NOTIFY-10: newest first, routine only where it is asked for, with what messages say', () => {
    const threads = [
      notice(1, { kind: 'promoted' }),
      notice(2, { kind: 'rolled-back', thread: 'checkout.prod.2', path: '/releases/checkout.prod.2' }),
      notice(3, { kind: 'started' }),
      // It needed a person: whoever was told of that is told how it continued.
      notice(4, { kind: 'started', kinds: ['needs-a-person', 'started'] }),
    ];
    const revs = (routine: boolean) =>
      noticePage(threads, NOW, { ...ALL, routine }).notices.map((n) => n.rev);
    expect(revs(false)).toEqual([4, 2]);
    expect(revs(true)).toEqual([4, 3, 2, 1]);
    const said = noticePage(threads, NOW, ALL, (t) => (t === 'checkout.prod.2' ? '5.2% failed.' : null));
    expect(said.notices.map((n) => n.text)).toEqual([
      'the budget is spent.',
      'the budget is spent.',
      '5.2% failed.',
      'the budget is spent.',
    ]);
  });

  it('NOTIFY-10: what is news only if it lasts is listed when it has lasted', () => {
    const threads = [notice(1, { dueAt: NOW + 1 })];
    expect(noticePage(threads, NOW, ALL).notices).toEqual([]);
    expect(noticePage(threads, NOW + 1, ALL).notices).toHaveLength(1);
  });

  it('NOTIFY-10: page by page every one once, none left out', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (revs, limit) => {
          const threads = revs.map((rev) => notice(rev));
          const seen: number[] = [];
          for (let before: number | undefined, pages = 0; pages <= 61; pages++) {
            const page = noticePage(threads, NOW, { routine: false, before, limit });
            expect(page.notices.length).toBeLessThanOrEqual(limit);
            seen.push(...page.notices.map((n) => n.rev));
            if (page.next === null) break;
            before = page.next;
          }
          expect(seen).toEqual([...revs].sort((a, b) => b - a));
        },
      ),
    );
  });

  it('NOTIFY-10: each kind has a word and a shape', () => {
    for (const kind of NOTICE_KINDS) expect(NOTICE_WORDS[kind].word && NOTICE_WORDS[kind].icon).toBeTruthy();
  });
});

describe('unread notifications', () => {
  it.each([
    ['a first visit has missed nothing', null, 9, 9],
    ['what was kept', '5', 9, 5],
    ['a ledger that began again', '500', 9, 9],
    ['something else was kept', 'yes', 9, 9],
    ['less than nothing', '-1', 9, 9],
  ])('NOTIFY-11: %s', (_, stored, newest, seen) => expect(seenUpTo(stored, newest)).toBe(seen));

  it('NOTIFY-11: the count is that of newer ones, and says where there are more than it knows', () => {
    const revs = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 40 });
    fc.assert(
      fc.property(revs, fc.nat({ max: 220 }), fc.integer({ min: 1, max: 30 }), (all, seen, limit) => {
        const page = noticePage(
          all.map((rev) => notice(rev)),
          NOW,
          { ...ALL, limit },
        );
        const newer = all.filter((rev) => rev > seen).length;
        const { count, more } = unread(page, seen);
        expect(count).toBe(Math.min(newer, limit));
        if (newer > limit) expect(more).toBe(true);
        // It never claims more than there may be.
        if (more) expect(all.length).toBeGreaterThan(limit);
        expect(unreadText({ count, more })).toBe(newer === 0 ? null : more ? `${limit}+` : String(newer));
      }),
    );
  });

  it('NOTIFY-11: the sentence counts them and names the newest', () => {
    const page = noticePage([notice(1), notice(2), notice(3)], NOW, ALL);
    expect(noticesSentence(page, 1)).toBe(
      '2 new notifications since the last visit. The newest: checkout is frozen (3).',
    );
    expect(noticesSentence(page, 3)).toBe(
      'Nothing new since the last visit. The newest notification: checkout is frozen (3).',
    );
    expect(noticesSentence(noticePage([notice(1), notice(2)], NOW, { ...ALL, limit: 1 }), 0)).toBe(
      '1 or more new notifications since the last visit. The newest: checkout is frozen (2).',
    );
    expect(noticesSentence({ notices: [], next: null }, 0)).toBe('There are no notifications.');
  });

  it('NOTIFY-12: an environment and a team see what is about them, and what is about everything', () => {
    const listed = [
      notice(1),
      notice(2, { environment: 'dev' }),
      notice(3, { service: 'cart' }),
      notice(4, { service: null, environment: null }),
      notice(5, { service: null }),
    ];
    const revs = (choice: object) => matchingNotices(listed, choice, { checkout: 'shop' }).map((n) => n.rev);
    expect(revs({})).toEqual([1, 2, 3, 4, 5]);
    expect(revs({ env: 'prod' })).toEqual([1, 3, 4, 5]);
    expect(revs({ env: 'prod', team: 'shop' })).toEqual([1, 4, 5]);
  });
});
