import { compile } from '../src/controller/compile.ts';
import { createController } from '../src/controller/loop.ts';
import type { Effect } from '../src/delivery/events.ts';
import { beginEvidence, EVIDENCE_DEFAULTS, observe, ruleOf } from '../src/delivery/evidence.ts';
import { lanesFold } from '../src/delivery/fold.ts';
import type { DeliveryPort } from '../src/delivery/port.ts';
import { revisionOf } from '../src/gitops/desired.ts';
import { ok } from '../src/kit/result.ts';
import { simulatedClock } from '../src/kit/time.ts';
import { memoryLedger } from '../src/ledger/adapters/memory/ledger.ts';
import { openJournal } from '../src/ledger/journal.ts';
import type { MetricsPort, Series } from '../src/runtime/port.ts';

/** Intervals a second of one SLO on one core. */
export function intervalsPerSecond(): number {
  const rule = ruleOf({ ...EVIDENCE_DEFAULTS, objective: 0.999, steps: 3 });
  if (!rule.ok) throw new Error(rule.error);
  const n = 300_000;
  const intervals = Array.from({ length: 1_000 }, (_, i) => ({
    step: 0,
    canary: { total: 100, bad: i % 97 === 0 ? 1 : 0 },
    stable: { total: 400, bad: i % 89 === 0 ? 1 : 0 },
  }));
  let e = beginEvidence(rule.value, []);
  const begun = performance.now();
  for (let i = 0; i < n; i++) e = observe(e, intervals[i % 1_000]!);
  return n / ((performance.now() - begun) / 1_000);
}

const digest = `sha256:${'0'.repeat(64)}`;

/** Milliseconds of one look over so many releases in flight: counted, judged, decided and recorded. */
export async function lookOver(releases: number): Promise<{ ms: number; queries: number; inFlight: number }> {
  const names = Array.from({ length: releases }, (_, i) => `s${i}`);
  const query = (name: string, extra = '') => `http_requests_total{service="${name}"${extra}}`;
  const slo = (name: string) => `
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: ${name}
  indicator: { spec: { ratioMetric: { counter: true,
    good: { metricSource: { spec: { query: '${query(name, ',code!~"5.."')}' } } },
    total: { metricSource: { spec: { query: '${query(name)}' } } } } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]`;
  const text = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: bench }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p', scrapeInterval: 5s } }]
  services: [${names.map((n) => `{ name: ${n}, slos: [${n}] }`).join(', ')}]${names.map(slo).join('')}`;
  const compiled = compile([{ file: 'bench.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error[0]));
  const clock = simulatedClock(1_700_000_000_000);
  let version = '1.0.0';
  let queries = 0;
  const revisions = () =>
    ['1.0.0', '1.1.0'].map((v) => revisionOf({ version: v, digest, config: {} }).revision);
  const raw = (at: number): Series[] =>
    names.flatMap((service) =>
      revisions().flatMap((revision) =>
        ['200', '500'].map((code): Series => {
          const samples = [3, 2, 1, 0].map((k) => {
            const t = Math.floor(at / 5_000) * 5_000 - 5_000 * k;
            return [t, code === '200' ? Math.floor((t - 1_699_990_000_000) / 10) : 0] as const;
          });
          return { labels: { __name__: 'http_requests_total', service, revision, code }, samples };
        }),
      ),
    );
  const metrics: MetricsPort = {
    raw: async (_s, _r, at) => {
      queries++;
      return ok(raw(at));
    },
    instant: async (q, at) => {
      queries++;
      if (q.startsWith('up')) return ok([]);
      return ok(
        names.flatMap((slo): Series[] =>
          ['5m', '1h'].map((w) => ({
            labels: { __name__: `slo:burn_rate_${w}`, slo },
            samples: [[at, 0.1]],
          })),
        ),
      );
    },
  };
  const edges = new Map<
    string,
    { stable: string | null; canary: string | null; weight: number; running: Set<string> }
  >();
  const edge = (lane: string) =>
    edges.get(lane) ??
    edges.set(lane, { stable: null, canary: null, weight: 0, running: new Set() }).get(lane)!;
  const delivery: DeliveryPort = {
    observe: async (lane, target) => {
      const e = edge(lane);
      const runs = target !== null && target !== e.stable && e.running.has(target);
      return {
        stable: e.stable,
        canary: runs ? target : null,
        weight: e.weight,
        canaryHealth: runs ? 'ready' : 'absent',
      };
    },
    probe: async ({ lane, kind, revision, weight }: Effect) => {
      const e = edge(lane);
      const done = {
        start: e.running.has(revision),
        step: e.canary === revision && e.weight === weight,
        abort: e.canary === null,
        promote: e.stable === revision,
        clean: !e.running.has(revision),
      };
      return done[kind] ? 'done' : 'absent';
    },
    apply: async ({ lane, kind, revision, weight }: Effect) => {
      const e = edge(lane);
      if (kind === 'start') e.running.add(revision);
      else if (kind === 'step') Object.assign(e, { canary: revision, weight });
      else if (kind === 'abort') Object.assign(e, { canary: null, weight: 0 });
      else if (kind === 'promote') Object.assign(e, { stable: revision, canary: null, weight: 0 });
      else e.running.delete(revision);
    },
  };
  const controller = createController(
    compiled.value,
    {
      clock,
      journal: await openJournal(memoryLedger('bench'), [lanesFold]),
      desired: {
        read: async () => ({
          commit: version,
          problems: [],
          lanes: new Map(names.map((n) => [`${n}/prod`, revisionOf({ version, digest, config: {} })])),
        }),
      },
      metrics: () => metrics,
      delivery: () => delivery,
    },
    { warn: () => {} },
  );
  const step = async () => {
    clock.advance(5_000);
    await controller.tick();
    // A look that is waited for too long is taken up by the next tick.
    await new Promise((resolve) => setImmediate(resolve));
  };
  const count = (state: string) => controller.lanes().filter((l) => l.state.state === state).length;
  for (let i = 0; i < 80 && count('Stable') < releases; i++) await step();
  version = '1.1.0';
  for (let i = 0; i < 40 && count('Evaluating') < releases; i++) await step();
  const inFlight = count('Evaluating');
  const times: number[] = [];
  let used = 0;
  for (let i = 0; i < 5; i++) {
    clock.advance(5_000);
    const [before, begun] = [queries, performance.now()];
    await controller.tick();
    await controller.tick();
    times.push(performance.now() - begun);
    used = Math.max(used, queries - before);
  }
  return { ms: times.sort((a, b) => a - b)[2]!, queries: used, inFlight };
}
