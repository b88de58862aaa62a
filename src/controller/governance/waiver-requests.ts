import type { PolicySettings } from '../../declaration/platform.ts';
import { type Coverage, scopeText } from '../../governance/facts.ts';
import { governanceFold } from '../../governance/fold.ts';
import { type Actor, maybeSamePerson } from '../../kit/actor.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { earlierRequest, type RecordGovernance } from './requests.ts';

/** A waiver that a person asks for; `expiresAt` in milliseconds since the epoch. */
interface WaiverWanted {
  readonly id: string;
  readonly scope: Coverage;
  readonly codes: readonly string[];
  readonly reason: string;
  readonly expiresAt: Ms;
  readonly singleUse: boolean;
  readonly pullRequest: number | null;
}

/** Waivers. Each answers with its record, or with why it is refused. */
export interface WaiverRequests {
  grant(wanted: WaiverWanted, actor: Actor, now: Ms): Promise<Result<LedgerRecord, string>>;
  approve(id: string, reason: string, actor: Actor, now: Ms): Promise<Result<LedgerRecord, string>>;
  revoke(id: string, reason: string, actor: Actor, now: Ms): Promise<Result<LedgerRecord, string>>;
}

export function waiverRequests(
  journal: Journal,
  record: RecordGovernance,
  { maxMs, secondPerson }: PolicySettings['waiver'],
): WaiverRequests {
  const waiverOf = (id: string) => journal.state(governanceFold).waivers.get(id);
  const noWaiver = (id: string) => fail(`there is no waiver ${id}`);
  return {
    async grant(wanted, actor, now) {
      const known = await earlierRequest(journal, 'waiver.granted', wanted.id);
      if (known) return ok(known);
      if (wanted.expiresAt <= now) return fail('the end of a waiver must be in the future');
      if (wanted.expiresAt - now > maxMs)
        return fail(`a waiver lasts at most ${Math.round(maxMs / 60_000)} minutes here (policy.waiver.max)`);
      const scope = { ...wanted.scope };
      const data = {
        ...wanted,
        scope,
        codes: [...wanted.codes],
        needsSecond: secondPerson,
        ...(actor.person === undefined ? {} : { person: actor.person }),
        ...(actor.madeBy === undefined ? {} : { madeBy: [...actor.madeBy] }),
      };
      return ok(await record('waiver.granted', scopeText(wanted.scope), data, actor, now, wanted.id));
    },
    async approve(id, reason, actor, now) {
      const waiver = waiverOf(id);
      if (!waiver) return noWaiver(id);
      if (maybeSamePerson(actor, { ...waiver, id: waiver.by }))
        return fail(
          actor.id === waiver.by
            ? 'the second person must not be the one who granted it'
            : `the second person must not act by a token of whoever granted it (${waiver.by})`,
        );
      if (waiver.approvedBy) return fail(`waiver ${id} was approved by ${waiver.approvedBy} already`);
      if (waiver.revoked || waiver.expiresAt <= now) return fail(`waiver ${id} is no longer valid`);
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
