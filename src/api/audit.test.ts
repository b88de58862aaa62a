import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryLedger } from '../ledger/adapters/memory/ledger.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { type AuditQuery, candidatesOf, matches } from './audit.ts';

const NAMES = ['shop', 'shopper', 'pay', '*'];
const PLACES = ['prod', 'preprod', '*'];
const scope = fc.record({ service: fc.constantFrom(...NAMES), environment: fc.constantFrom(...PLACES) });
const lane = scope.map(({ service, environment }) => `${service}/${environment}`);
const made = fc.oneof(
  fc.record({
    type: fc.constantFrom('lane.moved', 'release.looked', 'freeze.lifted', 'alert.received'),
    subject: lane,
    data: fc.constant({ id: 'x', status: 'firing', reason: 'calm' }),
    cause: fc.constant(null),
  }),
  fc.record({
    type: fc.constantFrom('freeze.set', 'waiver.granted'),
    subject: lane,
    data: fc.record({
      id: fc.constant('f'),
      scope,
      until: fc.constant(1),
      expiresAt: fc.constant(1),
      reason: fc.constant('r'),
    }),
    cause: fc.constant('f'),
  }),
  fc.record({
    type: fc.constantFrom('gate.posted', 'waiver.used'),
    subject: fc.constantFrom('pull/1', 'pull/2'),
    data: fc.record({
      decision: fc.constantFrom('d-1', 'd-2'),
      id: fc.constant('w'),
      state: fc.constant('success'),
    }),
    cause: fc.constantFrom('d-1', 'd-2'),
  }),
);
const query: fc.Arbitrary<AuditQuery> = fc.record(
  {
    service: fc.constantFrom(...NAMES),
    environment: fc.constantFrom(...PLACES),
    actor: fc.constantFrom('a', 'b'),
    decision: fc.constantFrom('d-1', 'd-2'),
    type: fc.constantFrom('lane.moved', 'release.looked', 'freeze.set', 'gate.posted'),
    from: fc.nat(20),
    to: fc.nat(20),
  },
  { requiredKeys: [] },
);

describe('the search of the ledger', () => {
  it('AUDIT-5: an index leaves out no record that is asked for', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(made, fc.nat(20), fc.constantFrom('a', 'b')), { maxLength: 30 }),
        query,
        async (all, q) => {
          const ledger = memoryLedger('audit');
          await ledger.append(
            all.map(([one, at, id]) => ({ ...one, at, v: 1, actor: { id, kind: 'person' } })),
          );
          const candidates = (await ledger.history.page({ ...candidatesOf(q), limit: 1_000 })).map(
            (text) => (JSON.parse(text) as LedgerRecord).seq,
          );
          const wanted = (await ledger.read()).filter((r) => matches(r, q)).map((r) => r.seq);
          expect(candidates).toEqual(expect.arrayContaining(wanted));
        },
      ),
    ));
});
