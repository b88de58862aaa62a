import { Gauge, Histogram, type Registry } from 'prom-client';
import type { PortCall } from '../../controller/flow/counting.ts';
import type { Troubled } from '../../controller/flow/jobs.ts';

export interface OutsideNumbers {
  /** What could not be done outside, and for whom. */
  troubles(): readonly Troubled[];
}

/** Takes up every call to the outside that has ended. */
export function callHistogram(registry: Registry): (call: PortCall) => void {
  const calls = new Histogram({
    name: 'sluice_call_seconds',
    help: 'External calls by port, verb and outcome.',
    labelNames: ['port', 'verb', 'outcome'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30],
    registers: [registry],
  });
  return ({ port, verb, outcome, tookMs }) => calls.observe({ port, verb, outcome }, tookMs / 1_000);
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
}
