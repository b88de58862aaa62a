import { isRefused } from '../delivery/admission.ts';
import type { Revision } from '../delivery/events.ts';
import { isSame } from '../delivery/identity.ts';
import type { Lane } from '../delivery/lane.ts';
import type { Delivery } from '../delivery/port.ts';
import { isRelease } from '../delivery/transitions.ts';
import type { Result } from '../kit/result.ts';

export const SYNC_WORDS = ['Synced', 'Progressing', 'OutOfSync', 'Unknown'] as const;
export type SyncWord = (typeof SYNC_WORDS)[number];
export const HEALTH_WORDS = ['Healthy', 'Progressing', 'Degraded', 'Missing', 'Unknown'] as const;
type HealthWord = (typeof HEALTH_WORDS)[number];

/** What serves users of one service in one environment, as reported by the tool that applies Git there. */
export interface Live {
  /** Null: nothing. */
  readonly revision: string | null;
  readonly health: HealthWord;
  /** What the tool that applies Git says of it, where that is not Sluice itself. */
  readonly application?: {
    readonly tool: 'Argo CD' | 'Flux';
    readonly sync: SyncWord;
    readonly note: string;
  };
}

/** The tool that applies the repository to an environment: Sluice on one machine, Argo CD or Flux in a cluster. */
export interface SyncPort {
  /** By service. */
  live(environment: string): Promise<Result<ReadonlyMap<string, Live>, string>>;
  /** Asks it to refresh at once: an idempotent hint. */
  refresh(environment: string): Promise<void>;
}

export interface Sync {
  readonly word: SyncWord;
  readonly why: string;
}

/** The state of the edge in terms of the tool that applies Git. */
export function liveOf(delivery: Delivery | null): Live {
  if (!delivery) return { revision: null, health: 'Unknown' };
  if (delivery.stable === null)
    return { revision: null, health: delivery.canary ? 'Progressing' : 'Missing' };
  return { revision: delivery.stable, health: delivery.weight > 0 ? 'Progressing' : 'Healthy' };
}

/** The right version serves; Argo CD or Flux reports the rest. */
function servesAsAsked({ version }: Revision, { application }: Live): Sync {
  if (!application || application.sync === 'Synced')
    return { word: 'Synced', why: `${version} serves, as requested in Git` };
  const { tool, sync, note } = application;
  const says = {
    OutOfSync: `${tool} says the rest is out of sync with Git`,
    Progressing: `${tool} is still applying the rest`,
    Unknown: `${tool} cannot compare it with Git`,
  }[sync];
  return { word: sync, why: `${version} serves; ${says}${note ? `: ${note}` : ''}` };
}

/** Whether what serves is what Git asks for, and why not. Pure. */
export function syncOf(lane: Lane, wanted: Revision | null, live: Live): Sync {
  const is = (word: SyncWord, why: string): Sync => ({ word, why });
  if (live.health === 'Unknown') return is('Unknown', 'what runs is currently unknown');
  if (isRelease(lane.state) || lane.state === 'Abort' || lane.state === 'Rollback')
    return is('Progressing', `${lane.release?.target.version} is in progress (${lane.state})`);
  const serves = lane.stable;
  if (live.revision !== (serves?.revision ?? null))
    return is(
      'OutOfSync',
      `${live.revision ?? 'nothing'} serves; ${serves ? `${serves.version} (${serves.revision})` : 'nothing'} was released`,
    );
  if (!wanted)
    return serves
      ? is('OutOfSync', `${serves.version} serves, but Git has no version for it`)
      : is('Synced', 'Git has no version for it, and nothing serves');
  if (serves && isSame(serves, wanted)) return servesAsAsked(wanted, live);
  const now = serves ? `${serves.version} serves` : 'nothing serves';
  if (isRefused(lane, wanted))
    return is('OutOfSync', `Git asks for ${wanted.version}, which was rejected; ${now}`);
  if (lane.aside.includes(wanted.revision))
    return is('OutOfSync', `Git asks for ${wanted.version}, which a person stopped; ${now}`);
  if (lane.hold) return is('OutOfSync', `${wanted.version} is held: ${lane.hold.reason}; ${now}`);
  return is('OutOfSync', `Git asks for ${wanted.version}; ${now}`);
}
