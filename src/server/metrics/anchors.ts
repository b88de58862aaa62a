import { Gauge, type Registry } from 'prom-client';
import type { AnchorStatus } from '../../controller/anchoring.ts';

export interface AnchorNumbers {
  /** How far the ledger is anchored, and what stops that. */
  anchors(): AnchorStatus;
}

/** A server on standby says it as well: whoever asks it would otherwise take silence for health. */
export function watchChain(registry: Registry, isBroken: () => boolean): void {
  new Gauge({
    name: 'sluice_ledger_broken',
    help: '1 once a walk found the chain of the ledger broken: nothing is decided any more.',
    registers: [registry],
    collect() {
      this.set(isBroken() ? 1 : 0);
    },
  });
}

export function watchAnchors(registry: Registry, numbers: AnchorNumbers): void {
  new Gauge({
    name: 'sluice_ledger_anchored_seq',
    help: 'The newest record of the ledger that is anchored in the repository.',
    registers: [registry],
    collect() {
      this.set(numbers.anchors().anchored ?? 0);
    },
  });
  new Gauge({
    name: 'sluice_ledger_anchor_failing',
    help: '1 while the ledger is not anchored, by reason; CHANGED, GAP and CHAIN_BROKEN: records were changed.',
    labelNames: ['code'],
    registers: [registry],
    collect() {
      this.reset();
      const { trouble } = numbers.anchors();
      if (trouble) this.set({ code: trouble.code }, 1);
    },
  });
}
