import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freezes, lanes } from '../../test/fleet.ts';
import { type StreamEvent, screenOf, staleAfter, waitBefore, withEvents } from './follow.ts';
import { nameOfLane } from './lane.ts';

const overview = fc.record({
  lanes,
  freezes,
  environments: fc.constant(['dev', 'stage', 'prod']),
  teams: fc.constant({}),
  ledger: fc.record({ seq: fc.integer({ min: 0, max: 50 }), hash: fc.constant('h') }),
});
const events: fc.Arbitrary<StreamEvent[]> = fc
  .tuple(lanes, fc.integer({ min: 1, max: 60 }), freezes)
  .map(([rows, first, frozen]) =>
    rows.map((lane, i) => ({
      seq: first + i,
      at: i,
      type: i % 4 === 3 ? 'freeze.set' : 'lane.moved',
      subject: nameOfLane(lane),
      ...(i % 4 === 3 ? { freezes: frozen } : { lane }),
    })),
  );

describe('what an event changes', () => {
  it('LIVE-1: rows and freezes come with events; nothing that was known already goes back', () =>
    fc.assert(
      fc.property(overview, events, (before, more) => {
        const after = withEvents(before, more);
        const newer = more.filter((e) => e.seq > before.ledger.seq);
        expect(after.ledger.seq).toBe(Math.max(before.ledger.seq, ...newer.map((e) => e.seq)));
        for (const row of after.lanes) {
          const told = newer.findLast((e) => e.lane && nameOfLane(e.lane) === nameOfLane(row));
          expect(row).toBe(told?.lane ?? before.lanes.find((l) => nameOfLane(l) === nameOfLane(row)));
        }
        expect(after.lanes.length).toBe(before.lanes.length);
        expect(withEvents(after, more)).toBe(after);
      }),
    ));

  it('LIVE-1: in parts it comes to the same', () =>
    fc.assert(
      fc.property(overview, events, fc.nat(20), (before, more, cut) => {
        expect(withEvents(withEvents(before, more.slice(0, cut)), more.slice(cut))).toEqual(
          withEvents(before, more),
        );
      }),
    ));

  it.each([
    ['release.looked', ['release']],
    ['lane.moved', ['release', 'releases', 'pipeline', 'notices']],
    ['lane.waiting', ['release', 'pipeline']],
    ['release.confirmed', ['release', 'releases', 'pipeline']],
    ['sync.moved', ['release', 'pipeline', 'notices']],
    ['proposal.opened', ['pipeline', 'pulls', 'notices']],
    ['budget.moved', ['budgets', 'budget']],
    ['freeze.set', ['freezes', 'pulls', 'pull', 'notices']],
    ['gate.decided', ['pulls', 'pull', 'pipeline', 'notices']],
    ['queries.kept', []],
  ])('LIVE-1: %s makes %j out of date', (type, topics) => expect(staleAfter({ type })).toEqual(topics));
});

describe('a lost connection', () => {
  it('LIVE-2: is tried again, later each time, and at the latest after 30 s', () =>
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, random) => {
          const wait = waitBefore(failures, random);
          expect(wait).toBeGreaterThanOrEqual(500);
          expect(wait).toBeLessThanOrEqual(30_000);
          expect(waitBefore(failures + 1, random)).toBeGreaterThanOrEqual(wait);
        },
      ),
    ));
});

describe('the state of a page', () => {
  const failed = { status: null, message: 'no answer' };
  it.each([
    ['loading', { has: false, error: null, at: 0 }, { kind: 'loading' }],
    ['failed', { has: false, error: failed, at: 0 }, { kind: 'failed', why: 'no answer', answered: false }],
    [
      'missing',
      { has: false, error: { status: 404, message: 'gone' }, at: 0 },
      { kind: 'missing', why: 'gone' },
    ],
    [
      'forbidden',
      { has: true, error: { status: 403, message: 'no right' }, at: 0 },
      { kind: 'forbidden', why: 'no right' },
    ],
    ['current', { has: true, error: null, at: 90_000 }, { kind: 'ready', ageMs: null }],
    ['old', { has: true, error: failed, at: 40_000 }, { kind: 'ready', ageMs: 60_000 }],
  ])('LIVE-3: %s', (_, answered, screen) => expect(screenOf(answered, 100_000)).toEqual(screen));
});
