import type { Platform } from '../../declaration/platform.ts';
import type { Lane } from '../../delivery/events.ts';
import type { CheckReport, ForgeFailure, ForgeHint, ForgePort, PullRequest } from '../../gitops/forge.ts';
import { type Decision, outcomeKey } from '../../governance/decision.ts';
import { waiverFacts } from '../../governance/events.ts';
import type { Facts } from '../../governance/facts.ts';
import type { PolicyPort } from '../../governance/port.ts';
import { decisionMarkdown, decisionSentence, shorten } from '../../governance/words.ts';
import { type Actor, SYSTEM } from '../../kit/actor.ts';
import { type Backoff, backoffMs } from '../../kit/backoff.ts';
import { digestOf } from '../../kit/digest.ts';
import { wellFormed } from '../../kit/json.ts';
import { fail, messageOf, ok, type Result } from '../../kit/result.ts';
import { within } from '../../kit/time.ts';
import type { Adjustment } from '../../runtime/budget.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import { isFatal } from '../acting.ts';
import { freezeIds, type GovernanceKeeper } from '../governance.ts';
import type { MetricsLook } from '../metrics-look.ts';
import { decideFacts } from './decide.ts';
import { type FactSources, gatherFacts } from './facts.ts';
import { createMergeQueue, type Decided } from './merge-queue.ts';
import type { PullReader } from './reading.ts';
import { slosOf } from './slo-facts.ts';

/** A pull request as the gate last saw it. */
export interface PullState {
  readonly pull: PullRequest;
  readonly decision: Decision | null;
  readonly facts: Facts | null;
  /** What was wrong when it was last looked at; null: nothing. */
  readonly trouble: ForgeFailure | null;
}

export interface Gatekeeper {
  /** Looks at one pull request now, records the decision and posts it. */
  evaluate(number: number, trigger: string, actor?: Actor): Promise<Result<PullState, ForgeFailure>>;
  /** Somebody says that something happened: a hint, confirmed at the source at the next look. */
  hint(hint: ForgeHint): void;
  /** Finds pull requests that nobody told of, and looks again at those whose grounds flipped. */
  look(now: number): Promise<void>;
  pulls(): readonly PullState[];
  /** A pull request as last seen; null: never. */
  seen(number: number): PullRequest | null;
  /** Whether that head may merge; null: nothing was decided of it yet. */
  allowed(number: number, headSha: string): boolean | null;
  /** The pull request that brings an artefact into a lane, of those that are known. */
  bringing(lane: string, digest: string): number | null;
  readonly forge: ForgePort;
}

export interface GateParts {
  readonly platform: Platform;
  readonly forge: ForgePort;
  readonly policy: PolicyPort;
  /** Reads what pull requests bring. */
  readonly reader: PullReader;
  readonly governance: GovernanceKeeper;
  metricsPort(environment: string): MetricsPort | undefined;
  look(environment: string): MetricsLook;
  /** Null: no ledger is at hand, and nothing is known of past releases. */
  lanes(): readonly Lane[] | null;
  adjustments(slo: string, environment: string): readonly Adjustment[];
  /** Where the console shows a pull request; null: nowhere that others reach. */
  pullUrl(number: number): string | null;
  now(): number;
  warn(details: object, message: string): void;
  readonly patience?: Patience;
}

/** How long one pull request may take, in time on the wall. */
export interface Patience {
  /** So long a look waits for it before it goes on to the others. */
  readonly firstMs: number;
  /** The same of one that failed before. */
  readonly againMs: number;
  /** After this it counts as failed: whatever still comes of it is dropped. */
  readonly timeoutMs: number;
}

