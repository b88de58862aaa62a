import type { ForgeFailure, ForgeHint, Posted, PullRequest } from '../../gitops/forge.ts';
import { within } from '../../io/clock.ts';
import { SYSTEM } from '../../kit/actor.ts';
import type { Backoff } from '../../kit/backoff.ts';
import { wellFormed } from '../../kit/json.ts';
import type { Ms } from '../../kit/time.ts';
import { createFlow } from '../flow/flow.ts';
import type { Runner } from '../flow/runner.ts';
import type { CallRefusal, Errand, Plan, Subject } from '../flow/types.ts';
import { answered, type ForgePatience } from '../forge-call.ts';
import type { FactSources } from './facts.ts';
import { groundOf } from './ground.ts';
import { decideHandler, type PostTarget, postHandler, readHandler } from './handlers.ts';
import {
  endedSubject,
  GIVEN_UP_MS,
  type Group,
  groupOf,
  LIST,
  LIST_SUBJECT,
  type ListSituation,
  MAX_GROUPS,
  planList,
  planRead,
  READ,
} from './list-plan.ts';
import type { GateParts } from './parts.ts';
import { toCheck } from './posting.ts';
import {
  DECIDE,
  type EvaluationRequest,
  POST,
  type PullSituation,
  planPull,
  pullSubject,
} from './pull-plan.ts';
import { reportOf } from './report.ts';
import { doubt, headOf, planned, postTaken, readAgain, tell, type Watched, watchedOf } from './watched.ts';

interface PullsParts extends GateParts {
  readonly patience: ForgePatience;
  readonly runner: Runner;
}

/** Pull requests that are open or were closed recently. */
export interface Pulls {
  open(): Iterable<Watched>;
  closed(): readonly Watched[];
  of(number: number): Watched | undefined;
  trouble(subject: Subject): ForgeFailure | null;
  hint(hint: ForgeHint): void;
  tick(): Promise<void>;
  /** Decides on one now and waits for it; null: the decision was made and posted. */
  evaluate(pull: PullRequest, asked: EvaluationRequest): Promise<ForgeFailure | null>;
}

/** How often the forge is polled for open pull requests, in addition to its webhooks. */
const POLL_MS = { local: 1_000, gitea: 15_000, github: 60_000 } as const;
/** So many are watched at once: those that are watched already, then the oldest of the others. */
export const MAX_PULLS = 500;
const KEPT_CLOSED = 100;
/** How often progress is checked while somebody waits for an answer. */
const DRIVE_MS = 100;
const BACKOFF: Backoff = { firstMs: 5_000, longestMs: 300_000 };
const BY_FORGE: EvaluationRequest = { trigger: 'reported by the forge', actor: SYSTEM, urgent: false };
const IN_GROUP: EvaluationRequest = { trigger: 'merge group', actor: SYSTEM, urgent: false };

type Situation =
  | { readonly kind: 'list'; readonly list: ListSituation }
  | { readonly kind: 'pull'; readonly pull: PullSituation }
  | { readonly kind: 'read'; readonly number: number };

function planOf(s: Situation, subject: Subject): Plan {
  if (s.kind === 'list') return planList(s.list);
  return s.kind === 'read' ? planRead(subject, s.number) : planPull(s.pull);
}

