import { lanesOf } from '../../declaration/layout.ts';
import type { Platform } from '../../declaration/platform.ts';
import type { KeptProposal } from '../../gitops/events.ts';
import { promotionsFold } from '../../gitops/fold.ts';
import type { ForgePort } from '../../gitops/forge.ts';
import type { DesiredState } from '../../gitops/port.ts';
import type { Pipeline } from '../../gitops/promotion.ts';
import type { Actor } from '../../kit/actor.ts';
import { laneName, partsOfLane } from '../../kit/lane.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { openPlane, type Plane } from '../flow/plane.ts';
import type { Runner } from '../flow/runner.ts';
import { inTurn } from '../flow/turns.ts';
import type { Plan, Trouble } from '../flow/types.ts';
import type { Gate } from '../gate/gate.ts';
import { changedLanes } from '../lanes/due-lanes.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import { promotable } from './by-hand.ts';
import { handlePromotions, type LearntBy } from './handlers.ts';
import { createLearntPulls, type Learnt } from './learnt.ts';
import { byHand, type PromotionSituation, planPromotions, promotionSubject } from './planner.ts';
import type { Proposed } from './proposing.ts';
import { type PromotionSources, pipelineOf, promotionSituation } from './situation.ts';

/** Promotions and reverts by pull request. */
export interface Promoter {
  tick(now: number): Promise<void>;
  pipelines(now: number): readonly Pipeline[];
  proposals(): readonly KeptProposal[];
  /** Why the proposals of a lane make no progress; null: they do. */
  trouble(lane: string): Trouble | null;
  /** Proposes a promotion for a person: soaking and an earlier decline do not hold it, order and rejections do. */
  promote(service: string, environment: string, actor: Actor, now: number): Promise<Result<number, string>>;
}

interface PromoterParts {
  readonly platform: Platform;
  readonly forge: ForgePort;
  readonly journal: Journal;
  readonly lanes: LaneStates;
  desired(): DesiredState | null;
  /** What the gate knows of pull requests: the forge is not asked again for that. */
  readonly gate: Pick<Gate, 'allowed' | 'seen' | 'bringing'>;
  authors?(service: string, digest: string): readonly string[];
  budgetLeft?(environment: string, slo: string): number | null;
  /** Called after a merge: the tool that applies Git is asked to refresh. */
  refresh?(environment: string): void;
  warn(details: object, message: string): void;
  /** Carries out operations on the forge; by default this plane creates its own. */
  readonly runner?: Runner;
  /** How many lanes are planned in each tick although nothing was reported about them. */
  readonly inTurn?: number | undefined;
}

interface LaneOf {
  readonly service: string;
  readonly environment: string;
}

/** How long a tick waits for the operations that it started. */
const PATIENCE_MS = 60_000;
const BACKOFF = { firstMs: 5_000, longestMs: 300_000 };

/** Lanes that a record concerns: its own, or those that a pull request changes. */
function lanesIn({ type, subject, data }: LedgerRecord): string[] {
  if (type !== 'gate.decided') return [subject];
  const { changes = [] } = (data as { facts: { changes?: LaneOf[] } }).facts;
  return changes.map(({ service, environment }) => laneName(service, environment));
}

const laneOfSubject = (subject: string): string => subject.slice(promotionSubject('').length);

/** Everything of a service is planned together: its environments follow each other. */
function markingServices(names: readonly string[], plane: Plane): (lane: string) => void {
  const lanesBy = Map.groupBy(names, (lane) => partsOfLane(lane)[0]);
  return (lane) => {
    for (const one of lanesBy.get(partsOfLane(lane)[0]) ?? []) plane.mark(promotionSubject(one));
  };
}

