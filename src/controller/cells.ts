import { type Environment, lanesOf, type Platform, type Service } from '../declaration/platform.ts';
import { type EvidenceBySlo, evidenceOf } from '../delivery/assess.ts';
import { type Lane, laneName } from '../delivery/events.ts';
import { isRelease } from '../delivery/moves.ts';
import type { Delivery } from '../delivery/port.ts';
import type { LaneSettings } from '../delivery/seen.ts';
import type { Arms, Sli } from '../runtime/counts.ts';
import type { Violations } from './metrics-look.ts';
import { laneSettings, slisOf } from './settings.ts';

/** Looks in a row in which a canary could not be reached, and when it was last scraped in vain. */
export interface Unreachable {
  readonly looks: number;
  readonly scrapedAt: number;
}
export const REACHED: Unreachable = { looks: 0, scrapedAt: 0 };

/** What keeps a lane from being looked at, and when it is tried again. */
export interface LaneTrouble {
  readonly message: string;
  readonly failures: number;
  readonly retryAt: number;
}

/** One lane as the loop holds it: the fold of its records, and caches that can be had again. */
export interface LaneCell {
  readonly service: Service;
  readonly environment: Environment;
  readonly settings: LaneSettings;
  readonly slis: readonly Sli[];
  /** The fold of its records, as it is now. */
  readonly state: Lane;
  evidence: EvidenceBySlo;
  evidenceFor: string | null;
  delivery: Delivery | null;
  unreachable: Unreachable;
  readonly violations: Violations;
  /** Null: its last pass went well. */
  trouble: LaneTrouble | null;
}

/** A release is on its way. */
export const inFlight = (lane: Lane): boolean => isRelease(lane.state);

/** The two revisions that a release compares. */
export function armsOf(cell: LaneCell): Arms {
  const release = cell.state.release;
  return {
    label: cell.service.revisionLabel,
    canary: release?.target.revision ?? null,
    stable: release?.from?.revision ?? null,
  };
}

export type Cells = ReadonlyMap<string, LaneCell>;

export function createCells(platform: Platform, stateOf: (lane: string) => Lane): Cells {
  return new Map(
    lanesOf(platform).map(({ service, environment }): [string, LaneCell] => {
      const lane = laneName(service.name, environment.name);
      const cell: LaneCell = {
        service,
        environment,
        settings: laneSettings(platform, service, environment),
        slis: slisOf(platform, service),
        get state() {
          return stateOf(lane);
        },
        evidence: new Map(),
        evidenceFor: null,
        delivery: null,
        unreachable: REACHED,
        violations: new Map(),
        trouble: null,
      };
      return [lane, cell];
    }),
  );
}

export const cellsOf = (cells: Cells, environment: Environment): LaneCell[] =>
  [...cells.values()].filter((cell) => cell.environment === environment);

/** The evidence of a lane's release: kept from look to look, folded anew after a restart. */
export function evidenceFor(cell: LaneCell): EvidenceBySlo {
  const release = cell.state.release;
  if (!release) return new Map();
  if (cell.evidenceFor !== release.id) {
    cell.evidence = evidenceOf(release);
    cell.evidenceFor = release.id;
  }
  return cell.evidence;
}
