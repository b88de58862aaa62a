import { Counter, Gauge, type Registry } from 'prom-client';
import type { Controller } from '../../controller/loop.ts';
import { STATES } from '../../delivery/machine.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { UNANSWERED_METRIC } from '../../runtime/series.ts';

/** The labels of every series of a lane. */
export const LANE = ['service', 'environment'] as const;

/** States, weights and troubles of all lanes, as they are when they are asked for. */
export function watchLanes(registry: Registry, controller: Controller): void {
  new Gauge({
    name: 'sluice_state',
    help: '1 for the state a lane is in.',
    labelNames: [...LANE, 'state'],
    registers: [registry],
    collect() {
      for (const { service, environment, state: lane } of controller.lanes())
        for (const state of STATES)
          this.set(
            { service: service.name, environment: environment.name, state },
            Number(lane.state === state),
          );
    },
  });
  new Gauge({
    name: 'sluice_canary_weight_percent',
    help: 'Share of requests that the edge sends to the canary.',
    labelNames: LANE,
    registers: [registry],
    collect() {
      for (const { service, environment, delivery } of controller.lanes())
        this.set({ service: service.name, environment: environment.name }, delivery?.weight ?? 0);
    },
  });
  new Gauge({
    name: UNANSWERED_METRIC,
    help: '1 while the latest evaluation got no answer from the Prometheus of an environment, or only a partial one.',
    labelNames: ['environment'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { environment } of controller.lanes()) {
        const { at, failure } = controller.metrics(environment.name);
        if (at > 0) this.set({ environment: environment.name }, Number(failure !== null));
      }
    },
  });
  new Gauge({
    name: 'sluice_lane_trouble',
    help: '1 while a lane cannot be evaluated.',
    labelNames: LANE,
    registers: [registry],
    collect() {
      this.reset();
      for (const { service, environment, trouble } of controller.lanes())
        this.set({ service: service.name, environment: environment.name }, Number(trouble !== null));
    },
  });
}

/** Counts the moves that records tell of. */
export function moveCounter(registry: Registry): (records: readonly LedgerRecord[]) => void {
  const moves = new Counter({
    name: 'sluice_moves_total',
    help: 'Transitions of the release state machine.',
    labelNames: [...LANE, 'from', 'to', 'reason'],
    registers: [registry],
  });
  return (records) => {
    for (const record of records) {
      if (record.type !== 'lane.moved') continue;
      const [service, environment] = partsOfLane(record.subject);
      const { from, to, reason } = record.data as { from: string; to: string; reason: string };
      moves.inc({ service, environment, from, to, reason });
    }
  };
}