/** How often the forge itself is asked what is open, beside its webhooks. */
const POLL_MS = { local: 1_000, gitea: 15_000, github: 60_000 } as const;
/** What failed is tried again: soon at first, and ever more seldom. */
const BACKOFF: Backoff = { firstMs: 5_000, longestMs: 300_000 };
const PATIENCE: Patience = { firstMs: 10_000, againMs: 1_000, timeoutMs: 60_000 };
const MAX_ANNOTATIONS = 50;
const MAX_PULLS = 500;
const KEPT_CLOSED = 100;

interface Watched {
  state: PullState;
  /** What it was last decided on, apart from the numbers: head, base, labels, and what may flip. */
  ground: string;
  /** Until when it is left alone after failing, unless something is new of it. */
  retryAt: number;
  /** Until when the forge said not to ask again: whatever is new. */
  notBefore: number;
  failures: number;
  /** The commit that was evaluated last. */
  tried: string;
  hinted: boolean;
  /** What was decided last is not posted yet. */
  untold: boolean;
  /** Grows with each evaluation: an older one that comes late changes nothing any more. */
  turn: number;
}

const UNSEEN: Omit<Watched, 'state'> = {
  ground: '',
  retryAt: 0,
  notBefore: 0,
  failures: 0,
  tried: '',
  hinted: false,
  untold: false,
  turn: 0,
};
/** What a later evaluation overtook. */
const LATE: Result<never, ForgeFailure> = fail({
  code: 'CONFLICT',
  message: 'a later evaluation took its place',
});

/** What a forge answers; one that throws did not. */
async function asked<T>(ask: () => Promise<Result<T, ForgeFailure>>): Promise<Result<T, ForgeFailure>> {
  try {
    return await ask();
  } catch (thrown) {
    if (isFatal(thrown)) throw thrown;
    return fail({ code: 'UNAVAILABLE', message: messageOf(thrown) });
  }
}

/** `file:line: what` of the declaration's problems, at their lines. */
function annotationsOf(facts: Facts): CheckReport['annotations'] {
  return facts.declaration.problems.slice(0, MAX_ANNOTATIONS).flatMap((problem) => {
    const match = /^([^:]+):(\d+): (.+)$/s.exec(problem);
    return match ? [{ path: match[1]!, line: Number(match[2]), message: match[3]! }] : [];
  });
}

