import fc from 'fast-check';
import type { ActiveFreeze } from '../src/api/fleet.ts';
import { type LaneSummary, OUTCOME_NAMES } from '../src/api/lane.ts';
import { FAMILY, STATES, UNCLEAR_HOLD } from '../src/delivery/machine.ts';

const service = fc.integer({ min: 0, max: 5 }).map((n) => `service-${n}`);
const environment = fc.constantFrom('dev', 'stage', 'prod');
const share = fc.option(fc.double({ min: -3, max: 1, noNaN: true }), { nil: null });
const burn = fc.option(fc.double({ min: 0, max: 40, noNaN: true }), { nil: null });

/** Any row of an overview, in any state that is described by its fields alone. */
const lane: fc.Arbitrary<LaneSummary> = fc
  .record({
    service,
    environment,
    state: fc.constantFrom(...STATES),
    outcome: fc.constantFrom(...OUTCOME_NAMES),
    held: fc.boolean(),
    paused: fc.boolean(),
    waiting: fc.option(fc.constant('2.0.0'), { nil: null }),
    holdId: fc.option(fc.constantFrom('f-1', UNCLEAR_HOLD), { nil: null }),
    slos: fc.array(fc.record({ budgetLeft: share, burnFast: burn, burnSlow: burn }), { maxLength: 3 }),
    slow: fc.option(fc.constant(3), { nil: null }),
    trouble: fc.oneof(
      { weight: 30, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constant('Prometheus of prod does not answer (timeout).') },
    ),
  })
  .map(({ holdId, slos, slow, ...row }) => ({
    ...row,
    mode: 'enforce' as const,
    family: FAMILY[row.state],
    since: 0,
    sentence: `${row.service} in ${row.environment} is ${row.state}.`,
    stable: '1.0.0',
    canary: null,
    weight: 0,
    asked: null,
    release: null,
    hold: row.waiting && holdId ? { id: holdId, reason: 'why', until: null } : null,
    slos: slos.map((s, i) => ({ ...s, slo: `slo-${i}`, objective: 0.999 })),
    thresholds: { fast: 14, slow },
    windows: { fast: '5m', slow: slow === null ? null : '1h' },
  }));

/** Rows of a fleet: each lane once. */
export const lanes = fc.uniqueArray(lane, {
  selector: (l) => `${l.service}/${l.environment}`,
  maxLength: 18,
});

export const NOW = 1_700_000_000_000;
/** Freezes that are active at `NOW`, of lanes, environments or everything. */
export const freezes: fc.Arbitrary<ActiveFreeze[]> = fc.array(
  fc
    .record({
      id: fc.uuid(),
      service: fc.oneof(fc.constant('*'), service),
      environment: fc.oneof(fc.constant('*'), environment),
      lasts: fc.option(fc.integer({ min: 1, max: 1e8 }), { nil: null }),
    })
    .map(({ id, lasts, ...scope }) => ({
      id,
      scope,
      scopeText: scope.service === '*' ? scope.environment : `${scope.service}/${scope.environment}`,
      until: lasts === null ? null : NOW + lasts,
      reason: 'quarter end',
    })),
  { maxLength: 3 },
);
