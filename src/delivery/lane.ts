import type {
  CommandName,
  EventData,
  Hold,
  LoadResult,
  RecordedBurn,
  RecordedInterval,
  ReleaseEffect,
  Revision,
} from './events.ts';
import type { STATES } from './machine.ts';
import type { MoveReason } from './reasons.ts';
import type { ReleaseSettings } from './release-settings.ts';

export interface Release {
  readonly id: string;
  readonly target: Revision;
  readonly from: Revision | null;
  readonly attempt: number;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly settings: ReleaseSettings;
  readonly history: EventData<'release.opened'>['history'];
  readonly intervals: Readonly<Record<string, readonly RecordedInterval[]>>;
  /** When each interval was closed, shared by all SLOs of the release. */
  readonly lookTimes: readonly number[];
  readonly cursors: Readonly<Record<string, readonly [number, number]>>;
  readonly step: number;
  /** When the edge was first seen to serve the weight of each step. */
  readonly confirmedAt: readonly number[];
  readonly enteredStepAt: number;
  readonly burnArmed: boolean;
  readonly burnJudged: boolean;
  readonly paused: boolean;
  readonly heldAt: number | null;
  /** How often it stepped back from full traffic, to be compared with the stable version. */
  readonly stepsBack: number;
  /** The step at which a person resumed it after a hold; null: none. */
  readonly letOn: number | null;
  readonly cause: MoveReason | null;
  readonly blamed: boolean;
  readonly verdict: EventData<'release.looked'>['verdict'] | null;
  readonly enforced: boolean;
  readonly declaration: string;
  readonly loads: readonly LoadResult[];
}

export interface Rejected {
  readonly revision: string;
  readonly digest: string;
  /** Digest, configuration and chart in one; null: not known. */
  readonly identity: string | null;
  readonly version?: string;
  readonly reason: MoveReason;
  readonly release: string;
}

/** A version that was stable in a lane. */
export interface KnownStable {
  /** Of its digest, configuration and chart; null: not known. */
  readonly identity: string | null;
  readonly version: string;
  readonly revision: string;
}

/** Everything known of one service in one environment: a fold of its outcomes. */
export interface Lane {
  readonly lane: string;
  readonly state: (typeof STATES)[number];
  readonly since: number;
  readonly generation: number;
  readonly stable: Revision | null;
  readonly release: Release | null;
  readonly waiting: Revision | null;
  readonly hold: Hold | null;
  readonly rejected: readonly Rejected[];
  /** Revisions set aside by a person or an expired hold: not failed, not tried again by themselves. */
  readonly aside: readonly string[];
  /** The version that a person returns users to, until it serves; null: none. */
  readonly returning: Revision | null;
  readonly quiet: { readonly looksUnder: number; readonly since: number | null };
  readonly burn: RecordedBurn;
  readonly pending: readonly ReleaseEffect[];
  readonly commands: readonly {
    readonly id: string;
    readonly command: CommandName;
    readonly reason: string;
  }[];
  /** The number of releases so far; it is part of their ids. */
  readonly releases: number;
  /** Versions that were stable here, the latest last: returning to one of these is a revert. */
  readonly stables: readonly KnownStable[];
  /** Digests that were stable here, the latest last, for the promotion order. */
  readonly served: readonly string[];
  /** When releases were rejected, the latest last. */
  readonly failures: readonly number[];
}

export const emptyLane = (lane: string): Lane => ({
  lane,
  state: 'Idle',
  since: 0,
  generation: 0,
  stable: null,
  release: null,
  waiting: null,
  hold: null,
  rejected: [],
  aside: [],
  returning: null,
  quiet: { looksUnder: 0, since: null },
  burn: { fast: null, slow: null },
  pending: [],
  commands: [],
  releases: 0,
  stables: [],
  served: [],
  failures: [],
});
