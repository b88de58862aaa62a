import type { Platform } from '../declaration/platform.ts';
import { versionsOf } from '../delivery/event-versions.ts';
import type { EventData } from '../delivery/events.ts';
import { isNewHere } from '../gitops/commits.ts';
import { GITOPS_EVENT_VERSION, type GitopsData, gitopsEvents } from '../gitops/events.ts';
import { laneName, partsOfLane } from '../kit/lane.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { atVersion, type Fold, mapsCodec } from '../ledger/fold.ts';
import type { LedgerRecord } from '../ledger/record.ts';

/** Something that went well or badly for users of a lane. Times in milliseconds. */
type Outcome =
  | {
      readonly kind: 'deployed';
      readonly at: number;
      /** From the first commit that named the artefact to all traffic; null: that was before us. */
      readonly leadMs: number | null;
    }
  | {
      readonly kind: 'failed';
      readonly at: number;
      /** Until traffic was restored, or the service came back; null: not yet. */
      readonly restoredMs: number | null;
    };

/** Recent outcomes of one lane. */
interface LaneOutcomes {
  readonly outcomes: readonly Outcome[];
  /** When the newest one happened that there was no room for; null: there was for all. */
  readonly leftOutAt: number | null;
}

interface Opened {
  readonly release: string;
  readonly digest: string;
  readonly firstRequestAt: number | null;
}

/** What the four are made of: of every lane, wherever users are declared to be. */
interface MeasuresState {
  /** When an artefact was first written down, by `service@digest`. */
  readonly written: PersistentMap<string, number>;
  /** The latest release of each lane. */
  readonly opened: PersistentMap<string, Opened>;
  /** Lanes that burn without a release. */
  readonly burning: PersistentMap<string, true>;
  readonly lanes: PersistentMap<string, LaneOutcomes>;
}

/** DORA's four over a span of time. Rates are shares; no deployment, no rate. */
export interface Measures {
  readonly deployments: number;
  readonly perDay: number;
  readonly leadTimeMs: number | null;
  readonly failures: number;
  readonly changeFailureRate: number | null;
  readonly timeToRestoreMs: number | null;
  /** What happened at or before this time is not all counted: there was no room for it. Null: everything is. */
  readonly leftOutAt: number | null;
}

/** The four are shown over thirty days; older outcomes are not kept. */
export const MEASURED_MS = 30 * 86_400_000;
/** A lane with more outcomes than this within that time is measured by its newest ones, and says so. */
const MOST_OUTCOMES = 1_000;

