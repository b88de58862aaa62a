import type { Revision } from '../delivery/events.ts';
import { identityOf } from '../delivery/identity.ts';
import { laneName } from '../kit/lane.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { atVersion, type Fold, mapsCodec } from '../ledger/fold.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import {
  evolve,
  GOVERNANCE_EVENT_VERSION,
  type Governance,
  type GovernanceData,
  governanceEvents,
  noGovernance,
} from './events.ts';
import type { Facts } from './facts.ts';

/** Freezes and waivers, and the allows that let a freeze be passed. */
interface GovernanceState extends Governance {
  /** Until when an allow that passed a freeze is valid, by lane and identity; of older decisions, by digest. */
  readonly passes: PersistentMap<string, number>;
}

/** Passes that are remembered; the ones that were given first go. They last for minutes. */
const MAX_PASSES = 1_000;

const passKey = (lane: string, what: string): string => `${lane}@${what}`;

/** Whether an allow despite the freezes of a lane is recorded for this target, and still valid. */
export function isPassed({ passes }: GovernanceState, lane: string, target: Revision, now: number): boolean {
  const names = [identityOf(target), target.digest].filter((name) => name !== null);
  return names.some((name) => (passes.get(passKey(lane, name)) ?? 0) > now);
}

/** The targets that a decision allows despite a freeze, by lane, while it is valid. */
function passesOf({ data }: LedgerRecord): { key: string; until: number }[] {
  const { decision, facts } = data as GovernanceData<'gate.decided'>;
  if (!decision.allow) return [];
  const frozen = decision.recorded.filter((r) => r.code === 'FROZEN');
  return ((facts as Facts).changes ?? [])
    .filter(({ service, environment, to }) =>
      Boolean(to && frozen.some((r) => r['service'] === service && r['environment'] === environment)),
    )
    .map(({ service, environment, to }) => ({
      key: passKey(laneName(service, environment), to!.identity ?? to!.digest),
      until: decision.validUntil,
    }));
}

function apply(state: GovernanceState, record: LedgerRecord): GovernanceState {
  if (record.type !== 'gate.decided') return { ...state, ...evolve(state, record) };
  let { passes } = state;
  for (const { key, until } of passesOf(record))
    passes = passes.asNewest(key, Math.max(until, passes.get(key) ?? 0), MAX_PASSES);
  return passes === state.passes ? state : { ...state, passes };
}

export const governanceFold: Fold<GovernanceState> = {
  name: 'governance',
  version: 2,
  reads: atVersion(Object.keys(governanceEvents), GOVERNANCE_EVENT_VERSION),
  ...mapsCodec<GovernanceState>({ ...noGovernance, passes: new PersistentMap() }),
  apply,
};
