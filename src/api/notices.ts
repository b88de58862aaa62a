import type { NoticeKind } from '../declaration/defaults.ts';
import { EVENT_VERSION, type EventData } from '../delivery/events.ts';
import { MOVE_REASONS } from '../delivery/machine.ts';
import { GITOPS_EVENT_VERSION, type GitopsData } from '../gitops/events.ts';
import { GOVERNANCE_EVENT_VERSION, type GovernanceData } from '../governance/events.ts';
import { scopeText } from '../governance/facts.ts';
import { decisionSentence } from '../governance/words.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { atVersion, type Fold, mapsCodec } from '../ledger/fold.ts';
import type { LedgerRecord } from '../ledger/record.ts';

/** What somebody is told of one thing: one message, brought up to date, never another one. */
export interface Notice {
  /** Names the thing: a release, a pull request, a freeze, a lane. */
  readonly thread: string;
  readonly kind: NoticeKind;
  /** Every kind that this thread has been of: who asked for one of them is told. */
  readonly kinds: readonly NoticeKind[];
  readonly service: string | null;
  readonly environment: string | null;
  readonly title: string;
  readonly text: string;
  readonly at: number;
  /** Sequence of the record that it speaks of: a higher one replaces it. */
  readonly rev: number;
  /** Nothing more is expected of it, or a person is needed: worth a message where none can be updated. */
  readonly settled: boolean;
  /** Below the console's address. */
  readonly path: string;
}

type Draft = Pick<
  Notice,
  'thread' | 'kind' | 'service' | 'environment' | 'title' | 'text' | 'settled' | 'path'
>;

interface Version {
  readonly version: string;
  readonly service: string;
  readonly environment: string;
}

/** What is remembered of earlier records: the version of each release, and the newest notice of each thread. */
export interface Notices {
  readonly versions: PersistentMap<string, Version>;
  readonly threads: PersistentMap<string, Notice>;
}

const laneOf = (subject: string) => subject.split('/') as [string, string];
/** So many are remembered; the ones that nothing was heard of for longest go. */
const MAX_THREADS = 5_000;

