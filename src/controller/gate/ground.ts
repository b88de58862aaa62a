import type { Platform } from '../../declaration/platform.ts';
import type { PullRequest } from '../../gitops/forge.ts';
import { waiverFacts } from '../../governance/events.ts';
import type { Facts } from '../../governance/facts.ts';
import { digestOf } from '../../kit/digest.ts';
import { laneName, partsOfLane } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import { type FreezesAndWaivers, freezeIds } from '../governance/governance.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import type { SloStatuses } from '../slo-statuses.ts';
import { slosOf } from './slo-facts.ts';

/** The inputs of a decision that are known without any external call. */
interface GroundSources {
  readonly platform: Platform;
  readonly governance: Pick<FreezesAndWaivers, 'state' | 'freezes'>;
  readonly statuses: SloStatuses;
  /** Null: no ledger is at hand. */
  lanes(): LaneStates | null;
}

/** Everything about one lane that may change a decision, as words: changed numbers alone do not. */
function laneGround(sources: GroundSources, service: string, environment: string, now: Ms): object {
  const { platform, governance } = sources;
  const lane = sources.lanes()?.get(laneName(service, environment));
  const { block, warn } = platform.policy;
  const declared = platform.environments.some((e) => e.name === environment);
  const statuses = (declared ? slosOf(platform, service, environment) : []).map((slo) =>
    sources.statuses.of(slo.name, environment),
  );
  const slos = statuses.map(({ slo, left, fast, slow, rule }) => {
    const over = (value: number | null, threshold: number | null) =>
      value === null || threshold === null ? 'unknown' : value >= threshold;
    return {
      slo,
      left: left === null ? 'unknown' : left <= block ? 'spent' : left <= warn ? 'low' : 'enough',
      fast: over(fast, rule.fast),
      slow: over(slow, rule.slow),
    };
  });
  return {
    slos,
    failure: statuses.find((s) => s.trouble)?.trouble?.code ?? null,
    freezes: freezeIds(governance.freezes(now), service, environment),
    rejected: lane?.rejected.length ?? 0,
    failures: lane?.failures.length ?? 0,
    stables: lane?.stables.map((s) => s.identity) ?? [],
    served: lane?.served ?? [],
  };
}

/** A digest of the inputs of a decision: another digest means another decision. */
export function groundOf(sources: GroundSources, pull: PullRequest, facts: Facts | null, now: Ms): string {
  const lanes = [...new Set((facts?.changes ?? []).map((c) => laneName(c.service, c.environment)))].sort();
  const waivers = waiverFacts(sources.governance.state(), pull.number)
    .filter((w) => w.expiresAt > now)
    .map(({ id, approved }) => ({ id, approved }));
  return digestOf({
    head: pull.head.sha,
    base: pull.base.sha,
    labels: pull.labels,
    waivers,
    lanes: lanes.map((lane) => laneGround(sources, ...partsOfLane(lane), now)),
  });
}
