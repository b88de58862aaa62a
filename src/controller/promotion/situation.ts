import { branchOf, type Platform } from '../../declaration/platform.ts';
import { declinedOf, type KeptProposal } from '../../gitops/events.ts';
import type { Promotions } from '../../gitops/fold.ts';
import type { DesiredState } from '../../gitops/port.ts';
import { type Pipeline, plansOf } from '../../gitops/promotion.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Gate } from '../gate/gate.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import type { LearntPulls } from './learnt.ts';
import { standsOf } from './order.ts';
import type { OpenProposal, PromotionSituation } from './planner.ts';
import { environmentOf } from './proposing.ts';

/** What promotions are decided from. */
export interface PromotionSources {
  readonly platform: Platform;
  readonly lanes: LaneStates;
  /** What the gate knows of pull requests: the forge is not asked again for that. */
  readonly gate: Pick<Gate, 'allowed' | 'seen' | 'bringing'>;
  readonly learnt: LearntPulls;
  /** By lane, the commit at which something was seen to be merged that it does not hold yet. */
  readonly unread: ReadonlyMap<string, string>;
  promotions(): Promotions;
  desired(): DesiredState | null;
}

/** One service in every environment, with what is proposed for it and what people turned down. */
export function pipelineOf(sources: PromotionSources, service: string, now: Ms): Pipeline {
  const promotions = sources.promotions();
  return {
    service,
    stands: standsOf(sources.platform, service, sources.lanes, sources.desired()),
    open: [...promotions.open.values()].filter((p) => p.lane.startsWith(`${service}/`)),
    declined: declinedOf(promotions, service),
    now,
  };
}

function openProposal(
  { platform, gate, learnt }: PromotionSources,
  kept: KeptProposal,
  state: DesiredState,
  now: Ms,
): OpenProposal {
  const { number } = kept;
  const { read, readAt, compared, head } = learnt.of(number);
  const seen = gate.seen(number);
  const pull = seen?.state === 'open' && seen.head.sha === head ? seen : readAt === now ? read : null;
  const environment = environmentOf(platform, kept.environment);
  const { autoMerge, autoRevert } = environment.promotion;
  const declared = kept.kind === 'revert' ? autoRevert : autoMerge;
  const base = branchOf(platform, environment);
  return {
    kept,
    pull,
    at: `${state.heads?.get(base) ?? state.commit} ${pull?.head.sha}`,
    compared,
    merges: declared && pull !== null && gate.allowed(number, pull.head.sha) === true,
  };
}

/** The release whose failure is to be reported once, on the pull request that introduced its version. */
function toTell({ lanes, gate, promotions }: PromotionSources, lane: string): PromotionSituation['toTell'] {
  const { told, all, brought } = promotions();
  const release = lanes.get(lane)?.release;
  if (!release?.blamed || release.endedAt === null || told.has(release.id)) return null;
  const { digest } = release.target;
  const ours = [...all.values()].filter((p) => p.lane === lane && p.digest === digest).at(-1);
  const pull = gate.bringing(lane, digest) ?? brought.get(`${lane}@${digest}`) ?? ours?.number ?? null;
  return pull === null ? null : { release, pull };
}

/** When an environment before has been stable for long enough; null: none is waited for. */
function soakedAt({ stands, now }: Pipeline): Ms | null {
  const times = stands.flatMap((s) => (s.restSince === null ? [] : [s.restSince + s.soakMs]));
  const later = times.filter((time) => time > now);
  return later.length === 0 ? null : Math.min(...later);
}

/** What promotions and reverts into a lane are planned from; null while the desired state has not been read. */
export function promotionSituation(
  sources: PromotionSources,
  lane: string,
  now: Ms,
): PromotionSituation | null {
  const state = sources.desired();
  if (!state) return null;
  const [service, environment] = partsOfLane(lane);
  const pipeline = pipelineOf(sources, service, now);
  // A merge is visible in the next commit that is read; until then nothing more is proposed.
  const isRead = sources.unread.get(lane) !== state.commit;
  return Object.freeze({
    now,
    lane,
    commit: state.commit,
    plans: isRead ? plansOf(pipeline).filter((plan) => plan.environment === environment) : [],
    open: [...sources.promotions().open.values()]
      .filter((p) => p.lane === lane)
      .map((kept) => openProposal(sources, kept, state, now)),
    toTell: toTell(sources, lane),
    wakeAt: soakedAt(pipeline),
  });
}
