import type { LowTraffic } from '../declaration/low-traffic.ts';
import type { Environment, Platform, Service } from '../declaration/platform.ts';
import { countersOf, oursIn, sloOf, strategyOf } from '../declaration/platform.ts';
import type { LaneSettings } from '../delivery/observation.ts';
import type { Counter } from '../promql/counters.ts';
import type { Sli } from '../runtime/counts.ts';
import { burnRuleOf } from '../runtime/slo-status.ts';

/** The part of the settings that a release keeps. */
const waitingOf = ({ longestMs, hours }: LowTraffic) => ({
  longestMs,
  hours: hours && { ...hours, days: [...hours.days] },
});

/** The declared settings of one lane, in terms of the delivery plane. */
export function laneSettings(platform: Platform, service: Service, environment: Environment): LaneSettings {
  const strategy = strategyOf(service, environment);
  const { steps, warmUpMs, dwellMs, dwellAtFullMs, deadlineMs, holdMs, lowTraffic } = strategy;
  return {
    mode: environment.mode,
    followed: environment.delivery === 'argo-rollouts',
    release: {
      weights: [...steps],
      warmUpMs,
      dwellMs,
      dwellAtFullMs,
      deadlineMs,
      holdMs,
      intervalMs: environment.judgeIntervalMs,
      slos: slisOf(platform, service, environment).map(({ slo, standsInFor }) => ({
        slo,
        objective: sloOf(platform, standsInFor ?? slo).objective,
        ...(standsInFor ? { standsInFor } : {}),
      })),
      // Only where we move traffic can we give some back.
      evidence: {
        ...platform.evidence,
        compare: platform.evidence.compare && environment.mode === 'enforce',
      },
      ...(lowTraffic ? { lowTraffic: waitingOf(lowTraffic) } : {}),
      loadTested: environment.validation === 'k6',
    },
    burn: burnRuleOf(environment),
    recovery: platform.recovery,
    declaration: platform.digest,
  };
}

/** The same counters with a label that is one value, or is not, whatever they said of that label. */
const narrowed = (counters: readonly Counter[], label: string, op: '=' | '!=', value: string): Counter[] =>
  counters.map((c) => {
    const others = op === '=' ? c.matchers.filter((m) => m.label !== label) : c.matchers;
    return { ...c, matchers: [...others, { label, op, value }] };
  });

/** Where our own requests are known by a label, and sent: an SLI without them, and one of them alone. */
function apart(sli: Sli, { label, value }: { readonly label: string; readonly value: string }): Sli[] {
  const by = (op: '=' | '!='): Sli => ({
    ...sli,
    total: narrowed(sli.total, label, op, value),
    part: narrowed(sli.part, label, op, value),
  });
  return [by('!='), { ...by('='), slo: `${sli.slo} by synthetic requests`, standsInFor: sli.slo }];
}

/** What a release of a service counts in an environment. */
export function slisOf(platform: Platform, service: Service, environment: Environment): Sli[] {
  const ours = oursIn(service, environment);
  return service.slos.flatMap((name) => {
    const { total, part, partIs } = countersOf(sloOf(platform, name));
    const sli: Sli = { slo: name, total, part, partIs };
    return ours ? apart(sli, ours) : [sli];
  });
}
