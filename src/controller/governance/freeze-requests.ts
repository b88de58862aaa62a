import { type Coverage, scopeText } from '../../governance/facts.ts';
import { governanceFold } from '../../governance/fold.ts';
import type { Actor } from '../../kit/actor.ts';
import { laneName } from '../../kit/lane.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { earlierRequest, type RecordGovernance } from './requests.ts';

/** A freeze that a person asks for; `until` in milliseconds since the epoch. */
interface FreezeWanted {
  readonly id: string;
  readonly scope: Coverage;
  readonly reason: string;
  readonly until: Ms;
}

/** Freezes by hand. Each answers with its record, or with why it is refused. */
export interface FreezeRequests {
  freeze(wanted: FreezeWanted, actor: Actor, now: Ms): Promise<Result<LedgerRecord, string>>;
  lift(id: string, reason: string, actor: Actor, now: Ms): Promise<Result<LedgerRecord, string>>;
}

/** No freeze by hand lasts longer: who wants more asks again. */
const MAX_FREEZE_MS = 92 * 86_400_000;

export function freezeRequests(journal: Journal, record: RecordGovernance): FreezeRequests {
  const state = () => journal.state(governanceFold);
  return {
    async freeze(wanted, actor, now) {
      const known = await earlierRequest(journal, 'freeze.set', wanted.id);
      if (known) return ok(known);
      if (wanted.until <= now) return fail('the end of a freeze must be in the future');
      if (wanted.until - now > MAX_FREEZE_MS) return fail('a freeze lasts at most 92 days');
      const { id, reason, until } = wanted;
      const data = { id, scope: { ...wanted.scope }, reason, until };
      return ok(await record('freeze.set', scopeText(wanted.scope), data, actor, now, id));
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
            : `no freeze ${id} is active`,
        );
      const { slo, service, environment, cause, calmSince } = auto;
      const data = { slo, cause, calmSince, overruled: true, left: null, fast: null, slow: null, reason };
      return ok(await record('freeze.moved', laneName(service, environment), data, actor, now, id));
    },
  };
}
