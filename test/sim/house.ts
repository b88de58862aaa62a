import { compile } from '../../src/controller/compile.ts';
import { type Controller, createController } from '../../src/controller/loop.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import type { Hold } from '../../src/delivery/events.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { type Journal, openJournal } from '../../src/ledger/journal.ts';
import type { LedgerPort } from '../../src/ledger/port.ts';
import { SERVER_FOLDS as FOLDS } from '../../src/server/folds.ts';
import { createWorld, Killed, type World, type WorldOptions } from './world.ts';

export interface HouseOptions extends Partial<WorldOptions> {
  readonly seed: number;
  readonly mode?: 'observe' | 'enforce';
  readonly dwell?: string;
  readonly warmUp?: string;
  readonly deadline?: string;
  readonly hold?: string;
  readonly recoveryFor?: string;
  readonly validation?: 'k6' | 'canary' | 'canary-multi-window';
  /** Requests of our own while a version is judged. */
  readonly load?: boolean;
  /** What holds new releases. */
  readonly frozen?: () => Hold | null;
}

export function declare(options: HouseOptions): Platform {
  const text = `
apiVersion: openslo/v1
kind: SLO
metadata: { name: checkout-availability }
spec:
  service: checkout
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{service="checkout",code!~"5.."}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{service="checkout"}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${options.objective ?? 0.999} }]
---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: sim }
spec:
  environments:
    - name: prod
      mode: ${options.mode ?? 'enforce'}
      prometheus: { address: 'http://prometheus.invalid', scrapeInterval: ${(options.scrapeMs ?? 5_000) / 1_000}s }
      validation: ${options.validation ?? 'canary-multi-window'}
${options.load || options.validation === 'k6' ? '      load: { duration: 30s, targets: [{ service: checkout, path: /, rps: 50 }] }\n' : ''}  services: [{ name: checkout, slos: [checkout-availability] }]
  strategy:
    warmUp: ${options.warmUp ?? '30s'}
    dwell: ${options.dwell ?? '60s'}
    deadline: ${options.deadline ?? '30m'}
    hold: ${options.hold ?? '4h'}
  recovery: { for: ${options.recoveryFor ?? '5m'} }
`;
  const compiled = compile([{ file: 'sim.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

export const LANE = 'checkout/prod';

/** The whole loop over a fake world; killed controllers are replaced by ones that only know the ledger. */
export async function createHouse(options: HouseOptions) {
  const platform = declare(options);
  const world: World = createWorld({
    rps: 100,
    scrapeMs: 5_000,
    objective: 0.999,
    lane: LANE,
    slo: 'checkout-availability',
    ...options,
  });
  const ledger: LedgerPort = memoryLedger('sim');
  let journal: Journal;
  const build = async (): Promise<Controller> => {
    journal = await openJournal(world.killable(ledger), FOLDS);
    return createController(
      platform,
      {
        clock: world.clock,
        journal,
        desired: world.desired,
        metrics: () => world.metrics,
        delivery: () => world.delivery,
        ...(options.frozen ? { hold: options.frozen } : {}),
      },
      { warn: () => {} },
    );
  };
  let controller = await build();
  const lane = () => controller.lanes()[0]!;
  const house = {
    platform,
    world,
    ledger,
    /** Of the controller that runs now. */
    journal: () => journal,
    lane,
    state: () => lane().state,
    controller: () => controller,
    async restart() {
      controller = await build();
    },
    /** One step of the world and one look; a kill is followed by a restart. */
    async step(ms = 1_000) {
      world.advance(ms);
      try {
        await controller.tick();
      } catch (thrown) {
        if (!(thrown instanceof Killed)) throw thrown;
        await house.restart();
      }
    },
    /** Steps until a condition holds; undefined if it never did. */
    async until(condition: () => boolean, limitMs = 3_600_000, check?: () => Promise<void> | void) {
      const end = world.clock.now() + limitMs;
      while (world.clock.now() < end) {
        if (condition()) return world.clock.now();
        await house.step();
        await check?.();
      }
      return condition() ? world.clock.now() : undefined;
    },
    events: async () => ledger.read(),
  };
  return house;
}
export type House = Awaited<ReturnType<typeof createHouse>>;