export function createGatekeeper(parts: GateParts): Gatekeeper {
  const { platform, forge, policy, governance, patience = PATIENCE } = parts;
  const watched = new Map<number, Watched>();
  const closed: PullState[] = [];
  /** Evaluations under way: a pull request has at most one. */
  const running = new Map<number, Promise<unknown>>();
  let fatal: unknown = null;
  let pollFailures = 0;
  let polledAt = Number.NEGATIVE_INFINITY;
  let pollAgainAt = 0;

  const sources: FactSources = {
    platform,
    forge,
    reader: parts.reader,
    metrics: (environment) => parts.metricsPort(environment),
    lanes: () => {
      const lanes = parts.lanes();
      return lanes && new Map(lanes.map((lane) => [lane.lane, lane]));
    },
    governance: () => governance.state(),
    adjustments: (slo, environment) => parts.adjustments(slo, environment),
  };

  /** Everything that may flip under one lane, as words: numbers alone are no flip. */
  function laneGround(service: string, environment: string, now: number): object {
    const look = parts.look(environment);
    const at = platform.environments.find((e) => e.name === environment);
    const lane = parts.lanes()?.find((l) => l.lane === `${service}/${environment}`);
    const { block, warn } = platform.policy;
    const slos = slosOf(platform, service).map((slo) => {
      const left = look.budgets.get(slo.name);
      const burn = look.burns.get(slo.name);
      const over = (value: number | null | undefined, threshold: number | undefined) =>
        value === null || value === undefined || threshold === undefined ? 'unknown' : value >= threshold;
      return {
        slo: slo.name,
        left: left === undefined ? 'unknown' : left <= block ? 'spent' : left <= warn ? 'low' : 'enough',
        fast: over(burn?.fast, at?.burn.fast.threshold),
        slow: over(burn?.slow, at?.burn.slow?.threshold),
      };
    });
    return {
      slos,
      failure: look.failure?.code ?? null,
      freezes: freezeIds(governance.freezes(now), service, environment),
      rejected: lane?.rejected.length ?? 0,
      failures: lane?.failures.length ?? 0,
      served: lane?.served ?? [],
    };
  }

  function groundOf(pull: PullRequest, facts: Facts | null, now: number): string {
    const lanes = [...new Set((facts?.changes ?? []).map((c) => `${c.service}/${c.environment}`))].sort();
    const waivers = waiverFacts(governance.state(), pull.number)
      .filter((w) => w.expiresAt > now)
      .map(({ id, approved }) => ({ id, approved }));
    return digestOf({
      head: pull.head.sha,
      base: pull.base.sha,
      labels: pull.labels,
      waivers,
      lanes: lanes.map((lane) => laneGround(...(lane.split('/') as [string, string]), now)),
    });
  }

  const reportOf = (pull: PullRequest, decision: Decision, facts: Facts): CheckReport => ({
    check: platform.forge!.check,
    headSha: pull.head.sha,
    state: decision.allow ? 'success' : 'failure',
    title: shorten(decisionSentence(decision)),
    summary: decisionMarkdown(decision, parts.now(), parts.pullUrl(pull.number)),
    key: outcomeKey(decision).slice(7, 27),
    evaluatedAt: decision.evaluatedAt,
    annotations: annotationsOf(facts),
    detailsUrl: parts.pullUrl(pull.number),
  });

  async function decideOn(
    pull: PullRequest,
    trigger: string,
    actor: Actor,
    current: () => boolean = () => true,
  ): Promise<Result<Decided, ForgeFailure>> {
    const listed = await forge.files(pull);
    if (!listed.ok) return listed;
    const now = parts.now();
    const facts = await gatherFacts(sources, pull, listed.value, now);
    if (!facts.ok) return facts;
    const { decision, asked } = await decideFacts(platform, policy, facts.value);
    if (!current()) return LATE;
    const subject = `pull/${pull.number}`;
    const data = { decision, facts: asked, engine: policy.engine, forge: forge.kind, trigger };
    await governance.record('gate.decided', subject, data, actor, now, decision.id);
    if (decision.allow)
      for (const id of decision.waiversUsed)
        if (!governance.state().waivers.get(id)?.usedFor.includes(pull.number))
          await governance.record(
            'waiver.used',
            subject,
            { id, pullRequest: pull.number, decision: decision.id },
            SYSTEM,
            now,
            decision.id,
          );
    return ok({ decision, facts: facts.value });
  }

  const keep = (pull: PullRequest, more: Partial<Watched>, state: Partial<PullState>): PullState => {
    const known = watched.get(pull.number);
    const next: PullState = {
      decision: null,
      facts: null,
      ...known?.state,
      trouble: null,
      ...state,
      pull,
    };
    watched.set(pull.number, { ...UNSEEN, ...known, ...more, state: next });
    return next;
  };

  function failed(pull: PullRequest, error: ForgeFailure): Result<never, ForgeFailure> {
    const failures = (watched.get(pull.number)?.failures ?? 0) + 1;
    const now = parts.now();
    const [retryAt, notBefore] = [now + backoffMs(BACKOFF, failures), now + (error.retryAfterMs ?? 0)];
    keep(pull, { retryAt, notBefore, failures, hinted: false }, { trouble: error });
    parts.warn(
      { pull: pull.number, failures, ...error },
      'a pull request could not be decided on or told so; it is tried again',
    );
    return fail(error);
  }

  /** Posts a decision; what was posted anew is on record. */
  async function post(pull: PullRequest, { decision, facts }: Decided): Promise<Result<null, ForgeFailure>> {
    const posted = await forge.report(pull, reportOf(pull, decision, facts));
    if (!posted.ok) return posted;
    if (posted.value === 'posted') {
      const state = decision.allow ? 'success' : 'failure';
      const data = { decision: decision.id, headSha: pull.head.sha, state } as const;
      await governance.record('gate.posted', `pull/${pull.number}`, data, SYSTEM, parts.now(), decision.id);
    }
    return ok(null);
  }

  /** What was decided and is still so, where only the post failed: the post is repeated, not the decision. */
  function unposted(pull: PullRequest): Decided | null {
    const entry = watched.get(pull.number);
    const { decision, facts } = entry?.state ?? {};
    if (!entry?.untold || entry.hinted || !decision || !facts) return null;
    const now = parts.now();
    return entry.ground === groundOf(pull, facts, now) && now < decision.validUntil
      ? { decision, facts }
      : null;
  }

  async function evaluatePull(
    pull: PullRequest,
    trigger: string,
    actor: Actor,
    current: () => boolean,
  ): Promise<Result<PullState, ForgeFailure>> {
    const again = unposted(pull);
    const decided = again ? ok(again) : await decideOn(pull, trigger, actor, current);
    if (!decided.ok) return decided;
    if (!current()) return LATE;
    const { decision, facts } = decided.value;
    const ground = groundOf(pull, facts, parts.now());
    keep(pull, { ground, hinted: false, untold: true }, { decision, facts });
    const posted = await post(pull, decided.value);
    if (!current()) return LATE;
    return posted.ok
      ? ok(keep(pull, { retryAt: 0, failures: 0, untold: false }, { decision, facts }))
      : posted;
  }

  /** Evaluates one pull request. Whatever goes wrong is its own trouble, except what stops everything. */
  async function evaluateAlone(
    pull: PullRequest,
    trigger: string,
    actor: Actor,
  ): Promise<Result<PullState, ForgeFailure>> {
    const turn = (watched.get(pull.number)?.turn ?? 0) + 1;
    keep(pull, { turn, tried: pull.head.sha }, { trouble: watched.get(pull.number)?.state.trouble ?? null });
    const current = () => watched.get(pull.number)?.turn === turn;
    try {
      const work = evaluatePull(pull, trigger, actor, current);
      const done = await within(work, patience.timeoutMs, `evaluating pull request ${pull.number}`);
      return done.ok || !current() ? done : failed(pull, done.error);
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      const message = `it could not be evaluated: ${messageOf(thrown).toWellFormed()}`;
      // A later turn: what this one would still do is late.
      return failed(withTurn(pull, turn + 1), { code: 'UNAVAILABLE', message });
    }
  }

  const withTurn = (pull: PullRequest, turn: number): PullRequest => {
    keep(pull, { turn }, {});
    return pull;
  };

  const queue = createMergeQueue({
    forge,
    decide: (group) => decideOn(wellFormed(group), 'merge group', SYSTEM),
    post: (group, { decision, facts }) => forge.report(group, reportOf(group, decision, facts)),
    warn: (details, message) => parts.warn(details, message),
  });

  /** Why it is time to evaluate a pull request; null: it is not. */
  function due(entry: Watched, now: number): string | null {
    const { state, hinted, retryAt, notBefore, ground, tried } = entry;
    const isNew = hinted || tried !== state.pull.head.sha;
    if (now < notBefore || (now < retryAt && !isNew)) return null;
    if (!state.decision || state.trouble) return state.decision ? 'another try' : 'opened';
    if (hinted) return 'told by the forge';
    if (ground !== groundOf(state.pull, state.facts, now)) return 'its grounds flipped';
    return now >= state.decision.validUntil ? 'its time was over' : null;
  }

  function dueOrTrouble(entry: Watched, now: number): string | null {
    try {
      return due(entry, now);
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      failed(entry.state.pull, { code: 'UNAVAILABLE', message: messageOf(thrown) });
      return null;
    }
  }

  async function openPulls(now: number): Promise<readonly PullRequest[] | null> {
    const open = await asked(() => forge.openPulls());
    pollFailures = open.ok ? 0 : pollFailures + 1;
    if (open.ok) return open.value.slice(0, MAX_PULLS).map(wellFormed);
    pollAgainAt = now + Math.max(backoffMs(BACKOFF, pollFailures), open.error.retryAfterMs ?? 0);
    parts.warn({ ...open.error }, 'the forge does not list its pull requests');
    return null;
  }

  async function poll(now: number): Promise<void> {
    if (now < pollAgainAt || now - polledAt < POLL_MS[forge.kind]) return;
    polledAt = now;
    const open = await openPulls(now);
    if (!open) return;
    const numbers = new Set(open.map((p) => p.number));
    for (const [number, { state }] of watched)
      if (!numbers.has(number)) {
        watched.delete(number);
        const ended = await asked(() => forge.pull(number));
        closed.unshift(ended.ok ? { ...state, pull: wellFormed(ended.value) } : state);
        closed.splice(KEPT_CLOSED);
      }
    for (const pull of open) keep(pull, {}, { trouble: watched.get(pull.number)?.state.trouble ?? null });
  }

  /** Evaluates a pull request once nobody else does; by its number nothing runs twice. */
  async function inTurn(
    pull: PullRequest,
    trigger: string,
    actor: Actor,
  ): Promise<Result<PullState, ForgeFailure>> {
    await running.get(pull.number);
    const work = evaluateAlone(pull, trigger, actor);
    const quiet = work.then(
      () => undefined,
      () => undefined,
    );
    running.set(pull.number, quiet);
    void quiet.then(() => running.get(pull.number) === quiet && running.delete(pull.number));
    return work;
  }

  /** Looks at one pull request if it is due, and waits for that a while: one that hangs holds up no other. */
  async function take(entry: Watched, now: number): Promise<void> {
    const { pull } = entry.state;
    const trigger = running.has(pull.number) ? null : dueOrTrouble(entry, now);
    if (!trigger) return;
    const work = inTurn(pull, trigger, SYSTEM).catch((thrown: unknown) => {
      fatal = thrown;
    });
    const wait = entry.failures === 0 ? patience.firstMs : patience.againMs;
    await within(work, wait, 'an evaluation').catch(() => undefined);
    if (fatal === null) return;
    const thrown = fatal;
    fatal = null;
    throw thrown;
  }

  const pulls = () => [...[...watched.values()].map((w) => w.state), ...closed];
  const stateOf = (number: number) => pulls().find((p) => p.pull.number === number);

  return {
    forge,
    pulls,
    seen: (number) => stateOf(number)?.pull ?? null,
    allowed(number, headSha) {
      const found = stateOf(number);
      return found?.decision && found.pull.head.sha === headSha ? found.decision.allow : null;
    },
    bringing: (lane, digest) =>
      pulls().find(({ facts }) =>
        facts?.changes.some((c) => `${c.service}/${c.environment}` === lane && c.to?.digest === digest),
      )?.pull.number ?? null,
    hint(hint) {
      if (hint.kind === 'merge-group') queue.add(hint, parts.now());
      // What a delivery says is not believed: the forge is asked at the next look.
      polledAt = Number.NEGATIVE_INFINITY;
      const entry = hint.pull === null ? undefined : watched.get(hint.pull);
      if (entry) entry.hinted = true;
    },
    async evaluate(number, trigger, actor = SYSTEM) {
      const found = await forge.pull(number);
      if (!found.ok) return found;
      if (found.value.state !== 'open')
        return fail({ code: 'REFUSED', message: `pull request ${number} is ${found.value.state}` });
      return inTurn(wellFormed(found.value), trigger, actor);
    },
    async look(now) {
      await poll(now);
      await queue.look(now);
      for (const entry of [...watched.values()]) await take(entry, now);
    },
  };
}
