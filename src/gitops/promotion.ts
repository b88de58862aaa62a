/** What is to run: one exact artefact, by its digest; the version is for people. */
export interface Artefact {
  readonly version: string;
  readonly digest: string;
}

/** Where one service stands in one environment. */
export interface Stand {
  readonly environment: string;
  /** Environments that come before: every one of them has to be stable on it first. */
  readonly after: readonly string[];
  readonly state: string;
  readonly stable: Artefact | null;
  /** Since when this stable version has been at rest here; null: it is not. */
  readonly restSince: number | null;
  /** How long it has to be at rest here before it goes on. */
  readonly soakMs: number;
  /** What Git asks for; null: the service does not run here. */
  readonly desired: Artefact | null;
  /** Digests that have been stable here, the latest last. */
  readonly served: readonly string[];
  /** Digests that were condemned here. */
  readonly rejected: readonly string[];
}

export type ProposalKind = 'promotion' | 'revert';

/** A pull request of ours that is open. */
export interface Proposal {
  readonly kind: ProposalKind;
  readonly number: number;
  readonly environment: string;
  readonly digest: string;
}

/** One service in all environments, with what we asked for and what people turned down. */
export interface Pipeline {
  readonly service: string;
  readonly stands: readonly Stand[];
  readonly open: readonly Proposal[];
  /** What a person closed, by `declinedKey`: it is respected. */
  readonly declined: { has(key: string): boolean };
  readonly now: number;
}

export type Plan =
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

/** A "no" is to that kind of request: a promotion that was turned down may still be what a rollback goes back to. */
export const declinedKey = (kind: ProposalKind, environment: string, digest: string): string =>
  `${kind}:${environment}@${digest}`;

const standOf = (p: Pick<Pipeline, 'stands'>, environment: string): Stand | undefined =>
  p.stands.find((s) => s.environment === environment);

/** Right before one: the environments in which the service runs at all. */
export const upstream = (p: Pick<Pipeline, 'stands'>, stand: Pick<Stand, 'after'>): Stand[] =>
  stand.after
    .flatMap((name) => standOf(p, name) ?? [])
    .filter((s) => s.desired !== null || s.stable !== null);

/** Every environment that comes before, however far. */
export function ancestors(p: Pick<Pipeline, 'stands'>, environment: string): string[] {
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

/** At rest on what Git asks for, for as long as is declared. */
const settled = (p: Pipeline, s: Stand): boolean =>
  s.state === 'Stable' &&
  s.stable !== null &&
  s.desired?.digest === s.stable.digest &&
  s.restSince !== null &&
  p.now - s.restSince >= s.soakMs;

/** The artefact that all environments before this one have settled on; undefined: they have not, or disagree. */
function candidate(p: Pipeline, to: Stand): Artefact | undefined {
  const before = upstream(p, to);
  const [first] = before;
  if (!first?.stable || !before.every((s) => settled(p, s))) return undefined;
  return before.every((s) => s.stable!.digest === first.stable!.digest) ? first.stable : undefined;
}

const condemned = (p: Pipeline, to: Stand, digest: string): boolean =>
  [to.environment, ...ancestors(p, to.environment)].some((name) =>
    standOf(p, name)?.rejected.includes(digest),
  );

/** Why a candidate is not promoted; null: nothing speaks against it. */
export function objection(p: Pipeline, to: Stand, artefact: Artefact): string | null {
  if (to.desired?.digest === artefact.digest) return 'it is asked for there already';
  if (condemned(p, to, artefact.digest)) return 'it was condemned';
  // A hotfix that went past is not taken back by what it fixed.
  if (to.served.includes(artefact.digest)) return 'it was stable there before, and something newer followed';
  if (p.declined.has(declinedKey('promotion', to.environment, artefact.digest)))
    return 'a person closed its pull request';
  return null;
}

function planPromotion(p: Pipeline, to: Stand): Plan[] {
  if (to.after.length === 0) return [];
  const open = p.open.find((o) => o.kind === 'promotion' && o.environment === to.environment);
  const artefact = candidate(p, to);
  const wanted = artefact && objection(p, to, artefact) === null ? artefact : undefined;
  if (wanted) {
    if (open?.digest === wanted.digest) return [];
    const from = upstream(p, to).map((s) => s.environment);
    const why = open
      ? `${wanted.version} is stable in ${from.join(', ')} and replaces what was asked for before`
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
  // A newer version on its way does not withdraw the older one; that it was condemned or merged does.
  if (to.desired?.digest === open.digest)
    return [
      {
        kind: 'withdraw',
        number: open.number,
        environment: to.environment,
        why: 'it is asked for there already',
      },
    ];
  return condemned(p, to, open.digest)
    ? [{ kind: 'withdraw', number: open.number, environment: to.environment, why: 'it was condemned' }]
    : [];
}

/** Git is put right after a rollback: only while it still asks for what failed. */
function planRevert(p: Pipeline, at: Stand): Plan[] {
  const open = p.open.find((o) => o.kind === 'revert' && o.environment === at.environment);
  const failed = at.desired !== null && at.rejected.includes(at.desired.digest);
  const good = at.stable;
  if (!failed || !good || good.digest === at.desired?.digest || at.rejected.includes(good.digest))
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
      why: `${at.desired!.version} failed in ${at.environment}; ${good.version} serves`,
    },
  ];
}

/** Everything that there is to ask for now. Pure: the same pipeline gives the same plans. */
export const plansOf = (p: Pipeline): Plan[] =>
  p.stands.flatMap((stand) => [...planRevert(p, stand), ...planPromotion(p, stand)]);

/** Environments before one that condemned an artefact for it: none, where it was stable here. */
export const condemnedBefore = (p: Pick<Pipeline, 'stands'>, stand: Stand, digest: string): string[] =>
  stand.served.includes(digest)
    ? []
    : ancestors(p, stand.environment).filter((name) => standOf(p, name)?.rejected.includes(digest));

/** Digests that order lets into an environment: stable wherever the service runs right before; null: nowhere. */
export function stableBefore(p: Pick<Pipeline, 'stands'>, stand: Stand): readonly string[] | null {
  const [first, ...others] = upstream(p, stand);
  return first
    ? first.served.filter((digest) => others.every((before) => before.served.includes(digest)))
    : null;
}

/**
 * Why an artefact may not begin in an environment, whoever asks: order and condemnations, the last line when
 * something was merged by force. Null: it may. What was stable there before may always come back.
 */
export function orderObjection(
  p: Pick<Pipeline, 'stands'>,
  environment: string,
  digest: string,
): string | null {
  const stand = standOf(p, environment);
  if (!stand) return null;
  const [condemnedAt] = condemnedBefore(p, stand, digest);
  if (condemnedAt !== undefined) return `it was condemned in ${condemnedAt}`;
  const missing = stand.served.includes(digest)
    ? undefined
    : upstream(p, stand).find((before) => !before.served.includes(digest));
  return missing ? `it was never stable in ${missing.environment}, which comes before` : null;
}
