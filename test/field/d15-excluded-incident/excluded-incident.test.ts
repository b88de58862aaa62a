import { describe, expect, it } from 'vitest';
import { createBudgetEvaluator } from '../../../src/controller/budgets/budget-evaluator.ts';
import { sloFacts } from '../../../src/controller/gate/slo-facts.ts';
import { createGovernance } from '../../../src/controller/governance/governance.ts';
import { type MetricsSnapshot, NO_SNAPSHOT } from '../../../src/controller/metrics-snapshot.ts';
import { fail, ok } from '../../../src/kit/result.ts';
import { memoryLedger } from '../../../src/ledger/adapters/memory/ledger.ts';
import type { MetricsPort } from '../../../src/runtime/port.ts';
import { createBudgetQueries } from '../../../src/server/budgets.ts';
import { journalOver } from '../../journal.ts';
import { declare } from '../../sim/harness.ts';
import { revisionFor } from '../../sim/world.ts';

/**
 * An incident that has nothing to do with the service spent its budget; it is excluded with reason and approver.
 * Everything that goes by the budget must see that together: it once was the gate alone (Sluice at dc1fc67).
 */
const SLO = 'checkout-availability';
const READING = { requests: 100_000, bad: 150, coverage: 1, left: -0.5, fast: 0, slow: 0 };
const TARGET = revisionFor('1.1.0');
const ACTOR = { id: 'operator', kind: 'person', scopes: ['operate'] } as const;

async function rig() {
  const platform = declare({ seed: 1 });
  const [environment] = platform.environments;
  const journal = await journalOver(memoryLedger('d15'));
  let at = 1_000_000_000;
  let look: MetricsSnapshot = { ...NO_SNAPSHOT, at, slos: new Map([[SLO, READING]]) };
  const metrics = () => look;
  const port: MetricsPort = {
    raw: async () => fail({ code: 'SOURCE_UNAVAILABLE', message: 'not asked here' }),
    instant: async (query) => ok(recorded(query)),
  };
  const budgets = createBudgetEvaluator({ platform, journal, metrics });
  const governance = createGovernance({ platform, journal, statuses: budgets.statuses });
  const house = createBudgetQueries({
    platform,
    journal,
    budgets,
    metricsOf: () => port,
    now: () => at,
  });
  const tick = async () => {
    at += 1_000;
    look = { ...look, at };
    await budgets.tick(at);
    await governance.tick(at);
  };
  const seen = async () => ({
    gate: (await sloFacts(platform, environment!, ['checkout'], port, budgets.adjustments, at))[0]!.left,
    page: (await house.list()).budgets[0]!.left,
    state: budgets.stateOf(SLO, 'prod'),
    freezes: governance.freezes(at).map((f) => f.id),
    startGate: governance.hold('checkout/prod', TARGET, at)?.id ?? null,
  });
  return { house, governance, budgets, tick, seen, now: () => at };
}

/** What Prometheus has of it: the incident's own tiles where they are summed, else the window's counts. */
function recorded(query: string) {
  const values: Record<string, number> = query.startsWith('sum_over_time')
    ? query.includes('bad')
      ? { incident: 140 }
      : { incident: 1_000 }
    : {
        'slo:error_budget_remaining:ratio': READING.left,
        'slo:requests:increase_window': READING.requests,
        'slo:bad_requests:increase_window': READING.bad,
        'slo:error_budget_coverage:ratio': READING.coverage,
        'slo:burn_rate_5m': READING.fast,
        'slo:burn_rate_1h': READING.slow,
      };
  return Object.entries(values).map(([name, value]) => ({
    labels: { __name__: name, slo: SLO, service: 'checkout', environment: 'prod' },
    samples: [[0, value] as const],
  }));
}

describe('d15: an incident is excluded from a budget', () => {
  it('FIELD-1: gate, budget page, budget state, automatic freeze and start gate see it in the same tick', async () => {
    const h = await rig();
    await h.tick();
    const frozen = `auto:${SLO}@prod`;
    expect(await h.seen()).toEqual({
      gate: -0.5,
      page: -0.5,
      state: 'exhausted',
      freezes: [frozen],
      startGate: frozen,
    });
    const wanted = {
      id: 'incident-1',
      fromMs: h.now() - 600_000,
      toMs: h.now() - 300_000,
      reason: 'a cable was cut',
      approver: 'approver',
    };
    expect(await h.house.adjust('prod', SLO, wanted, ACTOR)).toMatchObject({ ok: true });
    await h.tick();
    const left = 1 - 10 / 99;
    expect(await h.seen()).toEqual({
      gate: expect.closeTo(left, 12),
      page: expect.closeTo(left, 12),
      state: 'recovering',
      freezes: [],
      startGate: null,
    });
  });

  it('FIELD-1: an exclusion that leaves the budget spent lifts nothing', async () => {
    const h = await rig();
    await h.tick();
    await h.budgets.adjust(
      declare({ seed: 1 }).slos[0]!,
      'prod',
      {
        id: 'small',
        fromMs: 1,
        toMs: h.now(),
        requests: 100,
        bad: 10,
        reason: 'small',
        approver: 'approver',
      },
      ACTOR,
      h.now(),
    );
    await h.tick();
    const { state, freezes, startGate } = await h.seen();
    expect({ state, freezes, startGate }).toEqual({
      state: 'exhausted',
      freezes: [`auto:${SLO}@prod`],
      startGate: `auto:${SLO}@prod`,
    });
  });
});
