/** What is to run: one exact artefact, by its digest; the version is for people. */
export interface Artefact {
  readonly version: string;
  readonly digest: string;
}

/** One service in one environment, as a stage of its pipeline. */
export interface PipelineStage {
  readonly environment: string;
  /** Environments that come before: every one of them has to be stable on it first. */
  readonly after: readonly string[];
  readonly state: string;
  readonly stable: Artefact | null;
  /** Since when this stable version has been at rest here; null: it is not at rest. */
  readonly restSince: number | null;
  /** How long it has to be at rest here before it is promoted. */
  readonly soakMs: number;
  /** What Git asks for; null: the service does not run here. */
  readonly desired: Artefact | null;
  /** Digests that have been stable here, the latest last. */
  readonly served: readonly string[];
  /** Digests that were rejected here. */
  readonly rejected: readonly string[];
  /**
   * The whole desired state, with configuration and chart: whether it was rejected here, and whether it is what serves
   * or what users are returned to. Left out: only the artefact counts.
   */
  readonly asked?: { readonly condemned: boolean; readonly good: boolean };
  /** The version that a person returns users to, until it serves. */
  readonly returnTo?: Artefact | null;
}

type ProposalKind = 'promotion' | 'revert';

/** A pull request of ours that is open. */
export interface Proposal {
  readonly kind: ProposalKind;
  readonly number: number;
  readonly environment: string;
  readonly digest: string;
}

/** One service in all environments, with our open pull requests and those that people declined. */
export interface Pipeline {
  readonly service: string;
  readonly stands: readonly PipelineStage[];
  readonly open: readonly Proposal[];
  /** Proposals that a person closed, by `declinedKey`: they are not opened again. */
  readonly declined: { has(key: string): boolean };
  readonly now: number;
}

export type PromotionPlan =
  | {
      readonly kind: ProposalKind;
      readonly environment: string;
      readonly artefact: Artefact;
      /** Environments that it comes from; for a revert, its own. */
      readonly from: readonly string[];
      /** The pull request that is brought up to date; null: a new one. */
      readonly updates: number | null;
      readonly why: string;
    }
  | {
      readonly kind: 'withdraw';
      readonly number: number;
      readonly environment: string;
      readonly why: string;
    };

/** The key of a declined proposal. It contains the kind: a declined promotion may still be the target of a revert. */
export const declinedKey = (kind: ProposalKind, environment: string, digest: string): string =>
  `${kind}:${environment}@${digest}`;

const standOf = (p: Pick<Pipeline, 'stands'>, environment: string): PipelineStage | undefined =>
  p.stands.find((s) => s.environment === environment);

/** The environments directly before one in which the service runs. */
export const upstream = (p: Pick<Pipeline, 'stands'>, stand: Pick<PipelineStage, 'after'>): PipelineStage[] =>
  stand.after
    .flatMap((name) => standOf(p, name) ?? [])
    .filter((s) => s.desired !== null || s.stable !== null);

/** Every environment before one, direct or not. */
function ancestors(p: Pick<Pipeline, 'stands'>, environment: string): string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const before of p.stands.find((s) => s.environment === name)?.after ?? [])
      if (!found.has(before)) {
        found.add(before);
        visit(before);
      }
  };
  visit(environment);
  return [...found];
}

/** Whether an artefact is known by its digest: a tag, or an unknown artefact, is not written into Git. */
const isExact = ({ digest }: Artefact): boolean => digest.startsWith('sha256:');

/** Whether a stage has been at rest on the desired version for the declared time. */
const settled = (p: Pipeline, s: PipelineStage): boolean =>
  s.state === 'Stable' &&
  s.stable !== null &&
  s.desired?.digest === s.stable.digest &&
  s.restSince !== null &&
  p.now - s.restSince >= s.soakMs;

/** The artefact that all environments before this one have settled on; undefined: they have not, or disagree. */
function candidate(p: Pipeline, to: PipelineStage): Artefact | undefined {
  const before = upstream(p, to);
  const [first] = before;
  if (!first?.stable || !isExact(first.stable) || !before.every((s) => settled(p, s))) return undefined;
  return before.every((s) => s.stable!.digest === first.stable!.digest) ? first.stable : undefined;
}

const condemned = (p: Pipeline, to: PipelineStage, digest: string): boolean =>
  [to.environment, ...ancestors(p, to.environment)].some((name) =>
    standOf(p, name)?.rejected.includes(digest),
  );

/** Why a candidate is not promoted; null: nothing speaks against it. */
export function objection(p: Pipeline, to: PipelineStage, artefact: Artefact): string | null {
  if (to.desired?.digest === artefact.digest) return 'Git already asks for it there';
  if (condemned(p, to, artefact.digest)) return 'it was rejected';
  // A hotfix that skipped environments is not replaced by the version that it fixed.
  if (to.served.includes(artefact.digest))
    return 'it was stable there before, and a newer version replaced it';
  if (p.declined.has(declinedKey('promotion', to.environment, artefact.digest)))
    return 'a person closed its pull request';
  return null;
}

