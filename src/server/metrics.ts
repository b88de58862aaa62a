import { collectDefaultMetrics, Registry } from 'prom-client';
import type { PortCall } from '../controller/flow/counting.ts';
import type { Controller } from '../controller/loop.ts';
import type { ChainWatch } from '../ledger/guarded.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { type AnchorNumbers, watchAnchors, watchChain } from './metrics/anchors.ts';
import { type GitopsNumbers, watchGitops } from './metrics/gitops.ts';
import { type GovernanceNumbers, watchGovernance } from './metrics/governance.ts';
import { moveCounter, tickHistogram, watchLanes } from './metrics/lanes.ts';
import { callHistogram, type OutsideNumbers, watchOutside } from './metrics/outside.ts';

export interface ServerMetrics {
  readonly contentType: string;
  /** All series in the text format of Prometheus. */
  text(): Promise<string>;
  /** A pass over all lanes took so many seconds. */
  tick(seconds: number): void;
  records(records: readonly LedgerRecord[]): void;
  /** A call to the outside has ended. */
  call(call: PortCall): void;
  /** What only a server that leads knows: delivery performance, drift, freezes, pull requests, anchors. */
  watch(numbers: LeaderNumbers): void;
}

interface LeaderNumbers extends GovernanceNumbers, GitopsNumbers, AnchorNumbers, OutsideNumbers {}

/** Our own metrics: what the platform does, for the Prometheus of whoever runs it. */
export function createMetrics(controller: Controller, chain: Pick<ChainWatch, 'broken'>): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const records = moveCounter(registry);
  const ticks = tickHistogram(registry);
  const call = callHistogram(registry);
  watchLanes(registry, controller);
  watchChain(registry, () => chain.broken() !== null);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    tick: (seconds) => ticks.observe(seconds),
    watch(numbers) {
      watchGitops(registry, controller, numbers);
      watchAnchors(registry, numbers);
      watchGovernance(registry, controller, numbers);
      watchOutside(registry, numbers);
    },
    records,
    call,
  };
}