const median = (values: readonly number[]): number | null => {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Environments after which nothing comes: where users are. */
export const lastEnvironments = (platform: Platform): string[] =>
  platform.environments
    .filter((e) => !platform.environments.some((other) => other.after.includes(e.name)))
    .map((e) => e.name);

const NO_OUTCOMES: LaneOutcomes = { outcomes: [], leftOutAt: null };

function add(state: MeasuresState, lane: string, outcome: Outcome): MeasuresState {
  const { outcomes, leftOutAt } = state.lanes.get(lane) ?? NO_OUTCOMES;
  const recent = [...outcomes.filter((o) => o.at > outcome.at - MEASURED_MS), outcome];
  const left = recent.slice(0, Math.max(0, recent.length - MOST_OUTCOMES)).at(-1);
  const next = { outcomes: recent.slice(-MOST_OUTCOMES), leftOutAt: left?.at ?? leftOutAt };
  return { ...state, lanes: state.lanes.with(lane, next) };
}

/** Failures of a lane that were not restored yet count as restored from now on. */
function restored(state: MeasuresState, lane: string, at: number): MeasuresState {
  const before = state.lanes.get(lane);
  if (!before?.outcomes.some((o) => o.kind === 'failed' && o.restoredMs === null)) return state;
  const outcomes = before.outcomes.map((o) =>
    o.kind === 'failed' && o.restoredMs === null ? { ...o, restoredMs: Math.max(0, at - o.at) } : o,
  );
  return { ...state, lanes: state.lanes.with(lane, { ...before, outcomes }) };
}

function written(
  state: MeasuresState,
  { authoredAt, changes }: GitopsData<'desired.changed'>,
): MeasuresState {
  let next = state.written;
  for (const { lane, kind, to } of changes) {
    if (!to || !isNewHere(kind)) continue;
    const key = `${partsOfLane(lane)[0]}@${to.digest}`;
    next = next.with(key, Math.min(next.get(key) ?? authoredAt, authoredAt));
  }
  return { ...state, written: next };
}

function deployed(state: MeasuresState, lane: string, { digest }: Opened, at: number): MeasuresState {
  const since = state.written.get(`${partsOfLane(lane)[0]}@${digest}`);
  return add(state, lane, {
    kind: 'deployed',
    at,
    leadMs: since === undefined ? null : Math.max(0, at - since),
  });
}

function moved(before: MeasuresState, { subject: lane, at, data }: LedgerRecord): MeasuresState {
  const { to, from, reason, release, blamed } = data as EventData<'lane.moved'>;
  const latest = before.opened.get(lane);
  const opened = release !== null && latest?.release === release ? latest : undefined;
  let state = before;
  if (from === 'Promote' && to === 'Stable' && opened) state = deployed(state, lane, opened, at);
  if (to === 'Abort' && blamed)
    state = add(state, lane, { kind: 'failed', at: opened?.firstRequestAt ?? at, restoredMs: null });
  // Traffic is back on what was good: users are well again, whatever the windows still remember.
  if (reason === 'TRAFFIC_RESTORED') state = restored(state, lane, at);
  if (reason === 'BURNING') {
    state = { ...state, burning: state.burning.with(lane, true) };
    state = add(state, lane, { kind: 'failed', at, restoredMs: null });
  }
  if (to === 'Stable' && state.burning.has(lane))
    state = restored({ ...state, burning: state.burning.without(lane) }, lane, at);
  return state;
}

export const measuresFold: Fold<MeasuresState> = {
  name: 'measures',
  version: 1,
  reads: {
    ...atVersion(['desired.changed'], GITOPS_EVENT_VERSION),
    ...versionsOf('release.opened', 'release.confirmed', 'lane.moved'),
  },
  ...mapsCodec<MeasuresState>({
    written: new PersistentMap(),
    opened: new PersistentMap(),
    burning: new PersistentMap(),
    lanes: new PersistentMap(),
  }),
  apply(state, record) {
    const { type, subject: lane, data, at } = record;
    if (type === 'desired.changed') return written(state, gitopsEvents['desired.changed'].parse(data));
    if (type === 'lane.moved') return moved(state, record);
    if (type === 'release.opened') {
      const { release, target } = data as EventData<'release.opened'>;
      const opened = { release, digest: target.digest, firstRequestAt: null };
      return { ...state, opened: state.opened.with(lane, opened) };
    }
    const { release, step } = data as EventData<'release.confirmed'>;
    const opened = state.opened.get(lane);
    if (opened?.release !== release || step !== 0) return state;
    return { ...state, opened: state.opened.with(lane, { ...opened, firstRequestAt: at }) };
  },
};

/** The four of one service, or of all, in the environments where users are. */
export function measuresOf(
  state: MeasuresState,
  environments: readonly string[],
  service: string | null,
  now: number,
  spanMs: number,
): Measures {
  const lanes =
    service === null
      ? [...state.lanes].filter(([lane]) => environments.includes(partsOfLane(lane)[1])).map(([, of]) => of)
      : environments.flatMap((environment) => state.lanes.get(laneName(service, environment)) ?? []);
  const mine = lanes.flatMap(({ outcomes }) => outcomes.filter((o) => o.at > now - spanMs));
  const left = lanes.flatMap(({ leftOutAt }) =>
    leftOutAt !== null && leftOutAt > now - spanMs ? leftOutAt : [],
  );
  const deployments = mine.filter((o) => o.kind === 'deployed');
  const failures = mine.filter((o) => o.kind === 'failed');
  return {
    deployments: deployments.length,
    perDay: deployments.length / (spanMs / 86_400_000),
    leadTimeMs: median(deployments.flatMap((d) => d.leadMs ?? [])),
    failures: failures.length,
    changeFailureRate: mine.length === 0 ? null : failures.length / mine.length,
    timeToRestoreMs: median(failures.flatMap((f) => f.restoredMs ?? [])),
    leftOutAt: left.length === 0 ? null : Math.max(...left),
  };
}
