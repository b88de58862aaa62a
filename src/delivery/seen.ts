import type { BurnRule } from '../runtime/burn.ts';
import type { Assessment, Look } from './assess.ts';
import type { Burn, Hold, ReleaseSettings, Revision } from './events.ts';
import type { Delivery } from './port.ts';

/** How a lane gets back to rest: numbers of the evidence rule's page. */
export interface RecoverySettings {
  /** Looks with the fast burn under its threshold before Degraded becomes Recovery. */
  readonly looks: number;
  /** Fast burn below which a service counts as back within its objective. */
  readonly burnBelow: number;
  readonly forMs: number;
}

/** What the declaration says of one lane. */
export interface LaneSettings {
  readonly mode: 'observe' | 'enforce';
  /** Argo Rollouts moves traffic as it is answered; otherwise nginx does, as we tell it. */
  readonly followed: boolean;
  readonly release: ReleaseSettings;
  readonly burn: BurnRule;
  readonly recovery: RecoverySettings;
  readonly declaration: string;
}

/** What is known of the stable version before a release: needed to open one. */
export interface Baseline {
  /** The revision that would be released: a baseline taken for another is none. */
  readonly target: string;
  readonly history: Readonly<Record<string, ({ total: number; bad: number } | null)[]>>;
  readonly cursors: Readonly<Record<string, [number, number]>>;
  readonly burn: Burn;
}

/** Everything one decision rests on. Null: not looked at, or not to be had. */
export interface Seen {
  readonly desired: Revision | null;
  readonly delivery: Delivery | null;
  readonly look: Look | null;
  readonly assessment: Assessment | null;
  readonly baseline: Baseline | null;
  /** Looks in a row in which the canary could not be reached while it should have had traffic. */
  readonly unreachableLooks: number;
  /** What holds new releases of this lane now. It never holds an abort, or going back to what was stable. */
  readonly hold: Hold | null;
}
