import { createTwoFilesPatch } from 'diff';
import { branchOf, type Environment, type Platform } from '../declaration/platform.ts';
import type { Lane } from '../delivery/events.ts';
import { desiredPath, parseDesired, withArtefact } from '../gitops/desired.ts';
import {
  declinedOf,
  type GitopsData,
  type GitopsEventType,
  gitopsEntry,
  type KeptProposal,
} from '../gitops/events.ts';
import { promotionsFold } from '../gitops/fold.ts';
import type { ForgeFailure, ForgePort, PullRequest } from '../gitops/forge.ts';
import { failedAgain, isForgeWide, type Retrying, waits } from '../gitops/forge-backoff.ts';
import { loadSentence } from '../gitops/load.ts';
import type { DesiredState } from '../gitops/port.ts';
import { type Pipeline, type Plan, plansOf } from '../gitops/promotion.ts';
import {
  bodyOf,
  countsOf,
  type Evidence,
  failureBody,
  OUTCOME_MARK,
  proposalBranch,
  titleOf,
} from '../gitops/words.ts';
import { type Actor, SYSTEM } from '../kit/actor.ts';
import { sha256 } from '../kit/digest.ts';
import { problemLine } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Journal } from '../ledger/journal.ts';
import type { Gatekeeper } from './gate/keeper.ts';
import { standsOf } from './promotion-order.ts';

/** Promotions and reverts by pull request: what is asked for, what became of it, what waits for what. */
export interface Promoter {
  look(now: number): Promise<void>;
  pipelines(now: number): readonly Pipeline[];
  proposals(): readonly KeptProposal[];
  /** A person asks: soaking and an earlier "no" do not hold it, order and condemnations do. */
  promote(service: string, environment: string, actor: Actor, now: number): Promise<Result<number, string>>;
}

export interface PromoterParts {
  readonly platform: Platform;
  readonly forge: ForgePort;
  readonly journal: Journal;
  lanes(): readonly Lane[];
  desired(): DesiredState | null;
  /** What the gate knows of pull requests: the forge is not asked again for that. */
  readonly gate: Pick<Gatekeeper, 'allowed' | 'seen' | 'bringing'>;
  authors?(service: string, digest: string): readonly string[];
  budgetLeft?(environment: string, slo: string): number | null;
  /** Something was merged: whoever applies Git is asked to look at once. */
  refresh?(environment: string): Promise<void>;
  warn(details: object, message: string): void;
}

/** Under this a failure of the forge as a whole is kept. */
const FORGE = 'the forge';

/** What a lane's last release showed. */
function evidenceIn(lane: Lane | undefined, left: (slo: string) => number | null): Evidence[] {
  const release = lane?.release;
  if (!lane || !release) return [];
  return [
    {
      environment: lane.lane.split('/')[1]!,
      release: release.id,
      counts: countsOf(release, left),
      reasons: release.verdict?.reasons ?? [],
      burn: lane.burn,
      loads: release.loads.map(loadSentence),
    },
  ];
}

