import { Gauge, type Registry } from 'prom-client';
import type { Queue, Troubled } from '../../controller/flow/jobs.ts';

/** Operations of one plane by how they stand. */
export interface PlaneQueue extends Queue {
  readonly plane: string;
}

export interface OutsideNumbers {
  /** What could not be done outside, and for whom. */
  troubles(): readonly Troubled[];
  /** What each plane has yet to do. */
  queues(): readonly PlaneQueue[];
}

export function watchOutside(registry: Registry, numbers: OutsideNumbers): void {
  new Gauge({
    name: 'sluice_trouble',
    help: 'Consecutive failures of an external operation, by subject.',
    labelNames: ['of', 'kind', 'code'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { subject, trouble } of numbers.troubles())
        this.set({ of: subject, kind: trouble.kind, code: trouble.code }, trouble.failures);
    },
  });
  new Gauge({
    name: 'sluice_queue_length',
    help: 'Operations of a plane that run, wait for their turn, or failed and are retried later.',
    labelNames: ['plane', 'state'],
    registers: [registry],
    collect() {
      for (const { plane, ...states } of numbers.queues())
        for (const [state, length] of Object.entries(states)) this.set({ plane, state }, length);
    },
  });
}
