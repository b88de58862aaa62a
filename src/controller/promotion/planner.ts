import type { Release } from '../../delivery/lane.ts';
import { gitopsEntry, type KeptProposal } from '../../gitops/events.ts';
import type { PullRequest } from '../../gitops/forge.ts';
import type { PromotionPlan } from '../../gitops/promotion.ts';
import { type Actor, SYSTEM } from '../../kit/actor.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import type { Effect, Plan, Want } from '../flow/types.ts';

/** A want: what became of a pull request of ours. */
export const READ = 'promotion.read';
/** A want: whether a proposal is unchanged, and so is the file that it changes. */
export const COMPARE = 'promotion.compare';
/** Effects. */
export const PROPOSE = 'promotion.propose';
export const WITHDRAW = 'promotion.withdraw';
export const MERGE = 'promotion.merge';
export const TELL = 'promotion.tell';
/** The resource of all operations on our pull requests. */
const RESOURCE = 'forge, for proposals';

export type ProposalPlan = Extract<PromotionPlan, { readonly artefact: unknown }>;

export interface Comparison {
  /** The commits that were compared. */
  readonly at: string;
  /** Whether its branch still contains the proposal; and whether the file at the base is unchanged. */
  readonly asked: boolean;
  readonly same: boolean;
}

/** Our pull request that was open when it was last read. */
export interface OpenProposal {
  readonly kept: KeptProposal;
  /** As it is now; null: that is still to be read. */
  readonly pull: PullRequest | null;
  /** The commits that it is to be compared at. */
  readonly at: string;
  readonly compared: Comparison | null;
  /** Whether it is merged automatically: declared for its environment, and allowed by the gate. */
  readonly merges: boolean;
}

/** One lane at one moment, for planning promotions and reverts. */
export interface PromotionSituation {
  readonly now: Ms;
  readonly lane: string;
  /** The commit at which the desired state was read: another one may resolve a failure. */
  readonly commit: string;
  readonly plans: readonly PromotionPlan[];
  readonly open: readonly OpenProposal[];
  /** The failed release to report, and the pull request that introduced its version. */
  readonly toTell: { readonly release: Release; readonly pull: number } | null;
  /** When something has been stable for long enough. */
  readonly wakeAt: Ms | null;
}

export interface ProposeTarget {
  readonly lane: string;
  readonly plan: ProposalPlan;
  readonly actor: Actor;
}
export interface ReadTarget {
  readonly number: number;
}
export interface CompareTarget extends OpenProposal {
  readonly pull: PullRequest;
}
export interface MergeTarget {
  readonly pull: PullRequest;
}
export interface WithdrawTarget {
  readonly lane: string;
  readonly number: number;
  readonly why: string;
}
export interface TellTarget {
  readonly lane: string;
  readonly release: Release;
  readonly pull: number;
}

export const promotionSubject = (lane: string): string => `promotion/${lane}`;

const errand = <T>(kind: string, lane: string, what: string, target: T): Effect<T> => ({
  kind,
  subject: promotionSubject(lane),
  generation: 0,
  key: `${kind} ${lane} ${what}`,
  resource: RESOURCE,
  urgent: false,
  target,
});

/** Requested by a person: carried out at once, without retries. */
export const byHand = (target: ProposeTarget): Effect<ProposeTarget> => ({
  ...errand(PROPOSE, target.lane, 'by hand', target),
  subject: `promote/${target.lane}`,
  urgent: true,
});

const propose = (s: PromotionSituation, plan: ProposalPlan): Effect<ProposeTarget> =>
  errand(PROPOSE, s.lane, `${plan.kind} ${plan.artefact.digest} ${plan.updates} ${s.commit} ${plan.why}`, {
    lane: s.lane,
    plan,
    actor: SYSTEM,
  });

/** The plan of an open proposal, to be written again. */
const planAgain = ({ kept, compared }: OpenProposal): ProposalPlan => {
  const path = `environments/${kept.environment}/${partsOfLane(kept.lane)[0]}.yaml`;
  return {
    kind: kept.kind,
    environment: kept.environment,
    artefact: { version: kept.version, digest: kept.digest },
    from: kept.from,
    updates: kept.number,
    why: compared!.asked
      ? `${path} changed since it was proposed: the pull request is updated`
      : 'somebody changed its branch: the branch is rewritten',
  };
};

/** The record of its end; none while it is open. Closing it declines the proposal. */
function endedEntries({ kept, pull }: OpenProposal, now: Ms): Entry[] {
  if (!pull || pull.state === 'open') return [];
  const why = pull.state === 'merged' ? 'it was merged' : 'a person closed it';
  const data = { number: kept.number, how: pull.state, why };
  return [gitopsEntry('proposal.ended', kept.lane, data, now)];
}

/** What one open proposal needs next. */
function followed(s: PromotionSituation, one: OpenProposal): Pick<Plan, 'effects' | 'wants'> {
  const { kept, pull, compared, at } = one;
  const { number } = kept;
  const want = (w: Want) => ({ wants: [w], effects: [] });
  if (!pull) return want(errand<ReadTarget>(READ, s.lane, `#${number}`, { number }));
  if (compared?.at !== at)
    return want(errand<CompareTarget>(COMPARE, s.lane, `#${number} ${at}`, { ...one, pull }));
  const planned = s.plans.some((p) => (p.kind === 'withdraw' ? p.number : p.updates) === number);
  if (planned) return { wants: [], effects: [] };
  if (!compared.asked || !compared.same) return { wants: [], effects: [propose(s, planAgain(one))] };
  const merge = errand<MergeTarget>(MERGE, s.lane, `#${number} ${pull.head.sha} ${s.commit}`, { pull });
  return { wants: [], effects: one.merges ? [merge] : [] };
}

function carriedOut(s: PromotionSituation, plan: PromotionPlan): Effect {
  if (plan.kind !== 'withdraw') return propose(s, plan);
  const { number, why } = plan;
  return errand<WithdrawTarget>(WITHDRAW, s.lane, `#${number} ${s.commit}`, { lane: s.lane, number, why });
}

/** Plans promotions and reverts into one lane: the ends of open ones are recorded first. */
export function planPromotions(s: PromotionSituation): Plan {
  const entries = s.open.flatMap((one) => endedEntries(one, s.now));
  // Everything else depends on these ends: planned again at once.
  if (entries.length > 0) return { entries, effects: [], wants: [], wakeAt: s.now };
  const open = s.open.map((one) => followed(s, one));
  const tell = s.toTell
    ? [errand<TellTarget>(TELL, s.lane, s.toTell.release.id, { lane: s.lane, ...s.toTell })]
    : [];
  return {
    entries,
    wants: open.flatMap(({ wants }) => wants),
    effects: [
      ...open.flatMap(({ effects }) => effects),
      ...tell,
      ...s.plans.map((plan) => carriedOut(s, plan)),
    ],
    wakeAt: s.wakeAt,
  };
}
