import type { EventData } from '../../delivery/events.ts';
import { MOVE_REASONS } from '../../delivery/reasons.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Draft, Notices } from './notice.ts';

const WORDS = {
  started: 'is being released',
  promoted: 'is released',
  'rolled-back': 'was rolled back',
} as const;

/** A notice of a release; null: nothing is known of it. */
function ofRelease(
  { versions }: Notices,
  id: string,
  more: Pick<Draft, 'kind' | 'text' | 'settled' | 'news'>,
): Draft | null {
  const known = versions.get(id);
  if (!known) return null;
  const { service, environment, version } = known;
  const word = WORDS[more.kind as keyof typeof WORDS] ?? 'needs you';
  const title = `${service} ${version} ${word} in ${environment}`;
  return { thread: id, service, environment, title, path: `/releases/${id}`, ...more };
}

/** `release.opened`. */
export function ofOpened(state: Notices, record: LedgerRecord): Draft | null {
  const { release, from } = record.data as EventData<'release.opened'>;
  const text = from ? `It replaces ${from.version}.` : 'It is the first version there.';
  return ofRelease(state, release, { kind: 'started', text, settled: false });
}

/** `release.held`. */
export function ofHeld(state: Notices, record: LedgerRecord): Draft | null {
  const { release, held, wants } = record.data as EventData<'release.held'>;
  const text =
    wants === 'traffic'
      ? 'Too few requests arrived before its deadline, and no check failed: it waits and is not rolled back. Resume it for more time, promote it or abort it.'
      : 'Its deadline passed without a verdict: resume or abort it.';
  return held
    ? ofRelease(state, release, { kind: 'needs-a-person', text, settled: true, news: record.seq })
    : ofRelease(state, release, { kind: 'started', text: 'It continues.', settled: false });
}

/** `lane.moved`: steps, promotions and aborts; other moves are no news. */
export function ofMoved(state: Notices, record: LedgerRecord): Draft | null {
  const { release, from, to, reason, step, blamed, note } = record.data as EventData<'lane.moved'>;
  if (release === null) return null;
  const words = note ? `${MOVE_REASONS[reason]}: ${note}` : MOVE_REASONS[reason];
  if (to === 'Canary' && (reason === 'NEXT_STEP' || reason === 'STEP_BACK')) {
    const text = `Step ${step + 1}: ${words}.`;
    return ofRelease(state, release, { kind: 'started', text, settled: false });
  }
  if (from === 'Promote' && to === 'Stable') {
    const text = `It serves all traffic: ${words}.`;
    return ofRelease(state, release, { kind: 'promoted', text, settled: true });
  }
  if (to !== 'Abort') return null;
  const kind = reason === 'SUPERSEDED' ? 'started' : 'rolled-back';
  const refused = blamed ? ' This digest is now refused.' : '';
  return ofRelease(state, release, { kind, text: `Stopped: ${words}.${refused}`, settled: true });
}
