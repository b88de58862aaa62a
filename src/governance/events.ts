import { z } from 'zod';
import type { Actor } from '../kit/actor.ts';
import { partsOfLane } from '../kit/lane.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { invariant } from '../kit/result.ts';
import type { Entry } from '../ledger/record.ts';
import { decisionSchema } from './decision.ts';
import type { Coverage, FreezeFacts, WaiverFacts } from './facts.ts';
import type { AutoFreeze } from './freeze.ts';

const scopeSchema = z.object({ environment: z.string(), service: z.string() });

/** What the governance plane puts into the ledger. Subject: a scope, a lane, or `pull/N`. */
export const governanceEvents = {
  'freeze.set': z.object({
    id: z.string(),
    scope: scopeSchema,
    reason: z.string().min(1),
    until: z.number(),
  }),
  'freeze.lifted': z.object({ id: z.string(), reason: z.string().min(1) }),
  'freeze.moved': z.object({
    slo: z.string(),
    cause: z.enum(['budget', 'burn']).nullable(),
    calmSince: z.number().nullable(),
    overruled: z.boolean(),
    left: z.number().nullable(),
    fast: z.number().nullable(),
    slow: z.number().nullable(),
    reason: z.string(),
  }),
  'waiver.granted': z.object({
    id: z.string(),
    scope: scopeSchema,
    codes: z.array(z.string()),
    reason: z.string().min(1),
    expiresAt: z.number(),
    singleUse: z.boolean(),
    pullRequest: z.number().nullable(),
    needsSecond: z.boolean(),
    /** The person behind the token that granted it, and who made that; left out of a person's own, and of old ones. */
    person: z.string().optional(),
    madeBy: z.array(z.string()).optional(),
  }),
  'waiver.approved': z.object({ id: z.string(), reason: z.string().min(1) }),
  'waiver.revoked': z.object({ id: z.string(), reason: z.string().min(1) }),
  'waiver.used': z.object({ id: z.string(), pullRequest: z.number(), decision: z.string() }),
  'gate.decided': z.object({
    decision: decisionSchema,
    facts: z.unknown(),
    engine: z.enum(['wasm', 'server']),
    forge: z.string(),
    trigger: z.string(),
  }),
  /** The compiled policy itself, once a revision: what a replay asks. */
  'policy.kept': z.object({ revision: z.string(), digest: z.string(), wasm: z.string() }),
  'gate.posted': z.object({
    decision: z.string(),
    headSha: z.string(),
    state: z.string(),
    /** The foreign post under our name that this one replaced. */
    foreign: z.object({ by: z.string(), state: z.string() }).optional(),
  }),
} as const;
export type GovernanceEventType = keyof typeof governanceEvents;
export type GovernanceData<T extends GovernanceEventType> = z.infer<(typeof governanceEvents)[T]>;
export const GOVERNANCE_EVENT_VERSION = 1;

/** An event of this plane as it is appended. */
export const governanceEntry = <T extends GovernanceEventType>(
  type: T,
  subject: string,
  data: GovernanceData<T>,
  actor: Actor,
  at: number,
  cause: string | null,
): Entry => ({
  at,
  type,
  v: GOVERNANCE_EVENT_VERSION,
  subject,
  actor: { id: actor.id, kind: actor.kind },
  cause,
  data,
});

interface Recorded {
  readonly type: string;
  readonly v: number;
  readonly subject: string;
  readonly at: number;
  readonly actor: { readonly id: string };
  readonly data: unknown;
}

interface ManualFreeze {
  readonly id: string;
  readonly scope: Coverage;
  readonly reason: string;
  readonly since: number;
  readonly until: number;
  readonly by: string;
  readonly lifted: { readonly at: number; readonly by: string; readonly reason: string } | null;
}

export interface Waiver {
  readonly id: string;
  readonly scope: Coverage;
  readonly codes: readonly string[];
  readonly reason: string;
  readonly since: number;
  readonly expiresAt: number;
  readonly by: string;
  readonly person?: string | undefined;
  readonly madeBy?: readonly string[] | undefined;
  readonly singleUse: boolean;
  readonly pullRequest: number | null;
  readonly needsSecond: boolean;
  readonly approvedBy: string | null;
  readonly revoked: { readonly at: number; readonly by: string; readonly reason: string } | null;
  /** The pull requests that it let through. */
  readonly usedFor: readonly number[];
}

/** An automatic freeze with its place, and since when. */
export interface AutoFreezeAt extends AutoFreeze {
  readonly service: string;
  readonly environment: string;
  readonly slo: string;
  readonly since: number;
  readonly reason: string;
}

/** Everything that was decided about freezes and waivers, folded from records. */
export interface Governance {
  readonly freezes: PersistentMap<string, ManualFreeze>;
  readonly auto: PersistentMap<string, AutoFreezeAt>;
  readonly waivers: PersistentMap<string, Waiver>;
}
export const noGovernance: Governance = {
  freezes: new PersistentMap(),
  auto: new PersistentMap(),
  waivers: new PersistentMap(),
};

