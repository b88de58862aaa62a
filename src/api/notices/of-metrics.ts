import type { EventData } from '../../delivery/events.ts';
import type { State } from '../../delivery/machine.ts';
import type { VerdictReason } from '../../delivery/reasons.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Draft, Notices } from './notice.ts';

/** A Prometheus that is away for less is no news: it was started again. */
const PATIENCE_MS = 300_000;
const UNREAD: readonly VerdictReason[] = ['SOURCE_UNAVAILABLE', 'PARTIAL_DATA'];
/** States in which a release is judged by numbers. */
const JUDGED: readonly string[] = ['Deploying', 'Canary', 'Evaluating'] satisfies State[];

/** Whether a release waits for numbers after this record; null: the record does not say. */
function waits(record: LedgerRecord): boolean | null {
  if (record.type === 'release.looked') {
    const { reasons } = (record.data as EventData<'release.looked'>).verdict;
    return reasons.some((reason) => UNREAD.includes(reason as VerdictReason));
  }
  if (record.type !== 'lane.moved') return null;
  return JUDGED.includes((record.data as EventData<'lane.moved'>).to) ? null : false;
}

/** Remembers which environments cannot be read while a release is in progress there. */
export function readingOf(state: Notices, record: LedgerRecord): Notices {
  const waiting = waits(record);
  if (waiting === null) return state;
  const [, environment] = partsOfLane(record.subject);
  const known = state.unread.get(environment);
  if (waiting === (known?.lanes.includes(record.subject) ?? false)) return state;
  const lanes = waiting
    ? [...(known?.lanes ?? []), record.subject]
    : known!.lanes.filter((lane) => lane !== record.subject);
  const unread =
    lanes.length > 0
      ? state.unread.with(environment, { since: known?.since ?? record.at, lanes })
      : state.unread.without(environment);
  return { ...state, unread };
}

/** An environment whose Prometheus went away while something is released, and its return. */
export function ofMetrics(state: Notices, record: LedgerRecord): Draft | null {
  const [, environment] = partsOfLane(record.subject);
  const thread = `metrics/${environment}`;
  const unread = state.unread.get(environment);
  const isTold = state.open.has(thread);
  if ((unread !== undefined) === isTold) return null;
  const base = {
    thread,
    kind: 'needs-a-person',
    service: null,
    environment,
    settled: true,
    path: '/',
  } as const;
  if (unread)
    return {
      ...base,
      episode: 'begins',
      dueAt: unread.since + PATIENCE_MS,
      title: `Releases in ${environment} cannot be judged`,
      text: 'Its Prometheus has not answered, or not completely, for five minutes. Nothing is promoted and nothing is rolled back by numbers; releases continue by themselves once it answers.',
    };
  return {
    ...base,
    episode: 'ends',
    news: record.seq,
    title: `Releases in ${environment} are judged again`,
    text: 'Its Prometheus answers again.',
  };
}
