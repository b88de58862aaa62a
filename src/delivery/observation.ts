import type { BurnRule } from '../runtime/burn.ts';
import type { Assessment, LaneSample } from './assess.ts';
import type { Hold, RecordedBurn, Revision } from './events.ts';
import type { Delivery } from './port.ts';
import type { ReleaseSettings } from './release-settings.ts';

/** When a Degraded lane recovers. */
interface RecoverySettings {
  /** Consecutive evaluations with the fast burn below its threshold before Degraded becomes Recovery. */
  readonly looks: number;
  /** Fast burn below which a service counts as back within its objective. */
  readonly burnBelow: number;
  readonly forMs: number;
}

/** What the declaration says of one lane. */
export interface LaneSettings {
  readonly mode: 'observe' | 'enforce';
  /** True: Argo Rollouts moves traffic, by Sluice's answers; false: nginx does, by Sluice's orders. */
  readonly followed: boolean;
  readonly release: ReleaseSettings;
  readonly burn: BurnRule;
  readonly recovery: RecoverySettings;
  readonly declaration: string;
}

/** What is known of the stable version before a release: needed to open one. */
export interface Baseline {
  /** The revision that would be released: a baseline for another one is not used. */
  readonly target: string;
  readonly history: Readonly<Record<string, ({ total: number; bad: number } | null)[]>>;
  readonly cursors: Readonly<Record<string, [number, number]>>;
  readonly burn: RecordedBurn;
}

/** The inputs of one decision. Null: not observed, or not available. */
export interface Observation {
  readonly desired: Revision | null;
  readonly delivery: Delivery | null;
  readonly look: LaneSample | null;
  readonly assessment: Assessment | null;
  readonly baseline: Baseline | null;
  /** Consecutive evaluations in which the canary could not be reached while it should have had traffic. */
  readonly unreachableLooks: number;
  /** What holds new releases of this lane now. It never holds an abort or a revert. */
  readonly hold: Hold | null;
}