/** What a record says to people, by what is remembered of earlier ones; null: nothing. */
function draftOf({ versions, threads }: Notices, record: LedgerRecord): Draft | null {
  function ofRelease(id: string, more: Pick<Draft, 'kind' | 'text' | 'settled'>): Draft | null {
    const known = versions.get(id);
    if (!known) return null;
    const { service, environment, version } = known;
    const word = { started: 'is going out', promoted: 'is out', 'rolled-back': 'was rolled back' } as const;
    const title = `${service} ${version} ${word[more.kind as keyof typeof word] ?? 'needs you'} in ${environment}`;
    return { thread: id, service, environment, title, path: `/releases/${id}`, ...more };
  }

  function moved(data: EventData<'lane.moved'>): Draft | null {
    const { release, from, to, reason, step, blamed, note } = data;
    if (release === null) return null;
    const words = note ? `${MOVE_REASONS[reason]}: ${note}` : MOVE_REASONS[reason];
    if (to === 'Canary' && reason === 'NEXT_STEP')
      return ofRelease(release, { kind: 'started', text: `Step ${step + 1}: ${words}.`, settled: false });
    if (from === 'Promote' && to === 'Stable')
      return ofRelease(release, {
        kind: 'promoted',
        text: `It serves all traffic: ${words}.`,
        settled: true,
      });
    if (to !== 'Abort') return null;
    const kind = reason === 'SUPERSEDED' ? 'started' : 'rolled-back';
    const refused = blamed ? ' This digest is refused from here on.' : '';
    return ofRelease(release, { kind, text: `Stopped: ${words}.${refused}`, settled: true });
  }

  function ofPull(
    subject: string,
    more: Pick<Draft, 'kind' | 'title' | 'text' | 'settled'>,
    lane?: string,
  ): Draft {
    const number = subject.replace('pull/', '');
    const [service, environment] = lane ? laneOf(lane) : [null, null];
    return { thread: `pull/${number}`, service, environment, path: `/pulls/${number}`, ...more };
  }

  function ofProposal(record: LedgerRecord): Draft | null {
    if (record.type === 'proposal.ended') {
      const { number, how, why } = record.data as GitopsData<'proposal.ended'>;
      const known = threads.get(`pull/${number}`);
      const title = known?.title ?? `Pull request #${number}`;
      return ofPull(
        `pull/${number}`,
        { kind: 'proposed', title, text: `It is ${how}: ${why}.`, settled: true },
        record.subject,
      );
    }
    const { kind, number, artefact, why } = record.data as GitopsData<'proposal.opened'>;
    const [service, environment] = laneOf(record.subject);
    const verb = kind === 'promotion' ? 'Promote' : 'Revert';
    const title = `#${number}: ${verb} ${service} to ${artefact.version} in ${environment}`;
    return ofPull(
      `pull/${number}`,
      { kind: 'proposed', title, text: `${why}.`, settled: false },
      record.subject,
    );
  }

  function ofDecision(record: LedgerRecord): Draft | null {
    const { decision, facts } = record.data as GovernanceData<'gate.decided'>;
    const [change] =
      (facts as { changes?: readonly { service: string; environment: string }[] }).changes ?? [];
    const lane = change ? `${change.service}/${change.environment}` : undefined;
    const known = threads.get(record.subject);
    // That something may merge is news only where it might not.
    if (decision.allow && !known?.kinds.includes('denied')) return null;
    const pull = (facts as { pullRequest?: { number: number; title: string } }).pullRequest;
    const title = known?.title ?? `#${pull?.number}: ${pull?.title ?? ''}`;
    const kind = decision.allow ? 'proposed' : 'denied';
    return ofPull(record.subject, { kind, title, text: decisionSentence(decision), settled: true }, lane);
  }

  function ofFreeze(record: LedgerRecord): Draft | null {
    const base = { kind: 'freeze' as const, settled: true, path: '/freezes' };
    if (record.type === 'freeze.moved') {
      const { slo, cause, reason, overruled } = record.data as GovernanceData<'freeze.moved'>;
      const [service, environment] = laneOf(record.subject);
      const thread = `freeze/${slo}@${environment}`;
      const known = threads.get(thread);
      const title =
        cause && !overruled
          ? `${service} is frozen in ${environment}`
          : `${service} may go out in ${environment} again`;
      // A freeze that only grows calmer is no news.
      if (known?.title === title || (!known && !cause)) return null;
      return { ...base, thread, service, environment, title, text: `${reason}. Reverts and rollbacks pass.` };
    }
    if (record.type === 'freeze.set') {
      const { id, scope, reason, until } = record.data as GovernanceData<'freeze.set'>;
      const text = `${reason}, by ${record.actor.id}, until ${new Date(until).toISOString()}. Reverts and rollbacks pass.`;
      const [service, environment] = [scope.service, scope.environment].map((n) =>
        n === '*' ? null : n,
      ) as [string | null, string | null];
      return {
        ...base,
        thread: `freeze/${id}`,
        service,
        environment,
        title: `${scopeText(scope)} is frozen`,
        text,
      };
    }
    const { id, reason } = record.data as GovernanceData<'freeze.lifted'>;
    const known = threads.get(`freeze/${id}`);
    const { service = null, environment = null } = known ?? {};
    const title = (known?.title ?? id).replace('is frozen', 'is frozen no more');
    return {
      ...base,
      thread: `freeze/${id}`,
      service,
      environment,
      title,
      text: `${reason}, by ${record.actor.id}.`,
    };
  }

  switch (record.type) {
    case 'release.opened': {
      const { release, from } = record.data as EventData<'release.opened'>;
      const text = from ? `It replaces ${from.version}.` : 'It is the first one there.';
      return ofRelease(release, { kind: 'started', text, settled: false });
    }
    case 'release.held': {
      const { release, held } = record.data as EventData<'release.held'>;
      return held
        ? ofRelease(release, {
            kind: 'needs-a-person',
            text: 'Its deadline passed without a verdict: resume or abort it.',
            settled: true,
          })
        : ofRelease(release, { kind: 'started', text: 'It goes on.', settled: false });
    }
    case 'lane.moved':
      return moved(record.data as EventData<'lane.moved'>);
    case 'proposal.opened':
    case 'proposal.updated':
    case 'proposal.ended':
      return ofProposal(record);
    case 'gate.decided':
      return ofDecision(record);
    case 'freeze.moved':
    case 'freeze.set':
    case 'freeze.lifted':
      return ofFreeze(record);
    case 'sync.moved': {
      const { to, why } = record.data as GitopsData<'sync.moved'>;
      const [service, environment] = laneOf(record.subject);
      const title =
        to === 'Synced'
          ? `${service} in ${environment} is as Git asks again`
          : `${service} in ${environment} is not as Git asks`;
      return {
        thread: `sync/${record.subject}`,
        kind: 'drift',
        service,
        environment,
        title,
        text: `${why}.`,
        settled: true,
        path: '/pipeline',
      };
    }
    default:
      return null;
  }
}

function remembered(state: Notices, record: LedgerRecord): Notices {
  if (record.type !== 'release.opened') return state;
  const { release, target } = record.data as EventData<'release.opened'>;
  const [service, environment] = laneOf(record.subject);
  const opened = { version: target.version, service, environment };
  return { ...state, versions: state.versions.asNewest(release, opened, MAX_THREADS) };
}

/** The ledger as messages: the newest of each thread. */
export const noticesFold: Fold<Notices> = {
  name: 'notices',
  version: 1,
  reads: {
    ...atVersion(['release.opened', 'release.held', 'lane.moved'], EVENT_VERSION),
    ...atVersion(
      ['proposal.opened', 'proposal.updated', 'proposal.ended', 'sync.moved'],
      GITOPS_EVENT_VERSION,
    ),
    ...atVersion(['gate.decided', 'freeze.moved', 'freeze.set', 'freeze.lifted'], GOVERNANCE_EVENT_VERSION),
  },
  ...mapsCodec<Notices>({ versions: new PersistentMap(), threads: new PersistentMap() }),
  apply(before, record) {
    const state = remembered(before, record);
    const draft = draftOf(state, record);
    if (!draft) return state;
    const kinds = [...new Set([...(state.threads.get(draft.thread)?.kinds ?? []), draft.kind])];
    const notice: Notice = { ...draft, kinds, at: record.at, rev: record.seq };
    return { ...state, threads: state.threads.asNewest(draft.thread, notice, MAX_THREADS) };
  },
};
