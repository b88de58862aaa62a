import type { Posted, PullRequest } from '../../gitops/forge.ts';
import { type Decision, outcomeKey } from '../../governance/decision.ts';
import type { Facts } from '../../governance/facts.ts';
import type { Ms } from '../../kit/time.ts';
import type { Subject } from '../flow/types.ts';
import { NOT_ON_RECORD, type PostsOnRecord, recordOfPost } from './posting.ts';
import type { Answer, EvaluationRequest, PostDone, PullSituation } from './pull-plan.ts';

/** What is known of a pull request or a merge group. A cache: all of it can be read again. */
export interface Watched {
  readonly subject: Subject;
  pull: PullRequest;
  /** Of the head that it has now. */
  decision: Decision | null;
  facts: Facts | null;
  /** The latest foreign post under the name of our check that ours replaced. */
  foreign: Posted['foreign'];
  decidedOn: string;
  asked: EvaluationRequest | null;
  turn: number;
  answer: Answer | null;
  posted: PostDone | null;
  onRecord: PostsOnRecord;
  untold: boolean;
  postTurn: number;
  /** When the post was last seen in place, and whether somebody has posted there since. */
  checkedAt: Ms;
  suspect: boolean;
}

export const watchedOf = (
  subject: Subject,
  pull: PullRequest,
  asked: EvaluationRequest | null = null,
): Watched => ({
  subject,
  pull,
  decision: null,
  facts: null,
  foreign: null,
  decidedOn: '',
  asked,
  turn: 0,
  answer: null,
  posted: null,
  onRecord: NOT_ON_RECORD,
  untold: false,
  postTurn: 0,
  checkedAt: Number.NEGATIVE_INFINITY,
  suspect: false,
});

/** It was read again. A decision about another commit does not apply to this one. */
export function readAgain(one: Watched, pull: PullRequest): void {
  if (one.pull.head.sha !== pull.head.sha) {
    one.decision = null;
    one.foreign = null;
    one.untold = false;
  }
  one.pull = pull;
}

/** Takes a hint, or the request of somebody who waits. */
export function tell(one: Watched, asked: EvaluationRequest): void {
  // Somebody who waits has priority over a hint.
  one.asked = one.asked?.urgent ? one.asked : asked;
  one.turn++;
}

/** The post may have been replaced: treated as not posted, without another decision. */
export function doubt(one: Watched): void {
  one.suspect = false;
  one.untold = true;
  one.postTurn++;
}

export const headOf = ({ facts }: { readonly facts: Facts }): string => facts.pullRequest.headSha;

/** A post was carried out; it is complete once its comment is, too. */
export function postTaken(one: Watched, done: PostDone, now: Ms): void {
  one.posted = done;
  const mine = done.headSha === one.pull.head.sha && done.decision.allow === one.decision?.allow;
  if (done.posted.foreign) one.foreign = done.posted.foreign;
  if (done.posted.untold || !mine) return;
  one.untold = false;
  one.checkedAt = now;
}

/** What was planned of it is in the ledger. */
export function planned(one: Watched, { answer, posted, ground, now }: PullSituation): void {
  if (posted) {
    const { decision, posted: done } = posted;
    if (done.post === 'posted')
      one.onRecord = recordOfPost(one.onRecord, decision.id, done.foreign, now) ?? one.onRecord;
    if (one.posted === posted) one.posted = null;
  }
  if (!answer) return;
  if (one.answer === answer) one.answer = null;
  if (one.turn === answer.turn) one.asked = null;
  if (headOf(answer) !== one.pull.head.sha) return;
  // Another outcome does not inherit the delays of the one before.
  if (one.decision && outcomeKey(one.decision) !== outcomeKey(answer.decision)) one.postTurn++;
  one.decision = answer.decision;
  one.facts = answer.facts;
  one.decidedOn = ground;
  one.untold = true;
  one.suspect = false;
}
