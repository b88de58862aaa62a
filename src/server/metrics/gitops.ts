import { Gauge, type Registry } from 'prom-client';
import type { Controller } from '../../controller/loop.ts';
import type { Measures } from '../../controller/measures.ts';
import { LANE } from './lanes.ts';

export interface GitopsNumbers {
  /** DORA's four, of a service. */
  measures(service: string): Measures;
  /** Whether what serves in a lane is what Git asks for; null: not looked at yet. */
  inSync(lane: string): string | null;
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);

interface Measured {
  readonly name: string;
  readonly help: string;
  /** Null: there is nothing to measure yet. */
  value(measures: Measures): number | null;
}

/** DORA's four over thirty days. */
const MEASURED: readonly Measured[] = [
  {
    name: 'sluice_deployments_30d',
    help: 'Versions that reached the last environments, in 30 days.',
    value: (m) => m.deployments,
  },
  {
    name: 'sluice_lead_time_seconds',
    help: 'Median time from the first commit to all traffic, in 30 days.',
    value: (m) => seconds(m.leadTimeMs),
  },
  {
    name: 'sluice_change_failure_ratio',
    help: 'Change failure rate there, in 30 days.',
    value: (m) => m.changeFailureRate,
  },
  {
    name: 'sluice_time_to_restore_seconds',
    help: 'Median time to restore service, in 30 days.',
    value: (m) => seconds(m.timeToRestoreMs),
  },
];

/** DORA's four, and drift. */
export function watchGitops(registry: Registry, controller: Controller, numbers: GitopsNumbers): void {
  const services = () => [...new Set(controller.lanes().map((v) => v.service.name))];
  for (const { name, help, value } of MEASURED)
    new Gauge({
      name,
      help,
      labelNames: ['service'],
      registers: [registry],
      collect() {
        this.reset();
        for (const service of services()) {
          const found = value(numbers.measures(service));
          if (found !== null) this.set({ service }, found);
        }
      },
    });
  new Gauge({
    name: 'sluice_out_of_sync',
    help: '1 where the version that serves is not the one in Git.',
    labelNames: LANE,
    registers: [registry],
    collect() {
      this.reset();
      for (const { service, environment, state } of controller.lanes()) {
        const word = numbers.inSync(state.lane);
        if (word !== null)
          this.set({ service: service.name, environment: environment.name }, Number(word === 'OutOfSync'));
      }
    },
  });
}