/** What handlers learn of a pull request: it is remembered, and its lane is planned again. */
function learntBy(sources: PromotionSources, plane: Plane): LearntBy {
  const learn = (number: number, more: Partial<Learnt>) => {
    sources.learnt.learn(number, more);
    const lane = sources.promotions().all.get(number)?.lane;
    if (lane) plane.mark(promotionSubject(lane));
  };
  return {
    read: (number, pull) => learn(number, { read: pull, readAt: plane.now() }),
    compared: (number, compared, head) =>
      learn(number, { compared, ...(compared.asked && compared.same ? { head } : {}) }),
    written: (pull) => learn(pull.number, { head: pull.head.sha, read: null }),
    merged: (number) => learn(number, { head: null, read: null }),
    conflict: (number) => learn(number, { compared: null, head: null, read: null }),
  };
}

/** The plane of promotions: each lane is planned by itself. */
function openPromotionPlane(
  parts: PromoterParts,
  sources: PromotionSources,
  unread: Map<string, string>,
): Plane {
  /** Forgets ended pull requests; after a merge the tool that applies Git is asked to refresh. */
  function appended(plan: Plan, { open, lane, commit }: PromotionSituation): void {
    for (const { kept, pull } of open) {
      if (plan.entries.length === 0 || !pull || pull.state === 'open') continue;
      sources.learnt.forget(kept.number);
      if (pull.state !== 'merged') continue;
      unread.set(lane, commit);
      parts.refresh?.(kept.environment);
    }
  }
  return openPlane<PromotionSituation>({
    journal: parts.journal,
    runner: parts.runner,
    planner: { plan: planPromotions },
    situation: (subject, now) => promotionSituation(sources, laneOfSubject(subject), now),
    appended: (_, plan, s) => appended(plan, s),
    patienceMs: PATIENCE_MS,
    backoff: BACKOFF,
    warn: (subject, trouble) => parts.warn({ of: subject, ...trouble }, 'it could not be planned for'),
    log: parts.warn,
  });
}

/** Promotes and reverts by pull request, lane by lane. */
export function createPromoter(parts: PromoterParts): Promoter {
  const { platform, journal, lanes, gate } = parts;
  const names = lanesOf(platform).map(({ service, environment }) => laneName(service.name, environment.name));
  const promotions = () => journal.state(promotionsFold);
  const unread = new Map<string, string>();
  const learnt = createLearntPulls();
  const desired = () => parts.desired();
  const sources: PromotionSources = { platform, lanes, gate, learnt, unread, promotions, desired };
  const plane = openPromotionPlane(parts, sources, unread);
  const markService = markingServices(names, plane);
  const turn = inTurn(names, parts.inTurn);
  let seen: DesiredState | null = null;

  for (const lane of names) plane.mark(promotionSubject(lane));
  journal.onRecords((records) => {
    for (const lane of records.flatMap(lanesIn)) markService(lane);
  });
  handlePromotions(plane.handle, { ...parts, now: plane.now, learnt: learntBy(sources, plane) });

  return {
    pipelines: (now) => platform.services.map((s) => pipelineOf(sources, s.name, now)),
    proposals: () => [...promotions().all.values()],
    trouble: (lane) => plane.trouble(promotionSubject(lane)),
    async tick(now) {
      const state = desired();
      for (const lane of changedLanes(seen, state)) markService(lane);
      seen = state;
      const open = [...promotions().open.values()].map(({ lane }) => lane);
      await plane.tick(now, [...open, ...turn()].map(promotionSubject));
    },
    async promote(service, environment, actor, now) {
      plane.advance(now);
      const wanted = promotable(pipelineOf(sources, service, now), environment);
      if (!wanted.ok) return wanted;
      if ('open' in wanted.value) return ok(wanted.value.open);
      const { plan } = wanted.value;
      const lane = laneName(service, environment);
      const made = await plane.ask<Proposed | null>(byHand({ lane, plan, actor }));
      if (!made.ok) return fail(made.error.message);
      return made.value ? ok(made.value.pull.number) : fail('Git asks for it already');
    },
  };
}