const failureOf = ({ code, message, retryAfterMs }: CallRefusal): ForgeFailure => ({
  code: code as ForgeFailure['code'],
  message,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

class OpenPulls implements Pulls {
  readonly #parts: PullsParts;
  /** By subject: what is open, and merge groups as what they would merge. */
  readonly #watched = new Map<Subject, Watched>();
  readonly #groups = new Map<Subject, Group>();
  readonly #closed: Watched[] = [];
  /** Pull requests that are no longer open, and whose end is still to be read. */
  readonly #ended = new Map<Subject, number>();
  readonly #waiters = new Map<Subject, ((error: ForgeFailure | null) => void)[]>();
  readonly #list: Omit<ListSituation, 'now'>;
  readonly #flow: ReturnType<typeof createFlow<Situation, Plan>>;
  #reading = { readAt: Number.NEGATIVE_INFINITY, readTurn: 0 };
  #turn = 0;
  #leftOut: ReadonlySet<number> = new Set();
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: PullsParts) {
    this.#parts = parts;
    this.#list = { readAt: 0, readTurn: 0, turn: 0, everyMs: POLL_MS[parts.forge.kind] };
    this.#flow = createFlow<Situation, Plan>({
      journal: parts.journal,
      runner: parts.runner,
      planner: { plan: planOf },
      now: () => parts.now(),
      situation: (subject, at) => this.#situation(subject, at),
      appended: (subject, plan, s) => this.#appended(subject, plan, s),
      backoff: BACKOFF,
      warn: (subject, trouble) => parts.warn({ of: subject, ...trouble }, 'it could not be planned for'),
    });
    this.#handleDecisions();
    this.#handleReading();
  }

  #now(): Ms {
    return this.#parts.now();
  }

  #pullSituation(one: Watched, at: Ms): PullSituation {
    const { governance, policy, forge } = this.#parts;
    const facts = one.answer?.facts ?? one.facts;
    const group = this.#groups.has(one.subject);
    const used = [...governance.state().waivers.values()].filter((w) => w.usedFor.includes(one.pull.number));
    return Object.freeze({
      ...one,
      now: at,
      // What would be merged together is judged once, at its own commit.
      ground: group ? '' : groundOf(this.#parts, one.pull, facts, at),
      engine: policy.engine,
      forge: forge.kind,
      waiversUsed: new Set(used.map((w) => w.id)),
      recordsPosts: !group,
    });
  }

  #situation(subject: Subject, at: Ms): Situation | null {
    if (subject === LIST_SUBJECT)
      return { kind: 'list', list: { ...this.#list, ...this.#reading, turn: this.#turn, now: at } };
    const number = this.#ended.get(subject);
    if (number !== undefined) return { kind: 'read', number };
    const group = this.#groups.get(subject);
    if (group && at - group.since > GIVEN_UP_MS) this.#forget(subject);
    const one = this.#watched.get(subject);
    if (one) return { kind: 'pull', pull: this.#pullSituation(one, at) };
    return this.#groups.has(subject) ? { kind: 'read', number: group!.number } : null;
  }

  #appended(subject: Subject, plan: Plan, s: Situation): void {
    const one = this.#watched.get(subject);
    if (s.kind !== 'pull' || !one) return;
    const foreign = s.pull.posted?.posted.foreign;
    if (foreign && plan.entries.some((e) => e.type === 'gate.posted'))
      this.#parts.warn(
        { of: subject, ...foreign },
        'somebody else posted under the name of the Sluice check',
      );
    planned(one, s.pull);
  }

  #forget(subject: Subject): void {
    for (const all of [this.#watched, this.#groups, this.#ended]) all.delete(subject);
    this.#flow.forget(subject);
  }

  #tellWaiters(subject: Subject, error: ForgeFailure | null): void {
    for (const tellOne of this.#waiters.get(subject) ?? []) tellOne(error);
    this.#waiters.delete(subject);
  }

  #posted({ subject, target }: Errand<PostTarget>, posted: Posted): void {
    const one = this.#watched.get(subject);
    const { decision, pull } = target;
    if (one) postTaken(one, { posted, decision, headSha: pull.head.sha }, this.#now());
    this.#flow.mark(subject);
  }

  #handleDecisions(): void {
    const { runner, platform, governance } = this.#parts;
    const sources: FactSources = {
      ...this.#parts,
      metrics: (environment) => this.#parts.metricsPort(environment),
      governance: () => governance.state(),
    };
    const failed = ({ subject }: Errand) => {
      const trouble = runner.trouble(subject);
      if (trouble) this.#tellWaiters(subject, failureOf(trouble));
    };
    runner.handle(
      DECIDE,
      decideHandler(
        { ...this.#parts, sources },
        ({ subject, generation, target: { trigger, actor } }, decided) => {
          const one = this.#watched.get(subject);
          // A decision about another commit does not apply to the current head.
          if (one && headOf(decided) === one.pull.head.sha)
            one.answer = { ...decided, trigger, actor, turn: generation };
          this.#flow.mark(subject);
        },
        failed,
      ),
    );
    const reportNow = ({ pull, decision, facts }: PostTarget) =>
      reportOf(platform.forge!.check, pull, decision, facts, this.#parts.pullUrl(pull.number), this.#now());
    runner.handle(
      POST,
      postHandler(
        { ...this.#parts, reportOf: reportNow },
        (errand, done) => {
          this.#posted(errand, done);
          if (this.#groups.has(errand.subject)) this.#forget(errand.subject);
          this.#tellWaiters(errand.subject, null);
        },
        (errand, done) => this.#posted(errand, done),
        failed,
      ),
    );
  }

  #handleReading(): void {
    const { runner, patience, forge } = this.#parts;
    runner.handle(
      LIST,
      readHandler<null, readonly PullRequest[]>(
        patience,
        () => answered(() => forge.openPulls()),
        ({ generation }, found) => this.#listed(generation, found),
      ),
    );
    runner.handle(
      READ,
      readHandler<number, PullRequest>(
        patience,
        ({ target }) => answered(() => forge.pull(target)),
        ({ subject }, pull) => this.#read(subject, wellFormed(pull)),
        // A pull request that is gone is not read again, and neither is a closed one.
        ({ subject }, { code }) =>
          code === 'NOT_FOUND' || !this.#groups.has(subject) ? this.#forget(subject) : undefined,
      ),
    );
  }

  #listed(turn: number, pulls: readonly PullRequest[]): void {
    this.#reading = { readAt: this.#now(), readTurn: turn };
    const numbers = new Set(pulls.map((pull) => pull.number));
    for (const one of this.open()) if (!numbers.has(one.pull.number)) this.#gone(one);
    const watched = (pull: PullRequest) => this.#watched.has(pullSubject(pull.number));
    const inTurn = [...pulls].sort((a, b) => Number(watched(b)) - Number(watched(a)) || a.number - b.number);
    for (const pull of inTurn.slice(0, MAX_PULLS)) this.#take(wellFormed(pull));
    this.#tellLeftOut(inTurn.slice(MAX_PULLS).map((pull) => pull.number));
    this.#flow.mark(LIST_SUBJECT);
  }

  /** Without a check they do not merge: that it is for this reason is said whenever it becomes so for others. */
  #tellLeftOut(numbers: readonly number[]): void {
    if (numbers.some((number) => !this.#leftOut.has(number)))
      this.#parts.warn(
        { open: this.#watched.size + numbers.length, watched: MAX_PULLS, leftOut: numbers },
        'more pull requests are open than are watched at once: those left out are judged once others are closed',
      );
    this.#leftOut = new Set(numbers);
  }

  #gone(one: Watched): void {
    this.#forget(one.subject);
    this.#closed.unshift(one);
    this.#closed.splice(KEPT_CLOSED);
    const { number } = one.pull;
    this.#ended.set(endedSubject(number), number);
    this.#flow.mark(endedSubject(number));
    const message = `pull request ${number} is no longer open`;
    this.#tellWaiters(one.subject, { code: 'CONFLICT', message });
  }

  #take(pull: PullRequest): Watched {
    const subject = pullSubject(pull.number);
    const known = this.#watched.get(subject);
    if (known) readAgain(known, pull);
    const one = known ?? watchedOf(subject, pull);
    this.#watched.set(subject, one);
    this.#flow.mark(subject);
    return one;
  }

  /** One pull request was read: it has ended, or a merge group brings it. */
  #read(subject: Subject, pull: PullRequest): void {
    const group = this.#groups.get(subject);
    if (group) {
      const { base, head } = pull;
      const merged = {
        ...pull,
        base: { ...base, sha: group.baseSha },
        head: { ...head, sha: group.headSha },
      };
      this.#watched.set(subject, watchedOf(subject, merged, IN_GROUP));
      this.#flow.mark(subject);
      return;
    }
    const one = this.#closed.find((c) => endedSubject(c.pull.number) === subject);
    if (one) one.pull = pull;
    this.#forget(subject);
  }

  /** Posts that stand and are looked at again: those that somebody may have posted over, and a few others in turn. */
  #doubtPosts(at: Ms): void {
    const { everyMs } = this.#list;
    const standing = this.open().filter(
      (one) => one.decision && !one.untold && !this.#flow.trouble(one.subject),
    );
    const others = this.#parts.forge.kind !== 'local' && at - this.#checkedAt >= everyMs;
    if (others) this.#checkedAt = at;
    const stale = others ? toCheck(standing, at, everyMs) : new Set<Watched>();
    for (const one of standing) if (one.suspect || stale.has(one)) doubt(one);
  }

  open(): Watched[] {
    return [...this.#watched.values()].filter((one) => !this.#groups.has(one.subject));
  }

  closed(): readonly Watched[] {
    return this.#closed;
  }

  of(number: number): Watched | undefined {
    return this.#watched.get(pullSubject(number)) ?? this.#closed.find((one) => one.pull.number === number);
  }

  trouble(subject: Subject): ForgeFailure | null {
    const found = this.#flow.trouble(subject);
    return found && failureOf(found);
  }

  hint(hint: ForgeHint): void {
    if (hint.kind === 'status') {
      // A post at a commit, foreign or ours: only the posts there are checked.
      for (const one of this.open()) one.suspect ||= one.pull.head.sha === hint.headSha;
      return;
    }
    const group = hint.kind === 'merge-group' ? groupOf(hint, this.#now()) : null;
    if (group && !this.#groups.has(group.subject) && this.#groups.size < MAX_GROUPS)
      this.#groups.set(group.subject, group);
    // The content of a delivery is not trusted: the forge is asked in the next tick.
    this.#turn++;
    // A merge group is decided on by itself: the pull request in it has not changed.
    if (group || hint.pull === null) return;
    const one = this.#watched.get(pullSubject(hint.pull));
    if (one) tell(one, BY_FORGE);
  }

  async tick(): Promise<void> {
    this.#doubtPosts(this.#now());
    // The inputs of any open pull request may have changed; the cost grows with their number.
    for (const subject of [LIST_SUBJECT, ...this.#watched.keys(), ...this.#groups.keys()])
      this.#flow.mark(subject);
    await this.#flow.untilQuiet(this.#parts.patience.timeoutMs);
  }

  async evaluate(pull: PullRequest, asked: EvaluationRequest): Promise<ForgeFailure | null> {
    const { patience } = this.#parts;
    const one = this.#take(pull);
    tell(one, asked);
    let answer: { readonly error: ForgeFailure | null } | undefined;
    const outcome = new Promise<void>((resolve) => {
      const told = (error: ForgeFailure | null) => {
        answer = { error };
        resolve();
      };
      this.#waiters.set(one.subject, [...(this.#waiters.get(one.subject) ?? []), told]);
    });
    this.#flow.hurry(one.subject);
    while (!answer) {
      await Promise.race([outcome, this.#flow.untilQuiet(patience.timeoutMs)]);
      if (!answer) await within(outcome, DRIVE_MS, 'an answer').catch(() => undefined);
    }
    // What was posted is put on record.
    await this.#flow.pass(patience.firstMs);
    return answer.error;
  }
}

export const openPulls = (parts: PullsParts): Pulls => new OpenPulls(parts);
