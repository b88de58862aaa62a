import type { Posted, PullRequest } from '../../gitops/forge.ts';
import { type Decision, outcomeKey } from '../../governance/decision.ts';
import { type GovernanceData, governanceEntry } from '../../governance/events.ts';
import type { Facts } from '../../governance/facts.ts';
import { type Actor, SYSTEM } from '../../kit/actor.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import type { Effect, Plan, Subject, Want } from '../flow/types.ts';
import type { DecideTarget, PostTarget } from './handlers.ts';
import { type PostsOnRecord, recordOfPost } from './posting.ts';

/** A want: facts are gathered and the policy is asked. */
export const DECIDE = 'gate.decide';
/** An effect: the decision is posted as a check, with a comment. */
export const POST = 'gate.post';
export const FORGE = 'forge';

export const pullSubject = (number: number): Subject => `pull/${number}`;

/** What was decided, and what exactly the policy was asked. */
export interface Answer {
  /** The value of the hint counter when this was started. */
  readonly turn: number;
  readonly decision: Decision;
  readonly facts: Facts;
  readonly asked: object;
  readonly trigger: string;
  readonly actor: Actor;
}

/** A request for a decision, whatever was decided before. */
export interface EvaluationRequest {
  readonly trigger: string;
  readonly actor: Actor;
  /** Somebody waits for the answer. */
  readonly urgent: boolean;
}

/** A post that was carried out, and what it was of. */
export interface PostDone {
  readonly posted: Posted;
  readonly decision: Decision;
  readonly headSha: string;
}

/** One pull request as it is known at one moment. */
export interface PullSituation {
  readonly now: Ms;
  readonly subject: Subject;
  readonly pull: PullRequest;
  /** Of the head that it has now; null: nothing was decided of that. */
  readonly decision: Decision | null;
  readonly facts: Facts | null;
  /** What it would be decided on now, and what it was decided on. */
  readonly ground: string;
  readonly decidedOn: string;
  readonly asked: EvaluationRequest | null;
  /** Grows with every hint: a decision that was started before is made again. */
  readonly turn: number;
  /** An answer that is not in the ledger yet. */
  readonly answer: Answer | null;
  /** What came of a post that is not in the ledger yet. */
  readonly posted: PostDone | null;
  readonly onRecord: PostsOnRecord;
  /** Whether the decision may not be posted. */
  readonly untold: boolean;
  /** Grows when the post may have been replaced: it is then posted again if necessary. */
  readonly postTurn: number;
  /** Names of the policy engine and the forge, for the record. */
  readonly engine: string;
  readonly forge: string;
  /** Waivers that are on record as used for this pull request. */
  readonly waiversUsed: ReadonlySet<string>;
  /** Whether posts are recorded; those of merge groups are not. */
  readonly recordsPosts: boolean;
}

/** Why a decision is due; null: none is. */
function triggerOf(s: PullSituation): string | null {
  if (s.asked) return s.asked.trigger;
  if (!s.decision) return s.facts ? 'its head moved' : 'opened';
  if (s.ground !== s.decidedOn) return 'its inputs changed';
  return s.now >= s.decision.validUntil ? 'its decision expired' : null;
}

/** A decision as it is recorded, with the waivers that it used up. */
function decidedEntries(s: PullSituation, answer: Answer): Entry[] {
  const { decision, asked, trigger, actor } = answer;
  const subject = pullSubject(s.pull.number);
  const data: GovernanceData<'gate.decided'> = {
    decision,
    facts: asked,
    engine: s.engine,
    forge: s.forge,
    trigger,
  } as GovernanceData<'gate.decided'>;
  const used = decision.allow ? decision.waiversUsed.filter((id) => !s.waiversUsed.has(id)) : [];
  return [
    governanceEntry('gate.decided', subject, data, actor, s.now, decision.id),
    ...used.map((id) =>
      governanceEntry(
        'waiver.used',
        subject,
        { id, pullRequest: s.pull.number, decision: decision.id },
        SYSTEM,
        s.now,
        decision.id,
      ),
    ),
  ];
}

/** A post as it is recorded; nothing, where it adds nothing to what is. */
function postedEntries(s: PullSituation, { posted, decision, headSha }: PostDone): Entry[] {
  const { post, foreign } = posted;
  const adds = post === 'posted' && recordOfPost(s.onRecord, decision.id, foreign, s.now) !== null;
  if (!adds || !s.recordsPosts) return [];
  const state = decision.allow ? ('success' as const) : ('failure' as const);
  const data = { decision: decision.id, headSha, state, ...(foreign ? { foreign } : {}) };
  return [governanceEntry('gate.posted', s.subject, data, SYSTEM, s.now, decision.id)];
}

const decide = (s: PullSituation, trigger: string): Want<DecideTarget> => ({
  kind: DECIDE,
  subject: s.subject,
  generation: s.turn,
  // The key contains the inputs: while they stay the same, a failed decision waits for its next attempt.
  key: `${DECIDE} ${s.subject} ${s.ground}`,
  resource: FORGE,
  urgent: s.asked?.urgent ?? false,
  target: { pull: s.pull, trigger, actor: s.asked?.actor ?? SYSTEM },
});

const post = (s: PullSituation, decision: Decision, facts: Facts): Effect<PostTarget> => ({
  kind: POST,
  subject: s.subject,
  generation: s.postTurn,
  // One outcome at one commit: a renewed decision with the same outcome is not posted again.
  key: `${POST} ${s.subject} ${s.pull.head.sha} ${outcomeKey(decision)}`,
  resource: FORGE,
  urgent: false,
  target: { pull: s.pull, decision, facts },
});

/** Plans one pull request: records answers and posts, then asks for the next decision or post. */
export function planPull(s: PullSituation): Plan {
  const { answer } = s;
  const told = s.posted ? postedEntries(s, s.posted) : [];
  if (answer)
    return {
      entries: [...told, ...decidedEntries(s, answer)],
      effects: [post(s, answer.decision, answer.facts)],
      wants: [],
      wakeAt: answer.decision.validUntil,
    };
  const trigger = triggerOf(s);
  const { decision, facts, untold } = s;
  return {
    entries: told,
    wants: trigger === null ? [] : [decide(s, trigger)],
    effects: trigger === null && untold && decision && facts ? [post(s, decision, facts)] : [],
    wakeAt: decision?.validUntil ?? null,
  };
}
