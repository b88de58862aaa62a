import type { ActiveFreeze, FleetFacts } from './fleet.ts';
import { type LaneSummary, nameOfLane } from './lane.ts';

/** One event of the stream: a record by its name, and what it changed. */
export interface StreamEvent {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly type: string;
  /** The lane, as `service/environment`, the pull request, as `pull/7`, or what else it is about. */
  readonly subject: string;
  readonly lane?: LaneSummary;
  readonly freezes?: readonly ActiveFreeze[];
}

/** What a reader shows of the ledger, beside the fleet. */
interface Followed extends FleetFacts {
  readonly ledger: { readonly seq: number; readonly hash: string };
}

/** The overview after events, without asking the server: what changed came with them. */
export function withEvents<T extends Followed>(overview: T, events: readonly StreamEvent[]): T {
  const newer = events.filter((e) => e.seq > overview.ledger.seq);
  const last = newer.at(-1);
  if (!last) return overview;
  const rows = new Map<string, LaneSummary>();
  for (const { lane } of newer) if (lane) rows.set(nameOfLane(lane), lane);
  const freezes = newer.findLast((e) => e.freezes !== undefined)?.freezes ?? overview.freezes;
  const known = overview.lanes.map((lane) => rows.get(nameOfLane(lane)) ?? lane);
  return { ...overview, lanes: known, freezes, ledger: { ...overview.ledger, seq: last.seq } };
}

/** Lists and details of the console that are read by themselves. */
type Topic =
  | 'release'
  | 'releases'
  | 'budgets'
  | 'budget'
  | 'pipeline'
  | 'measures'
  | 'pulls'
  | 'pull'
  | 'freezes'
  | 'notices'
  | 'waivers';

const BY_TYPE: readonly (readonly [RegExp, readonly Topic[]])[] = [
  [/^release\.looked$/, ['release']],
  [/^release\.(opened|held)$|^lane\.moved$/, ['release', 'releases', 'pipeline', 'notices']],
  [/^release\.(confirmed|paused|loaded)$/, ['release', 'releases', 'pipeline']],
  [/^sync\./, ['release', 'pipeline', 'notices']],
  [/^(lane\.|command\.)/, ['release', 'pipeline']],
  [/^budget\./, ['budgets', 'budget']],
  [/^freeze\./, ['freezes', 'pulls', 'pull', 'notices']],
  [/^waiver\./, ['waivers', 'pulls', 'pull']],
  [/^gate\./, ['pulls', 'pull', 'pipeline', 'notices']],
  [/^proposal\./, ['pipeline', 'pulls', 'notices']],
  [/^desired\.changed$/, ['pipeline', 'measures']],
];

/** What an event makes out of date besides the overview. */
export function staleAfter({ type }: Pick<StreamEvent, 'type'>): readonly Topic[] {
  return BY_TYPE.find(([pattern]) => pattern.test(type))?.[1] ?? [];
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** How long to wait before the stream is opened again, after so many failures; `random` in [0, 1) spreads readers. */
export const waitBefore = (failures: number, random: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10)) * (0.5 + random / 2);

/** At most one question in this time is asked because of events. */
export const ASK_EVERY_MS = 2_500;

/** Data that is older than this is shown as old, with its age. */
const OLD_AFTER_MS = 30_000;

/** How what is shown is doing: nothing yet, not allowed, not there, not answered, or there, and how old it is. */
export type Screen =
  | { readonly kind: 'loading' }
  | { readonly kind: 'forbidden'; readonly why: string }
  | { readonly kind: 'missing'; readonly why: string }
  /** `answered`: the server said why; otherwise it cannot be reached. */
  | { readonly kind: 'failed'; readonly why: string; readonly answered: boolean }
  /** `ageMs` is null while it is current. */
  | { readonly kind: 'ready'; readonly ageMs: number | null };

interface Answered {
  readonly has: boolean;
  readonly error: { readonly status: number | null; readonly message: string } | null;
  /** When the data was read or last confirmed by the stream, in milliseconds since 1970. */
  readonly at: number;
}

/** The state of a page as a value: never an absence of data. */
export function screenOf({ has, error, at }: Answered, now: number): Screen {
  if (error && (error.status === 401 || error.status === 403))
    return { kind: 'forbidden', why: error.message };
  if (error?.status === 404) return { kind: 'missing', why: error.message };
  if (has) return { kind: 'ready', ageMs: now - at > OLD_AFTER_MS ? now - at : null };
  return error
    ? { kind: 'failed', why: error.message, answered: error.status !== null }
    : { kind: 'loading' };
}
