import { burnFires } from '../../../../src/runtime/burn.ts';
import { burnRuleOf } from '../../../../src/runtime/slo-status.ts';
import type { Told } from '../metrics.ts';
import type { Invariant } from './invariant.ts';
import { type Excluded, leftOf, same } from './numbers.ts';
import { decidedOf } from './past.ts';

/** How long a freeze may stay after its cause is gone. */
const LIFTED_MS = 30_000;
const TELLING_MS = 60_000;
/** Records of the same moment. */
const JUST_NOW = 20;

export const exclusionsCountNowhere: Invariant = {
  id: 'SIM-12',
  says: 'what is excluded counts nowhere: not in the gate, in freezes or in budgets, and a freeze that only it had caused ends',
  start(w, past, held) {
    const calmFor = new Map<string, { ms: number; seenAt: number }>();
    const tellings = (environment: string, slo: string): readonly Told[] =>
      w.metrics.get(environment)!.told.get(slo) ?? [];
    const mine = (slo: string, environment: string, before = Number.POSITIVE_INFINITY): Excluded[] =>
      past.excluded.filter((e) => e.slo === slo && e.environment === environment && e.seq < before);
    const isTold = (slo: string, environment: string, at: number, left: number | null): boolean =>
      tellings(environment, slo).some(
        (t) => t.at > at - TELLING_MS && same(leftOf(t, mine(slo, environment)), left),
      );

    /** The cause of the freeze is gone: excluded since, enough budget left, and nothing burns. */
    function isCalm(id: string, since: number): boolean {
      const [slo, environment] = id.slice(5).split('@') as [string, string];
      const at = w.platform.environments.find((e) => e.name === environment)!;
      const last = tellings(environment, slo).at(-1);
      const known = w.server()?.planes.governance.state().auto.get(`${slo}@${environment}`);
      if (
        !last ||
        known?.cause !== 'budget' ||
        w.outside.wellFor(`metrics:${environment}`) < LIFTED_MS ||
        w.runsFor() < LIFTED_MS
      )
        return false;
      if (!mine(slo, environment).some((e) => e.toMs >= since)) return false;
      const left = leftOf(last, mine(slo, environment));
      const rule = burnRuleOf(at);
      const quiet =
        last.fast !== null && (rule.slow === null || last.slow !== null) && !burnFires(last, rule);
      return left !== null && left > w.platform.policy.freeze.recover && quiet;
    }

    return {
      record(record) {
        const { type, subject, data, at, actor } = record;
        const environment = subject.split('/')[1] ?? '';
        if (type === 'gate.decided') {
          for (const s of decidedOf(record).slos) {
            if (s.error !== null) continue;
            const told = tellings(s.environment, s.slo).filter((one) => one.at === s.at);
            // An exclusion during the gathering of facts may be in them or not.
            const known = [Number.POSITIVE_INFINITY, record.seq - JUST_NOW].map((before) =>
              mine(s.slo, s.environment, before),
            );
            const may = told.flatMap((t) => known.map((excluded) => leftOf(t, excluded)));
            if (told.length > 0)
              held(
                may.some((left) => same(left, s.left)),
                () =>
                  `${subject}: ${s.left} is left of ${s.slo} in ${s.environment}, and it should be ${may.join(' or ')}`,
              );
          }
          return;
        }
        const system = actor.id === 'sluice';
        if ((type !== 'freeze.moved' && type !== 'budget.moved') || !system) return;
        const { slo, left } = data as { slo: string; left: number | null };
        held(isTold(slo, environment, at, left), () => `${type} of ${slo} in ${environment} goes by ${left}`);
      },
      step() {
        for (const { id, since } of past.freezes.values()) {
          if (!id.startsWith('auto:')) continue;
          const before = calmFor.get(id);
          const calm = isCalm(id, since);
          const ms = calm && before ? before.ms + w.now() - before.seenAt : 0;
          calmFor.set(id, { ms, seenAt: w.now() });
          if (calm)
            held(
              ms <= LIFTED_MS,
              () => `${id} stands ${ms / 1_000} s after the incident that caused it was excluded`,
            );
        }
      },
    };
  },
};