export const autoKey = (slo: string, environment: string): string => `${slo}@${environment}`;

function changeWaiver(before: Governance, id: string, more: Partial<Waiver>): Governance {
  const waiver = before.waivers.get(id);
  if (!waiver) return before;
  return { ...before, waivers: before.waivers.with(id, { ...waiver, ...more }) };
}

function lifted(before: Governance, id: string, at: number, by: string, reason: string): Governance {
  const freeze = before.freezes.get(id);
  if (!freeze) return before;
  const freezes = before.freezes.with(id, { ...freeze, lifted: { at, by, reason } });
  return { ...before, freezes };
}

function movedFreeze(before: Governance, record: Recorded): Governance {
  const { slo, cause, calmSince, overruled, reason } = governanceEvents['freeze.moved'].parse(record.data);
  const [service, environment] = partsOfLane(record.subject);
  const key = autoKey(slo, environment);
  const known = before.auto.get(key);
  const since = known?.cause && known.cause === cause ? known.since : record.at;
  const next: AutoFreezeAt = { cause, calmSince, overruled, service, environment, slo, since, reason };
  return { ...before, auto: before.auto.with(key, next) };
}

/** Applies one record of any version that was ever written; others' records change nothing. */
export function evolve(before: Governance, record: Recorded): Governance {
  if (!(record.type in governanceEvents)) return before;
  invariant(record.v === GOVERNANCE_EVENT_VERSION, `${record.type} has version ${record.v}`);
  const { at, actor } = record;
  switch (record.type as GovernanceEventType) {
    case 'freeze.set': {
      const data = governanceEvents['freeze.set'].parse(record.data);
      const freeze: ManualFreeze = { ...data, since: at, by: actor.id, lifted: null };
      return { ...before, freezes: before.freezes.with(data.id, freeze) };
    }
    case 'freeze.lifted': {
      const { id, reason } = governanceEvents['freeze.lifted'].parse(record.data);
      return lifted(before, id, at, actor.id, reason);
    }
    case 'freeze.moved':
      return movedFreeze(before, record);
    case 'waiver.granted': {
      const data = governanceEvents['waiver.granted'].parse(record.data);
      const waiver: Waiver = {
        ...data,
        since: at,
        by: actor.id,
        approvedBy: null,
        revoked: null,
        usedFor: [],
      };
      return { ...before, waivers: before.waivers.with(data.id, waiver) };
    }
    case 'waiver.approved':
      return changeWaiver(before, governanceEvents['waiver.approved'].parse(record.data).id, {
        approvedBy: actor.id,
      });
    case 'waiver.revoked': {
      const { id, reason } = governanceEvents['waiver.revoked'].parse(record.data);
      return changeWaiver(before, id, { revoked: { at, by: actor.id, reason } });
    }
    case 'waiver.used': {
      const { id, pullRequest } = governanceEvents['waiver.used'].parse(record.data);
      const usedFor = before.waivers.get(id)?.usedFor ?? [];
      return usedFor.includes(pullRequest)
        ? before
        : changeWaiver(before, id, { usedFor: [...usedFor, pullRequest] });
    }
    case 'gate.decided':
    case 'policy.kept':
    case 'gate.posted':
      return before;
  }
}

/** Automatic and manual freezes that are active now; calendar freezes are computed, not recorded. */
export function recordedFreezes(state: Governance, now: number): FreezeFacts[] {
  const manual = [...state.freezes.values()]
    .filter((f) => f.lifted === null && f.until > now)
    .map(({ id, scope, reason, since, until, by }) => ({
      id,
      kind: 'manual' as const,
      scope,
      reason,
      since,
      until,
      by,
    }));
  const auto = [...state.auto.values()]
    .filter((f) => f.cause !== null && !f.overruled)
    .map((f) => ({
      id: `auto:${autoKey(f.slo, f.environment)}`,
      kind: f.cause!,
      scope: { environment: f.environment, service: f.service },
      since: f.since,
      until: null,
      reason: f.reason,
      by: 'sluice',
    }));
  return [...manual, ...auto];
}

/** Waivers as the policy sees them for one pull request: revoked and spent ones are gone. */
export function waiverFacts(state: Governance, pullRequest: number): WaiverFacts[] {
  return [...state.waivers.values()]
    .filter((w) => w.revoked === null)
    .map((w) => ({
      id: w.id,
      scope: w.scope,
      codes: w.codes,
      reason: w.reason,
      since: w.since,
      expiresAt: w.expiresAt,
      by: w.by,
      approved: !w.needsSecond || w.approvedBy !== null,
      approvedBy: w.approvedBy,
      // Once used, it belongs to that pull request.
      boundTo: w.pullRequest ?? (w.singleUse ? (w.usedFor[0] ?? null) : null),
    }))
    .filter((w) => w.boundTo === null || w.boundTo === pullRequest);
}