export function createPromoter(parts: PromoterParts): Promoter {
  const { platform, forge, journal } = parts;
  const promotions = () => journal.state(promotionsFold);
  /** What failed and is tried again: by its lane, release or pull request, and of the forge as a whole. */
  const retries = new Map<string, Retrying & { readonly commit: string | null }>();
  /** What was found current: by number, the commits that it was compared at. */
  const current = new Map<number, string>();
  /** Where a branch of ours stood when we last wrote or read it: the gate may know an older one. */
  const headOf = new Map<number, string>();
  const environmentOf = (name: string): Environment => platform.environments.find((e) => e.name === name)!;
  const baseOf = (name: string): string => branchOf(platform, environmentOf(name));

  const record = async <T extends GitopsEventType>(
    type: T,
    lane: string,
    data: GitopsData<T>,
    actor: Actor,
    at: number,
  ) => {
    await journal.append([gitopsEntry(type, lane, data, at, actor)]);
  };
  const end = (
    lane: string,
    number: number,
    how: NonNullable<KeptProposal['ended']>,
    why: string,
    at: number,
  ) => record('proposal.ended', lane, { number, how, why }, SYSTEM, at);
  const lanesNow = () => new Map(parts.lanes().map((lane) => [lane.lane, lane]));
  const openOnes = () => [...promotions().open.values()];

  function pipelineOf(service: string, now: number): Pipeline {
    return {
      service,
      stands: standsOf(platform, service, lanesNow(), parts.desired()),
      open: openOnes().filter((p) => p.lane.startsWith(`${service}/`)),
      declined: declinedOf(promotions(), service),
      now,
    };
  }

  const commitNow = (): string | null => parts.desired()?.commit ?? null;
  const waiting = (what: string, now: number): boolean => {
    const [own, all] = [retries.get(what), retries.get(FORGE)];
    // Another commit may have mended it: it is tried at once.
    const held = own !== undefined && own.commit === commitNow() && waits(own, now);
    return held || (all !== undefined && waits(all, now));
  };

  const wait = (what: string, error: ForgeFailure, now: number) =>
    void retries.set(what, { ...failedAgain(retries.get(what), error, now), commit: commitNow() });

  /** It is tried again later and later; where the forge as a whole fails, so is everything else. */
  function later(
    error: ForgeFailure,
    now: number,
    what: string,
    message = 'the forge did not take a proposal; it is tried again',
  ): void {
    for (const key of isForgeWide(error) ? [what, FORGE] : [what]) wait(key, error, now);
    parts.warn({ of: what, ...error }, message);
  }
  function done(what: string): void {
    retries.delete(what);
    retries.delete(FORGE);
  }

  type Asked = Extract<Plan, { readonly artefact: unknown }>;

  /** The file as it stands at the base branch and as it should be; or why it cannot be written. */
  async function textsOf(
    service: string,
    plan: Asked,
  ): Promise<Result<{ before: string | null; after: string }, ForgeFailure>> {
    const path = desiredPath(plan.environment, service);
    const found = await forge.text(baseOf(plan.environment), path);
    if (!found.ok) return found;
    const before = found.value;
    const read = before === null ? null : parseDesired(path, before, service);
    // What cannot be read is not written over: a person mends it first.
    if (read && !read.ok) return fail({ code: 'INVALID', message: read.error.map(problemLine).join('; ') });
    const lane = lanesNow().get(`${service}/${plan.environment}`);
    const good = plan.kind === 'revert' ? lane?.stable : null;
    // A revert brings back the configuration that was good, too; a promotion leaves that of its environment.
    const chart = good?.chart ? { chart: good.chart } : {};
    const wanted = good ? { ...plan.artefact, ...chart, config: good.config } : plan.artefact;
    return ok({ before, after: withArtefact(before, service, wanted) });
  }

  async function propose(
    service: string,
    plan: Asked,
    actor: Actor,
    now: number,
  ): Promise<Result<number, ForgeFailure>> {
    const lane = `${service}/${plan.environment}`;
    const path = desiredPath(plan.environment, service);
    const texts = await textsOf(service, plan);
    if (!texts.ok) return texts;
    const { before, after } = texts.value;
    // The forge is ahead of what was fetched: it asks for it already, and not every forge refuses an empty request.
    if (before === after) return fail({ code: 'INVALID', message: `no commits between ${path} and itself` });
    const lanes = lanesNow();
    const { kind, artefact, from, why } = plan;
    const made = await forge.propose({
      branch: proposalBranch(service, plan),
      base: baseOf(plan.environment),
      files: { [path]: after },
      title: titleOf(service, plan),
      body: bodyOf(service, plan, {
        evidence: from.flatMap((e) =>
          evidenceIn(lanes.get(`${service}/${e}`), (slo) => parts.budgetLeft?.(e, slo) ?? null),
        ),
        authors: parts.authors?.(service, artefact.digest) ?? [],
        diff: createTwoFilesPatch(path, path, before ?? '', after, '', '', { context: 3 })
          .split('\n')
          .filter((line) => !/^(Index: |=+$)/.test(line))
          .join('\n'),
      }),
      labels: [],
      autoMerge: false,
    });
    if (!made.ok) return made;
    const { number } = made.value;
    headOf.set(number, made.value.head.sha);
    const { version, digest } = artefact;
    const type = plan.updates === number ? 'proposal.updated' : 'proposal.opened';
    const basis = sha256(before ?? '');
    const data = { kind, number, artefact: { version, digest }, from: [...from], why, basis };
    await record(type, lane, data, actor, now);
    // One that had to be begun anew leaves the number before behind.
    if (plan.updates !== null && plan.updates !== number)
      await end(lane, plan.updates, 'withdrawn', `#${number} replaces it`, now);
    return ok(number);
  }

  /** Nothing to commit: Git asks for it already, and the next look will see so. */
  const isNothing = (error: ForgeFailure): boolean =>
    error.code === 'INVALID' && /no (commits|changes) between/i.test(error.message);

  async function carryOut(service: string, plan: Plan, now: number): Promise<void> {
    const lane = `${service}/${plan.environment}`;
    if (waiting(lane, now)) return;
    if (plan.kind !== 'withdraw') {
      const made = await propose(service, plan, SYSTEM, now);
      if (made.ok) done(lane);
      else if (isNothing(made.error)) wait(lane, made.error, now);
      else later(made.error, now, lane);
      return;
    }
    const found = await forge.pull(plan.number);
    // One that is gone needs no withdrawing; one that could not be read is asked for again.
    const withdrawn = !found.ok
      ? found.error.code === 'NOT_FOUND'
        ? ok(null)
        : found
      : found.value.state === 'open'
        ? await forge.withdraw(found.value, `${plan.why}.`)
        : ok(null);
    if (!withdrawn.ok) return later(withdrawn.error, now, lane);
    done(lane);
    await end(lane, plan.number, 'withdrawn', plan.why, now);
  }

  /** What became of those that are open: merged, or closed by a person, which is respected and remembered. */
  async function follow(now: number): Promise<void> {
    for (const kept of openOnes()) {
      const { number, lane } = kept;
      const what = `#${number}`;
      if (waiting(what, now)) continue;
      const known = parts.gate.seen(number);
      const fresh = known?.state === 'open' && known.head.sha === headOf.get(number);
      const found = fresh ? ok(known) : await forge.pull(number);
      if (!found.ok) {
        later(found.error, now, what);
        continue;
      }
      if (!fresh) done(what);
      const { state } = found.value;
      if (state !== 'open') for (const key of [what, `merge ${what}`]) retries.delete(key);
      if (state === 'merged') {
        await end(lane, number, 'merged', 'it was merged', now);
        await parts.refresh?.(kept.environment);
      }
      if (state === 'closed') await end(lane, number, 'closed', 'a person closed it', now);
      if (state === 'open' && (await keepCurrent(kept, found.value, now)))
        await mergeWhereDeclared(found.value, kept, now);
    }
  }

  /** The plan that an open proposal came from, to be carried out anew. */
  const planAgain = (kept: KeptProposal, why: string): Asked => ({
    kind: kept.kind,
    environment: kept.environment,
    artefact: { version: kept.version, digest: kept.digest },
    from: kept.from,
    updates: kept.number,
    why,
  });

  /**
   * Whether a proposal still says what it said. The file under it changed, or somebody pushed something else
   * to its branch: it is written anew, before it conflicts or merges what nobody asked for.
   */
  async function keepCurrent(kept: KeptProposal, pull: PullRequest, now: number): Promise<boolean> {
    const [service] = kept.lane.split('/') as [string];
    const path = desiredPath(kept.environment, service);
    const head = parts.desired()?.heads?.get(baseOf(kept.environment)) ?? parts.desired()?.commit;
    const compared = `${head} ${pull.head.sha}`;
    if (current.get(kept.number) === compared) return true;
    const what = `#${kept.number}`;
    const base = await forge.text(baseOf(kept.environment), path);
    const ours = base.ok ? await forge.text(pull.head.sha, path) : base;
    if (!base.ok || !ours.ok) {
      const { error } = ours as { error: ForgeFailure };
      later(error, now, what, 'a proposal could not be compared with its base; it is tried again');
      return false;
    }
    const read = ours.value === null ? null : parseDesired(path, ours.value, service);
    const asked = read?.ok && read.value.digest === kept.digest;
    const same = kept.basis === null || kept.basis === sha256(base.value ?? '');
    if (asked && same) {
      headOf.set(kept.number, pull.head.sha);
      current.set(kept.number, compared);
      return true;
    }
    const why = asked
      ? `${path} changed since it was proposed: written anew`
      : 'its branch was changed by somebody: written anew';
    const made = await propose(service, planAgain(kept, why), SYSTEM, now);
    if (!made.ok && !isNothing(made.error)) later(made.error, now, what);
    else done(what);
    return false;
  }

  async function mergeWhereDeclared(pull: PullRequest, kept: KeptProposal, now: number): Promise<void> {
    const { autoMerge, autoRevert } = environmentOf(kept.environment).promotion;
    const declared = kept.kind === 'revert' ? autoRevert : autoMerge;
    // Only asked for: the forge's own required check decides.
    if (!declared || parts.gate.allowed(pull.number, pull.head.sha) !== true) return;
    const what = `merge #${pull.number}`;
    if (waiting(what, now)) return;
    const merged = await forge.merge(pull);
    if (merged.ok) return done(what);
    later(merged.error, now, what, 'a declared merge was not taken; it is asked for again');
    // Another commit came in between: looked at again from where the branch stands now.
    if (merged.error.code === 'CONFLICT') current.delete(pull.number);
  }

  /** Whoever brought a version is told that it failed, on its pull request, once. */
  async function tellAuthors(now: number): Promise<void> {
    for (const { lane, release } of parts.lanes()) {
      if (!release?.blamed || release.endedAt === null || promotions().told.has(release.id)) continue;
      const { digest } = release.target;
      const ours = [...promotions().all.values()]
        .filter((p) => p.lane === lane && p.digest === digest)
        .at(-1);
      const pull =
        parts.gate.bringing(lane, digest) ??
        promotions().brought.get(`${lane}@${digest}`) ??
        ours?.number ??
        null;
      if (pull === null) continue;
      if (waiting(release.id, now)) continue;
      const [service, environment] = lane.split('/') as [string, string];
      const said = await forge.comment(
        { number: pull },
        OUTCOME_MARK,
        failureBody(service, environment, release),
      );
      if (!said.ok) {
        later(said.error, now, release.id, 'an author could not be told of a failure; it is tried again');
        continue;
      }
      done(release.id);
      await record('author.told', lane, { release: release.id, pull }, SYSTEM, now);
    }
  }

  return {
    pipelines: (now) => platform.services.map((s) => pipelineOf(s.name, now)),
    proposals: () => [...promotions().all.values()],
    async look(now) {
      if (waiting(FORGE, now) || parts.desired() === null) return;
      await follow(now);
      await tellAuthors(now);
      for (const { name } of platform.services)
        for (const plan of plansOf(pipelineOf(name, now))) await carryOut(name, plan, now);
    },
    async promote(service, environment, actor, now) {
      const pipeline = pipelineOf(service, now);
      const to = pipeline.stands.find((s) => s.environment === environment);
      if (!to) return fail(`no environment is named "${environment}"`);
      if (to.after.length === 0) return fail(`nothing comes before ${environment}: commit a version there`);
      const asked: Pipeline = {
        ...pipeline,
        declined: new Set(),
        stands: pipeline.stands.map((s) => ({ ...s, soakMs: 0 })),
      };
      const plan = plansOf(asked).find((p) => p.kind === 'promotion' && p.environment === environment);
      if (plan && plan.kind === 'promotion') {
        const made = await propose(service, plan, actor, now);
        return made.ok ? ok(made.value) : fail(made.error.message);
      }
      const open = pipeline.open.find((p) => p.kind === 'promotion' && p.environment === environment);
      if (open) return ok(open.number);
      const waits = to.after
        .flatMap((name) => pipeline.stands.find((s) => s.environment === name) ?? [])
        .map(
          (s) =>
            `${s.environment} is ${s.state} on ${s.stable?.version ?? 'nothing'}${s.desired && s.desired.digest !== s.stable?.digest ? `, and asks for ${s.desired.version}` : ''}`,
        );
      return fail(`there is nothing to promote to ${environment}: ${waits.join('; ')}`);
    },
  };
}
