import type { Platform } from '../declaration/platform.ts';
import type { Lane } from '../delivery/events.ts';
import { desiredPath, withArtefact } from '../gitops/desired.ts';
import {
  evolve,
  GITOPS_EVENT_VERSION,
  type GitopsData,
  type GitopsEventType,
  gitopsEvents,
  type KeptProposal,
  noProposals,
  type Proposals,
} from '../gitops/events.ts';
import type { ForgeFailure, ForgePort, PullRequest } from '../gitops/forge.ts';
import type { DesiredState } from '../gitops/port.ts';
import { orderObjection, type Pipeline, type Plan, plansOf, type Stand } from '../gitops/promotion.ts';
import { bodyOf, branchOf, type Evidence, titleOf } from '../gitops/words.ts';
import { type Actor, SYSTEM } from '../kit/actor.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { type LedgerPort, readPages } from '../ledger/port.ts';

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
  readonly ledger: LedgerPort;
  lanes(): readonly Lane[];
  desired(): DesiredState | null;
  /** What the gate says of a pull request now; null: nothing yet. */
  allowed(number: number, headSha: string): boolean | null;
  warn(details: object, message: string): void;
}

const RETRY_MS = 5_000;

/** How one service stands everywhere, from what the lanes and Git say. */
export function standsOf(
  platform: Platform,
  service: string,
  lanes: ReadonlyMap<string, Lane>,
  desired: DesiredState | null,
): Stand[] {
  return platform.environments.map(({ name, after, promotion }): Stand => {
    const lane = lanes.get(`${service}/${name}`);
    const wanted = desired?.lanes.get(`${service}/${name}`) ?? null;
    return {
      environment: name,
      after,
      soakMs: promotion.soakMs,
      state: lane?.state ?? 'Idle',
      stable: lane?.stable ?? null,
      restSince: lane?.state === 'Stable' ? lane.since : null,
      desired: wanted,
      served: lane?.served ?? [],
      rejected: (lane?.rejected ?? []).map((r) => r.digest).filter((d) => d !== lane?.stable?.digest),
    };
  });
}

/** What a lane's last release showed. */
function evidenceIn(lane: Lane | undefined): Evidence[] {
  const release = lane?.release;
  if (!lane || !release) return [];
  const [, environment] = lane.lane.split('/') as [string, string];
  const counts = Object.entries(release.intervals).map(([slo, list]) => ({
    slo,
    total: list.reduce((sum, i) => sum + (i.canary?.total ?? 0), 0),
    bad: list.reduce((sum, i) => sum + (i.canary?.bad ?? 0), 0),
  }));
  return [
    { environment, release: release.id, counts, reasons: release.verdict?.reasons ?? [], burn: lane.burn },
  ];
}

