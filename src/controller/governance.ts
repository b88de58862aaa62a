import type { Environment, Platform, Slo } from '../declaration/platform.ts';
import type { Hold, Revision } from '../delivery/events.ts';
import { calendarFreezes } from '../governance/calendar.ts';
import {
  autoKey,
  autoOf,
  GOVERNANCE_EVENT_VERSION,
  type Governance,
  type GovernanceData,
  type GovernanceEventType,
  recordedFreezes,
} from '../governance/events.ts';
import { covers, type FreezeFacts, type Scope, scopeText } from '../governance/facts.ts';
import { governanceFold, isPassed } from '../governance/fold.ts';
import { type AutoFreeze, autoFreeze, holdOf } from '../governance/freeze.ts';
import { type Actor, SYSTEM } from '../kit/actor.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Journal } from '../ledger/journal.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import type { SloStatuses } from './slo-statuses.ts';

export interface FreezeWanted {
  readonly id: string;
  readonly scope: Scope;
  readonly reason: string;
  readonly until: number;
}

export interface WaiverWanted {
  readonly id: string;
  readonly scope: Scope;
  readonly codes: readonly string[];
  readonly reason: string;
  readonly expiresAt: number;
  readonly singleUse: boolean;
  readonly pullRequest: number | null;
}

/** Freezes and waivers: what stands, what is asked for, and what each look moves. Everything is in the ledger. */
export interface GovernanceKeeper {
  state(): Governance;
  freezes(now: number): FreezeFacts[];
  /** The start gate's question. */
  hold(lane: string, target: Revision, now: number): Hold | null;
  /** Records what the latest looks moved: automatic freezes begin and end. */
  look(now: number): Promise<void>;
  freeze(wanted: FreezeWanted, actor: Actor, now: number): Promise<Result<LedgerRecord, string>>;
  lift(id: string, reason: string, actor: Actor, now: number): Promise<Result<LedgerRecord, string>>;
  grant(wanted: WaiverWanted, actor: Actor, now: number): Promise<Result<LedgerRecord, string>>;
  approve(id: string, reason: string, actor: Actor, now: number): Promise<Result<LedgerRecord, string>>;
  revoke(id: string, reason: string, actor: Actor, now: number): Promise<Result<LedgerRecord, string>>;
  /** Appends records of this plane and takes them up. */
  record<T extends GovernanceEventType>(
    type: T,
    subject: string,
    data: GovernanceData<T>,
    actor: Actor,
    now: number,
    cause?: string | null,
  ): Promise<LedgerRecord>;
}

export interface GovernanceParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly statuses: SloStatuses;
}

/** No freeze by hand and no calendar one lasts longer: who wants more says so again. */
const MAX_FREEZE_MS = 92 * 86_400_000;
const percent = (share: number | null): string =>
  share === null ? 'nothing known' : `${Math.round(100 * share)} %`;

