import type { Platform } from '../../declaration/platform.ts';
import type { Lane } from '../../delivery/events.ts';
import type {
  CheckReport,
  ForgeFailure,
  ForgeHint,
  ForgePort,
  Posted,
  PullRequest,
} from '../../gitops/forge.ts';
import { type Decision, outcomeKey } from '../../governance/decision.ts';
import { waiverFacts } from '../../governance/events.ts';
import type { Facts } from '../../governance/facts.ts';
import type { PolicyPort } from '../../governance/port.ts';
import { decisionMarkdown, decisionSentence, shorten } from '../../governance/words.ts';
import { type Actor, SYSTEM } from '../../kit/actor.ts';
import { digestOf } from '../../kit/digest.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import type { Adjustment } from '../../runtime/budget.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import { freezeIds, type GovernanceKeeper } from '../governance.ts';
import type { MetricsLook } from '../metrics-look.ts';
import { decideFacts } from './decide.ts';
import { type FactSources, gatherFacts } from './facts.ts';
import { slosOf } from './slo-facts.ts';

/** A pull request as the gate last saw it. */
export interface PullState {
  readonly pull: PullRequest;
  readonly decision: Decision | null;
  readonly facts: Facts | null;
  /** What was wrong when it was last looked at; null: nothing. */
  readonly trouble: ForgeFailure | null;
  /** Somebody else's post under the name of our check that ours took the place of last. */
  readonly foreign?: Posted['foreign'];
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
}

/** How often the forge itself is asked what is open, beside its webhooks. */
const POLL_MS = { local: 1_000, gitea: 15_000, github: 60_000 } as const;
const RETRY_MS = 5_000;
const MAX_ANNOTATIONS = 50;
const MAX_PULLS = 500;
const KEPT_CLOSED = 100;

interface Watched {
  state: PullState;
  /** What it was last decided on, apart from the numbers: head, base, labels, and what may flip. */
  ground: string;
  retryAt: number;
  hinted: boolean;
}

/** `file:line: what` of the declaration's problems, at their lines. */
function annotationsOf(facts: Facts): CheckReport['annotations'] {
  return facts.declaration.problems.slice(0, MAX_ANNOTATIONS).flatMap((problem) => {
    const match = /^([^:]+):(\d+): (.+)$/s.exec(problem);
    return match ? [{ path: match[1]!, line: Number(match[2]), message: match[3]! }] : [];
  });
}

export function createGatekeeper(parts: GateParts): Gatekeeper {
  const { platform, forge, policy, governance } = parts;
  const watched = new Map<number, Watched>();
  const closed: PullState[] = [];
  const queues = new Map<string, ForgeHint>();
  let polledAt = Number.NEGATIVE_INFINITY;
  let pollAgainAt = 0;

  const sources: FactSources = {
    platform,
    forge,
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
  ): Promise<Result<{ decision: Decision; facts: Facts }, ForgeFailure>> {
    const listed = await forge.files(pull);
    if (!listed.ok) return listed;
    const now = parts.now();
    const facts = await gatherFacts(sources, pull, listed.value, now);
    if (!facts.ok) return facts;
    const { decision, asked } = await decideFacts(platform, policy, facts.value);
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
    watched.set(pull.number, { ground: '', retryAt: 0, hinted: false, ...known, ...more, state: next });
    return next;
  };

  function failed(pull: PullRequest, error: ForgeFailure): Result<never, ForgeFailure> {
    const wait = Math.max(RETRY_MS, error.retryAfterMs ?? 0);
    keep(pull, { retryAt: parts.now() + wait }, { trouble: error });
    parts.warn({ pull: pull.number, ...error }, 'the forge did not do what it was asked; it is tried again');
    return fail(error);
  }

  async function evaluatePull(
    pull: PullRequest,
    trigger: string,
    actor: Actor,
  ): Promise<Result<PullState, ForgeFailure>> {
    const decided = await decideOn(pull, trigger, actor);
    if (!decided.ok) return failed(pull, decided.error);
    const { decision, facts } = decided.value;
    const posted = await forge.report(pull, reportOf(pull, decision, facts));
    const now = parts.now();
    if (!posted.ok) {
      keep(pull, {}, { decision, facts });
      return failed(pull, posted.error);
    }
    const { post, foreign, untold } = posted.value;
    if (foreign)
      parts.warn({ pull: pull.number, ...foreign }, 'somebody else posted under the name of our check');
    if (post === 'posted')
      await governance.record(
        'gate.posted',
        `pull/${pull.number}`,
        {
          decision: decision.id,
          headSha: pull.head.sha,
          state: decision.allow ? 'success' : 'failure',
          ...(foreign ? { foreign } : {}),
        },
        SYSTEM,
        now,
        decision.id,
      );
    const seen = { decision, facts, ...(foreign ? { foreign } : {}) };
    if (untold) {
      keep(pull, {}, seen);
      return failed(pull, untold);
    }
    return ok(keep(pull, { ground: groundOf(pull, facts, now), hinted: false, retryAt: 0 }, seen));
  }

  /** A merge group: what would be merged together is judged as its pull request, at the group's own commit. */
  async function evaluateQueue(hint: ForgeHint): Promise<void> {
    if (hint.pull === null || !hint.headSha || !hint.baseSha) return;
    const found = await forge.pull(hint.pull);
    if (!found.ok) return;
    const { base, head } = found.value;
    const group: PullRequest = {
      ...found.value,
      base: { ...base, sha: hint.baseSha },
      head: { ...head, sha: hint.headSha },
    };
    const decided = await decideOn(group, 'merge group', SYSTEM);
    if (!decided.ok) return;
    const report = reportOf(group, decided.value.decision, decided.value.facts);
    const posted = await forge.report(group, report);
    if (posted.ok) queues.delete(hint.headSha);
  }

  function due(entry: Watched, now: number): string | null {
    const { state, hinted, retryAt, ground } = entry;
    if (now < retryAt) return null;
    if (!state.decision || state.trouble) return state.decision ? 'another try' : 'opened';
    if (hinted) return 'told by the forge';
    if (ground !== groundOf(state.pull, state.facts, now)) return 'its grounds flipped';
    return now >= state.decision.validUntil ? 'its time was over' : null;
  }

  async function poll(now: number): Promise<void> {
    if (now < pollAgainAt || now - polledAt < POLL_MS[forge.kind]) return;
    polledAt = now;
    const open = await forge.openPulls();
    if (!open.ok) {
      pollAgainAt = now + Math.max(RETRY_MS, open.error.retryAfterMs ?? 0);
      parts.warn({ ...open.error }, 'the forge does not list its pull requests');
      return;
    }
    const numbers = new Set(open.value.map((p) => p.number));
    for (const [number, { state }] of watched)
      if (!numbers.has(number)) {
        watched.delete(number);
        const ended = await forge.pull(number);
        closed.unshift(ended.ok ? { ...state, pull: ended.value } : state);
        closed.splice(KEPT_CLOSED);
      }
    for (const pull of open.value.slice(0, MAX_PULLS))
      keep(pull, {}, { trouble: watched.get(pull.number)?.state.trouble ?? null });
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
      if (hint.kind === 'merge-group' && hint.headSha) queues.set(hint.headSha, hint);
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
      return evaluatePull(found.value, trigger, actor);
    },
    async look(now) {
      await poll(now);
      for (const hint of [...queues.values()]) await evaluateQueue(hint);
      for (const entry of [...watched.values()]) {
        const trigger = due(entry, now);
        if (trigger) await evaluatePull(entry.state.pull, trigger, SYSTEM);
      }
    },
  };
}
