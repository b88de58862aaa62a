import { compile } from '../src/controller/compile.ts';
import { createController } from '../src/controller/loop.ts';
import type { ReleaseEffect } from '../src/delivery/events.ts';
import { lanesFold } from '../src/delivery/fold.ts';
import type { DeliveryPort } from '../src/delivery/port.ts';
import { revisionOf } from '../src/gitops/desired.ts';
import { ok } from '../src/kit/result.ts';
import { simulatedClock } from '../src/kit/time.ts';
import { memoryLedger } from '../src/ledger/adapters/memory/ledger.ts';
import { openJournal } from '../src/ledger/journal.ts';
import type { MetricsPort, Series } from '../src/runtime/port.ts';
import { QUERIES_TYPE, queriesFold } from '../src/runtime/queries.ts';

const revisionFor = (version: string) =>
  revisionOf({ version, digest: `sha256:${version.replaceAll('.', '').padStart(64, '0')}`, config: {} });
const TICK_MS = 5_000;

/** The real loop over so many services that behave well, each with one release at a time, on a simulated clock. */
export async function fleetLoop(services: number) {
  const names = Array.from({ length: services }, (_, i) => `s${i}`);
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
  strategy: { dwellAtFull: 60s }
  services: [${names.map((n) => `{ name: ${n}, slos: [${n}] }`).join(', ')}]${names.map(slo).join('')}`;
  const compiled = compile([{ file: 'bench.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error[0]));
  const clock = simulatedClock(1_700_000_000_000);
  let version = '1.0.0';
  let queries = 0;
  const ledger = memoryLedger('bench');
  const revisions = () => ['1.0.0', '1.1.0'].map((v) => revisionFor(v).revision);
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
    probe: async ({ lane, kind, revision, weight }: ReleaseEffect) => {
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
    apply: async ({ lane, kind, revision, weight }: ReleaseEffect) => {
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
      journal: await openJournal(ledger, [lanesFold, queriesFold]),
      desired: {
        read: async () => ({
          commit: version,
          problems: [],
          lanes: new Map(names.map((n) => [`${n}/prod`, revisionFor(version)])),
        }),
      },
      metrics: () => metrics,
      delivery: () => delivery,
    },
    { warn: () => {} },
  );
  const count = (state: string) => controller.lanes().filter((l) => l.state.state === state).length;
  const step = async () => {
    clock.advance(TICK_MS);
    await controller.tick();
    // A look that is waited for too long is taken up by the next tick.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    clock,
    ledger,
    controller,
    step,
    count,
    queries: () => queries,
    /** All services ask for this version from now on. */
    push: (next: string) => {
      version = next;
    },
    /** Steps until all are in a state, so often at most; whether they are. */
    async until(state: string, most: number): Promise<boolean> {
      for (let i = 0; i < most && count(state) < services; i++) await step();
      return count(state) === services;
    },
  };
}

/** Bytes of ledger that one release takes, from its commit until it is stable, while so many are in flight. */
export async function bytesPerRelease(releases: number): Promise<{ bytes: number; queries: number }> {
  const fleet = await fleetLoop(releases);
  if (!(await fleet.until('Stable', 80))) throw new Error('nothing to begin with');
  const { seq } = await fleet.ledger.head();
  fleet.push('1.1.0');
  for (let i = 0; i < 20; i++) await fleet.step();
  if (!(await fleet.until('Stable', 400))) throw new Error('not every release passed');
  const [texts, kept] = await Promise.all([
    fleet.ledger.texts({ after: seq }),
    fleet.ledger.texts({ after: seq, type: QUERIES_TYPE }),
  ]);
  const size = (all: readonly string[]) => all.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { bytes: size(texts) / releases, queries: size(kept) / releases };
}