export function createGovernance(parts: GovernanceParts): GovernanceKeeper {
  const { platform, journal } = parts;
  const state = () => journal.state(governanceFold);
  const entry = <T extends GovernanceEventType>(
    type: T,
    subject: string,
    data: GovernanceData<T>,
    actor: Actor,
    at: number,
    cause: string | null,
  ) => ({
    at,
    type,
    v: GOVERNANCE_EVENT_VERSION,
    subject,
    actor: { id: actor.id, kind: actor.kind },
    cause,
    data,
  });
  const record: GovernanceKeeper['record'] = async (type, subject, data, actor, now, cause = null) => {
    const [made] = await journal.append([entry(type, subject, data, actor, now, cause)]);
    return made!;
  };
  /** The record of an order that was given already: the same id is the same order. */
  const earlier = async (type: GovernanceEventType, id: string): Promise<LedgerRecord | undefined> =>
    (await journal.read({ type })).find((r) => (r.data as { id?: string }).id === id);

  const freezes = (now: number): FreezeFacts[] => [
    ...calendarFreezes(platform.freezes, now),
    ...recordedFreezes(state(), now),
  ];

  function wordsOf(next: AutoFreeze, before: AutoFreeze, slo: Slo, left: number | null): string {
    if (next.cause === 'budget') return `${percent(left)} of the error budget of ${slo.name} is left`;
    if (next.cause === 'burn') return `${slo.name} burns its budget in every declared window`;
    return before.cause ? `${slo.name} has recovered` : '';
  }

  function autoMove(slo: Slo, environment: Environment, now: number) {
    const status = parts.statuses.of(slo.name, environment.name);
    if (status.trouble || status.at === 0 || !environment.budgetHolds) return [];
    const { left, coverage, requests, fast, slow } = status;
    const known = state().auto.get(autoKey(slo.name, environment.name));
    const excludedSince = status.excluded.some((a) => a.at >= (known?.since ?? Number.POSITIVE_INFINITY));
    const seen = { left, coverage, requests, fast, slow, excludedSince };
    const before = autoOf(state(), slo.name, environment.name);
    const next = autoFreeze(before, seen, status.rule, platform.policy.freeze, now);
    if (next === before) return [];
    const reason =
      next.cause === before.cause && next.cause !== null
        ? (known?.reason ?? '')
        : wordsOf(next, before, slo, left);
    const data = { slo: slo.name, ...next, left, fast, slow, reason };
    return [entry('freeze.moved', `${slo.service}/${environment.name}`, data, SYSTEM, now, null)];
  }

  const waiverOf = (id: string) => state().waivers.get(id);
  const noWaiver = (id: string) => fail(`there is no waiver ${id}`);

  return {
    state,
    freezes,
    record,
    hold(lane, target, now) {
      const [service, environment] = lane.split('/') as [string, string];
      return isPassed(state(), lane, target, now) ? null : holdOf(freezes(now), service, environment, now);
    },
    async look(now) {
      const entries = platform.environments.flatMap((environment) =>
        platform.slos.flatMap((slo) => autoMove(slo, environment, now)),
      );
      if (entries.length > 0) await journal.append(entries);
    },
    async freeze(wanted, actor, now) {
      const known = state().freezes.has(wanted.id) && (await earlier('freeze.set', wanted.id));
      if (known) return ok(known);
      if (wanted.until <= now) return fail('a freeze ends in the future');
      if (wanted.until - now > MAX_FREEZE_MS) return fail('a freeze lasts at most 92 days');
      const scope = { ...wanted.scope };
      const data = { id: wanted.id, scope, reason: wanted.reason, until: wanted.until };
      return ok(await record('freeze.set', scopeText(wanted.scope), data, actor, now, wanted.id));
    },
    async lift(id, reason, actor, now) {
      const manual = state().freezes.get(id);
      if (manual)
        return manual.lifted
          ? fail(`freeze ${id} was lifted already, by ${manual.lifted.by}`)
          : ok(await record('freeze.lifted', scopeText(manual.scope), { id, reason }, actor, now, id));
      const auto = state().auto.get(id.replace(/^auto:/, ''));
      if (!auto?.cause || auto.overruled)
        return fail(
          id.startsWith('calendar:')
            ? `${id} is declared: change the declaration, or ask for a waiver`
            : `no freeze ${id} stands`,
        );
      const { slo, service, environment, cause, calmSince } = auto;
      const data = { slo, cause, calmSince, overruled: true, left: null, fast: null, slow: null, reason };
      return ok(await record('freeze.moved', `${service}/${environment}`, data, actor, now, id));
    },
    async grant(wanted, actor, now) {
      const known = state().waivers.has(wanted.id) && (await earlier('waiver.granted', wanted.id));
      if (known) return ok(known);
      const { maxMs, secondPerson } = platform.policy.waiver;
      if (wanted.expiresAt <= now) return fail('a waiver expires in the future');
      if (wanted.expiresAt - now > maxMs)
        return fail(`a waiver lasts at most ${Math.round(maxMs / 60_000)} minutes here (policy.waiver.max)`);
      const data = {
        ...wanted,
        scope: { ...wanted.scope },
        codes: [...wanted.codes],
        needsSecond: secondPerson,
      };
      return ok(await record('waiver.granted', scopeText(wanted.scope), data, actor, now, wanted.id));
    },
    async approve(id, reason, actor, now) {
      const waiver = waiverOf(id);
      if (!waiver) return noWaiver(id);
      if (waiver.by === actor.id) return fail('the second person is another one than the first');
      if (waiver.approvedBy) return fail(`waiver ${id} was approved by ${waiver.approvedBy} already`);
      if (waiver.revoked || waiver.expiresAt <= now) return fail(`waiver ${id} does not hold any more`);
      return ok(await record('waiver.approved', scopeText(waiver.scope), { id, reason }, actor, now, id));
    },
    async revoke(id, reason, actor, now) {
      const waiver = waiverOf(id);
      if (!waiver) return noWaiver(id);
      if (waiver.revoked) return fail(`waiver ${id} was revoked already`);
      return ok(await record('waiver.revoked', scopeText(waiver.scope), { id, reason }, actor, now, id));
    },
  };
}

/** Freezes that cover a lane, by id: what a flip is seen by. */
export const freezeIds = (freezes: readonly FreezeFacts[], service: string, environment: string): string[] =>
  freezes
    .filter((f) => covers(f.scope, environment, service))
    .map((f) => f.id)
    .sort();
