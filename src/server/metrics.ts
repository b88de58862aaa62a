import { Registry } from 'prom-client';
import type { Controller } from '../controller/loop.ts';
import type { ChainWatch } from '../ledger/guarded.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { type AnchorNumbers, watchAnchors, watchChain } from './metrics/anchors.ts';
import { type GitopsNumbers, watchGitops } from './metrics/gitops.ts';
import { type GovernanceNumbers, watchGovernance } from './metrics/governance.ts';
import { moveCounter, watchLanes } from './metrics/lanes.ts';
import { createMeasured, type Measured } from './metrics/measured.ts';
import { type OutsideNumbers, watchOutside } from './metrics/outside.ts';
import { verdictDelayOf } from './metrics/verdicts.ts';

export interface ServerMetrics extends Pick<Measured, 'answered'> {
  readonly contentType: string;
  /** All series in the text format of Prometheus. */
  text(): Promise<string>;
  records(records: readonly LedgerRecord[]): void;
  /** What only a server that leads knows: delivery performance, drift, freezes, pull requests, anchors. */
  watch(numbers: LeaderNumbers): void;
}

interface LeaderNumbers extends GovernanceNumbers, GitopsNumbers, AnchorNumbers, OutsideNumbers {}

/** Our own metrics: what the platform does, for the Prometheus of whoever runs it. */
export function createMetrics(
  controller: Controller,
  chain: Pick<ChainWatch, 'broken'>,
  measured: Measured = createMeasured(),
): ServerMetrics {
  const registry = new Registry();
  const countMoves = moveCounter(registry);
  watchLanes(registry, controller);
  watchChain(registry, () => chain.broken() !== null);
  return {
    contentType: registry.contentType,
    text: () => Registry.merge([measured.registry, registry]).metrics(),
    answered: measured.answered,
    watch(numbers) {
      watchGitops(registry, controller, numbers);
      watchAnchors(registry, numbers);
      watchGovernance(registry, controller, numbers);
      watchOutside(registry, numbers);
    },
    records(records) {
      countMoves(records);
      for (const record of records) {
        const delayMs = verdictDelayOf(record);
        if (delayMs !== null) measured.verdictDelay(delayMs);
      }
    },
  };
}
