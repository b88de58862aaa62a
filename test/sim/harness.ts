import { compile } from '../../src/controller/compile.ts';
import { type Controller, createController } from '../../src/controller/loop.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import type { Hold } from '../../src/delivery/events.ts';
import type { Clock } from '../../src/kit/time.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { type Journal, openJournal } from '../../src/ledger/journal.ts';
import type { LedgerPort } from '../../src/ledger/port.ts';
import type { MetricsPort } from '../../src/runtime/port.ts';
import { SERVER_FOLDS as FOLDS } from '../../src/server/folds.ts';
import { availabilitySlo } from '../slo.ts';
import { createWorld, Killed, type World, type WorldOptions } from './world.ts';

export interface HouseOptions extends Partial<WorldOptions> {
  readonly seed: number;
  readonly mode?: 'observe' | 'enforce';
  readonly dwell?: string;
  readonly warmUp?: string;
  readonly deadline?: string;
  readonly hold?: string;
  readonly recoveryFor?: string;
  /** Settings of the evidence rule; left out: the defaults. */
  readonly edition?: 1 | 2;
  readonly dwellAtFull?: string;
  readonly validation?: 'k6' | 'canary' | 'canary-multi-window';
  /** Synthetic requests while a version is judged. */
  readonly load?: boolean;
  /** What holds new releases. */
  readonly frozen?: () => Hold | null;
  /** How many lanes are planned in each tick although nothing was reported about them. */
  readonly inTurn?: number;
  /** Another way to what the world's Prometheus says. */
  readonly metrics?: (world: MetricsPort) => MetricsPort;
  /** The clock of the machine on which the loop runs, where it is another than the world's. */
  readonly clock?: (world: Clock) => Clock;
}

export function declare(options: HouseOptions): Platform {
  const text = `${availabilitySlo('checkout', options.objective)}---
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
${options.dwellAtFull ? `    dwellAtFull: ${options.dwellAtFull}\n` : ''}${options.edition ? `  evidence: { edition: ${options.edition} }\n` : ''}  recovery: { for: ${options.recoveryFor ?? '5m'} }
`;
  const compiled = compile([{ file: 'sim.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

export const LANE = 'checkout/prod';

/** The whole loop over a simulated world; a killed controller is replaced by one that knows only the ledger. */
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
  const metrics = options.metrics?.(world.metrics) ?? world.metrics;
  const clock = options.clock?.(world.clock) ?? world.clock;
  let journal: Journal;
  let declared = platform;
  const build = async (): Promise<Controller> => {
    journal = await openJournal(world.killable(ledger), FOLDS);
    return createController(
      declared,
      {
        clock,
        journal,
        desired: world.desired,
        metrics: () => metrics,
        delivery: () => world.delivery,
        ...(options.inTurn === undefined ? {} : { inTurn: options.inTurn }),
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
    /** Also under another declaration. */
    async restart(more: Partial<HouseOptions> = {}) {
      declared = declare({ ...options, ...more });
      controller = await build();
    },
    /** One step of the world and one tick; a kill is followed by a restart. */
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
