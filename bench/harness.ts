import { createBudgetEvaluator } from '../src/controller/budgets/budget-evaluator.ts';
import { compile } from '../src/controller/compile.ts';
import { createGovernance } from '../src/controller/governance/governance.ts';
import { createController } from '../src/controller/loop.ts';
import type { ReleaseEffect, Revision } from '../src/delivery/events.ts';
import type { DeliveryPort } from '../src/delivery/port.ts';
import { revisionOf } from '../src/gitops/desired.ts';
import type { DesiredPort } from '../src/gitops/port.ts';
import { sha256 } from '../src/kit/digest.ts';
import { ok } from '../src/kit/result.ts';
import type { Clock } from '../src/kit/time.ts';
import { memoryLedger } from '../src/ledger/adapters/memory/ledger.ts';
import { openJournal } from '../src/ledger/journal.ts';
import type { MetricsPort, Series } from '../src/runtime/port.ts';
import { SERVER_FOLDS } from '../src/server/folds.ts';

export const ENVIRONMENTS = ['dev', 'stage', 'prod'] as const;
/** A version's artefact: another one for each service. */
const digestOf = (service: string, version: string): string => `sha256:${sha256(`${service} ${version}`)}`;
export const revision = (service: string, version: string): Revision =>
  revisionOf({ version, digest: digestOf(service, version), config: {} });
export const serviceNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `s${i}`);

/** So many services in three environments, each with two SLOs. */
export function fleetPlatform(services: readonly string[]) {
  const query = (name: string, extra = '') => `http_requests_total{service="${name}"${extra}}`;
  const slo = (name: string, kind: string, good: string) => `
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name}-${kind} }
spec:
  service: ${name}
  indicator: { spec: { ratioMetric: { counter: true,
    good: { metricSource: { spec: { query: '${query(name, good)}' } } },
    total: { metricSource: { spec: { query: '${query(name)}' } } } } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]`;
  const slos = services.map((n) => slo(n, 'up', ',code!~"5.."') + slo(n, 'right', ',code!="422"'));
  const environments = ENVIRONMENTS.map(
    (name) => `{ name: ${name}, after: [], prometheus: { address: 'http://p', scrapeInterval: 15s } }`,
  );
  const text = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: bench }
spec:
  environments: [${environments.join(', ')}]
  services: [${services.map((n) => `{ name: ${n}, slos: [${n}-up, ${n}-right] }`).join(', ')}]${slos.join('')}`;
  const compiled = compile([{ file: 'bench.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error[0]));
  return compiled.value;
}

/** Prometheus that has samples of both versions of these services, all of them well. */
function metricsOf(services: readonly string[], canaries: () => boolean): MetricsPort {
  const revisions = new Map(
    services.map((s) => [s, ['1.0.0', '1.1.0'].map((version) => revision(s, version).revision)]),
  );
  const samplesOf = (at: number, code: string) =>
    [3, 2, 1, 0].map((k) => {
      const t = Math.floor(at / 15_000) * 15_000 - 15_000 * k;
      return [t, code === '200' ? Math.floor((t - 1_699_990_000_000) / 10) : 0] as const;
    });
  return {
    raw: async (_selector, _range, at) =>
      ok(
        canaries()
          ? services.flatMap((service) =>
              revisions.get(service)!.flatMap((rev) =>
                ['200', '500', '422'].map(
                  (code): Series => ({
                    labels: {
                      __name__: 'http_requests_total',
                      service,
                      revision: rev,
                      code,
                    },
                    samples: samplesOf(at, code),
                  }),
                ),
              ),
            )
          : [],
      ),
    instant: async (query, at) => {
      if (query.includes('up{')) return ok([]);
      const numbers = [
        ['slo:burn_rate_5m', 0.1],
        ['slo:burn_rate_1h', 0.1],
        ['slo:error_budget_remaining:ratio', 0.9],
      ] as const;
      return ok(
        services.flatMap((name) =>
          ['up', 'right'].flatMap((kind) =>
            numbers.map(
              ([__name__, value]): Series => ({
                labels: { __name__, slo: `${name}-${kind}` },
                samples: [[at, value]],
              }),
            ),
          ),
        ),
      );
    },
  };
}

interface Edge {
  stable: string | null;
  canary: string | null;
  weight: number;
  readonly running: Set<string>;
}

/** An edge that serves the first version everywhere, and does at once what it is told. */
export function edgeOf(): DeliveryPort {
  const edges = new Map<string, Edge>();
  const edge = (lane: string): Edge => {
    const stable = revision(lane.split('/')[0]!, '1.0.0').revision;
    const found = edges.get(lane) ?? { stable, canary: null, weight: 0, running: new Set<string>() };
    edges.set(lane, found);
    return found;
  };
  return {
    observe: async (lane, target) => {
      const e = edge(lane);
      const runs = target !== null && target !== e.stable && e.running.has(target);
      const canaryHealth = runs ? 'ready' : 'absent';
      return { stable: e.stable, canary: runs ? target : null, weight: e.weight, canaryHealth };
    },
    probe: async ({ lane, kind, revision: target, weight }: ReleaseEffect) => {
      const e = edge(lane);
      const done = {
        start: e.running.has(target),
        step: e.canary === target && e.weight === weight,
        abort: e.canary === null,
        promote: e.stable === target,
        clean: !e.running.has(target),
      };
      return done[kind] ? 'done' : 'absent';
    },
    apply: async ({ lane, kind, revision: target, weight }: ReleaseEffect) => {
      const e = edge(lane);
      if (kind === 'start') e.running.add(target);
      else if (kind === 'step') Object.assign(e, { canary: target, weight });
      else if (kind === 'abort') Object.assign(e, { canary: null, weight: 0 });
      else if (kind === 'promote') Object.assign(e, { stable: target, canary: null, weight: 0 });
      else e.running.delete(target);
    },
  };
}

/** The loop as a server ticks it, over a fleet that is served by fakes of no cost to speak of. */
export async function fleetHouse(services: readonly string[], clock: Clock, desired: DesiredPort) {
  const platform = fleetPlatform(services);
  let releasing = false;
  const metrics = metricsOf(services, () => releasing);
  const delivery = edgeOf();
  const journal = await openJournal(memoryLedger('bench'), SERVER_FOLDS);
  const controller = createController(
    platform,
    { clock, journal, desired, metrics: () => metrics, delivery: () => delivery },
    { warn: () => {} },
  );
  const budgets = createBudgetEvaluator({ platform, journal, metrics: (e) => controller.metrics(e) });
  const governance = createGovernance({ platform, journal, statuses: budgets.statuses });
  return {
    controller,
    tick: async () => {
      await controller.tick();
      await budgets.tick(clock.now());
      await governance.tick(clock.now());
    },
    release: () => {
      releasing = true;
    },
    count: (state: string) => controller.lanes().filter((l) => l.state.state === state).length,
  };
}