function planPromotion(p: Pipeline, to: PipelineStage): PromotionPlan[] {
  if (to.after.length === 0) return [];
  const open = p.open.find((o) => o.kind === 'promotion' && o.environment === to.environment);
  const artefact = candidate(p, to);
  const wanted = artefact && objection(p, to, artefact) === null ? artefact : undefined;
  if (wanted) {
    if (open?.digest === wanted.digest) return [];
    const from = upstream(p, to).map((s) => s.environment);
    const why = open
      ? `${wanted.version} is stable in ${from.join(', ')} and replaces the earlier request`
      : `${wanted.version} is stable in ${from.join(', ')}`;
    return [
      {
        kind: 'promotion',
        environment: to.environment,
        artefact: wanted,
        from,
        updates: open?.number ?? null,
        why,
      },
    ];
  }
  if (!open) return [];
  // A newer version in progress does not withdraw the older one; a rejection or a merge does.
  if (to.desired?.digest === open.digest)
    return [
      {
        kind: 'withdraw',
        number: open.number,
        environment: to.environment,
        why: 'Git already asks for it there',
      },
    ];
  return condemned(p, to, open.digest)
    ? [{ kind: 'withdraw', number: open.number, environment: to.environment, why: 'it was rejected' }]
    : [];
}

/** Plans a revert after a rollback, only while Git still asks for the failed version. */
function planRevert(p: Pipeline, at: PipelineStage): PromotionPlan[] {
  const open = p.open.find((o) => o.kind === 'revert' && o.environment === at.environment);
  const back = at.returnTo ?? at.stable;
  const good = back && isExact(back) ? back : null;
  const left = at.returnTo != null && at.desired !== null;
  // A configuration may fail with a good artefact: then only the configuration is reverted.
  const same = good !== null && good.digest === at.desired?.digest;
  const condemned = at.desired !== null && at.rejected.includes(at.desired.digest);
  const failed = left || condemned || at.asked?.condemned === true;
  if (!failed || !good || (at.asked?.good ?? same) || at.rejected.includes(good.digest))
    return open
      ? [
          {
            kind: 'withdraw',
            number: open.number,
            environment: at.environment,
            why: 'Git no longer asks for what failed',
          },
        ]
      : [];
  if (open?.digest === good.digest || p.declined.has(declinedKey('revert', at.environment, good.digest)))
    return [];
  return [
    {
      kind: 'revert',
      environment: at.environment,
      artefact: good,
      from: [at.environment],
      updates: open?.number ?? null,
      why: left
        ? same
          ? `users in ${at.environment} are rolled back to the configuration before, of ${good.version}`
          : `users in ${at.environment} are rolled back from ${at.desired!.version} to ${good.version}`
        : same
          ? `the configuration of ${at.desired!.version} failed in ${at.environment}; the configuration before serves`
          : `${at.desired!.version} failed in ${at.environment}; ${good.version} serves`,
    },
  ];
}

/** Every proposal to make or withdraw now. Pure: the same pipeline gives the same plans. */
export const plansOf = (p: Pipeline): PromotionPlan[] =>
  p.stands.flatMap((stand) => [...planRevert(p, stand), ...planPromotion(p, stand)]);

/** Environments before one in which an artefact was rejected; none if it was stable in this one. */
export const condemnedBefore = (
  p: Pick<Pipeline, 'stands'>,
  stand: PipelineStage,
  digest: string,
): string[] =>
  stand.served.includes(digest)
    ? []
    : ancestors(p, stand.environment).filter((name) => standOf(p, name)?.rejected.includes(digest));

/** Digests that the promotion order allows in an environment: stable in every environment directly before; null: there is none. */
export function stableBefore(p: Pick<Pipeline, 'stands'>, stand: PipelineStage): readonly string[] | null {
  const [first, ...others] = upstream(p, stand);
  return first
    ? first.served.filter((digest) => others.every((before) => before.served.includes(digest)))
    : null;
}

/**
 * Why an artefact may not start in an environment: promotion order and rejections, the last check if something was
 * merged by force. Null: it may. A version that was stable there may always return.
 */
export function orderObjection(
  p: Pick<Pipeline, 'stands'>,
  environment: string,
  digest: string,
): string | null {
  const stand = standOf(p, environment);
  if (!stand) return null;
  const [condemnedAt] = condemnedBefore(p, stand, digest);
  if (condemnedAt !== undefined) return `it was rejected in ${condemnedAt}`;
  const missing = stand.served.includes(digest)
    ? undefined
    : upstream(p, stand).find((before) => !before.served.includes(digest));
  return missing ? `it was never stable in ${missing.environment}, the environment before` : null;
}