export async function openPromoter(parts: PromoterParts): Promise<Promoter> {
  const { platform, forge, ledger } = parts;
  const branch = platform.forge!.branch;
  let proposals: Proposals = noProposals;
  for await (const page of readPages(ledger)) proposals = page.reduce(evolve, proposals);
  let retryAt = 0;

  const record = async <T extends GitopsEventType>(
    type: T,
    lane: string,
    data: GitopsData<T>,
    actor: Actor,
    at: number,
  ) => {
    const [made] = await ledger.append([
      {
        at,
        type,
        v: GITOPS_EVENT_VERSION,
        subject: lane,
        actor: { id: actor.id, kind: actor.kind },
        cause: null,
        data: gitopsEvents[type].parse(data),
      },
    ]);
    proposals = evolve(proposals, made!);
  };
  const end = (
    lane: string,
    number: number,
    how: NonNullable<KeptProposal['ended']>,
    why: string,
    at: number,
  ) => record('proposal.ended', lane, { number, how, why }, SYSTEM, at);
  const lanesNow = () => new Map(parts.lanes().map((lane) => [lane.lane, lane]));
  const openOnes = () => [...proposals.all.values()].filter((p) => p.ended === null);

  function pipelineOf(service: string, now: number): Pipeline {
    return {
      service,
      stands: standsOf(platform, service, lanesNow(), parts.desired()),
      open: openOnes().filter((p) => p.lane.startsWith(`${service}/`)),
      declined: proposals.declined.get(service) ?? new Set(),
      now,
    };
  }

  function later(error: ForgeFailure, now: number, what: object): void {
    retryAt = now + Math.max(RETRY_MS, error.retryAfterMs ?? 0);
    parts.warn({ ...what, ...error }, 'the forge did not take a proposal; it is tried again');
  }

  async function propose(
    service: string,
    plan: Extract<Plan, { readonly artefact: unknown }>,
    actor: Actor,
    now: number,
  ): Promise<Result<number, ForgeFailure>> {
    const lane = `${service}/${plan.environment}`;
    const path = desiredPath(plan.environment, service);
    const text = await forge.text(branch, path);
    if (!text.ok) return text;
    const lanes = lanesNow();
    const good = plan.kind === 'revert' ? lanes.get(lane)?.stable : null;
    // A revert brings back the configuration that was good, too; a promotion leaves that of its environment.
    const wanted = good ? { ...plan.artefact, config: good.config } : plan.artefact;
    const made = await forge.propose({
      branch: branchOf(service, plan),
      base: branch,
      files: { [path]: withArtefact(text.value, service, wanted) },
      title: titleOf(service, plan),
      body: bodyOf(
        service,
        plan,
        plan.from.flatMap((e) => evidenceIn(lanes.get(`${service}/${e}`))),
      ),
      labels: [],
      autoMerge: false,
    });
    if (!made.ok) return made;
    const { number } = made.value;
    const { kind, artefact, from, why } = plan;
    const { version, digest } = artefact;
    const type = plan.updates === number ? 'proposal.updated' : 'proposal.opened';
    const data = { kind, number, artefact: { version, digest }, from: [...from], why };
    await record(type, lane, data, actor, now);
    // One that had to be begun anew leaves the number before behind.
    if (plan.updates !== null && plan.updates !== number)
      await end(lane, plan.updates, 'withdrawn', `#${number} replaces it`, now);
    return ok(number);
  }

  /** Nothing to commit: Git asks for it already, and the next look will see so. */
  const isNothing = (error: ForgeFailure): boolean =>
    error.code === 'INVALID' && /no commits between/i.test(error.message);

  async function carryOut(service: string, plan: Plan, now: number): Promise<void> {
    const lane = `${service}/${plan.environment}`;
    if (plan.kind !== 'withdraw') {
      const made = await propose(service, plan, SYSTEM, now);
      if (!made.ok && !isNothing(made.error)) later(made.error, now, { lane });
      return;
    }
    const found = await forge.pull(plan.number);
    const done =
      found.ok && found.value.state === 'open' ? await forge.withdraw(found.value, `${plan.why}.`) : ok(null);
    if (!done.ok) later(done.error, now, { lane });
    else await end(lane, plan.number, 'withdrawn', plan.why, now);
  }

  /** What became of those that are open: merged, or closed by a person, which is respected and remembered. */
  async function follow(now: number): Promise<void> {
    for (const { number, lane, kind, environment } of openOnes()) {
      const found = await forge.pull(number);
      if (!found.ok) {
        later(found.error, now, { lane });
        return;
      }
      const { state } = found.value;
      if (state === 'merged') await end(lane, number, 'merged', 'it was merged', now);
      else if (state === 'closed') await end(lane, number, 'closed', 'a person closed it', now);
      else await mergeWhereDeclared(found.value, kind, environment);
    }
  }

  async function mergeWhereDeclared(
    pull: PullRequest,
    kind: KeptProposal['kind'],
    environment: string,
  ): Promise<void> {
    const { autoMerge, autoRevert } = platform.environments.find((e) => e.name === environment)!.promotion;
    const declared = kind === 'revert' ? autoRevert : autoMerge;
    // Only asked for: the forge's own required check decides.
    if (declared && parts.allowed(pull.number, pull.head.sha) === true) await forge.merge(pull);
  }

  return {
    pipelines: (now) => platform.services.map((s) => pipelineOf(s.name, now)),
    proposals: () => [...proposals.all.values()],
    async look(now) {
      if (now < retryAt || parts.desired() === null) return;
      await follow(now);
      for (const { name } of platform.services)
        for (const plan of plansOf(pipelineOf(name, now))) {
          if (now < retryAt) return;
          await carryOut(name, plan, now);
        }
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

/** The start gate's question about order: why this artefact may not begin here; null: it may. */
export function orderHold(
  platform: Platform,
  lanes: readonly Lane[],
  desired: DesiredState | null,
  lane: string,
  digest: string,
): string | null {
  const [service, environment] = lane.split('/') as [string, string];
  const stands = standsOf(platform, service, new Map(lanes.map((l) => [l.lane, l])), desired);
  return orderObjection({ stands }, environment, digest);
}
