import { compile } from '../../src/controller/compile.ts';
import type { Environment, Platform } from '../../src/declaration/platform.ts';
import type { Event, Revision } from '../../src/delivery/events.ts';
import { evolve } from '../../src/delivery/evolve.ts';
import { emptyLane, type Lane } from '../../src/delivery/lane.ts';
import { revisionOf } from '../../src/gitops/desired.ts';
import { type Governance, noGovernance } from '../../src/governance/events.ts';
import { sha256 } from '../../src/kit/digest.ts';
import { laneName } from '../../src/kit/lane.ts';
import type { Random } from '../../src/kit/random.ts';
import { SETTINGS } from '../lane.ts';
import { availabilitySlo } from '../slo.ts';

export type Way = 'embedded' | 'argo-rollouts';
export const NOW = Date.parse('2026-03-02T12:00:00Z');
export const SERVICES = ['checkout', 'cart'] as const;
export const ENVIRONMENTS = ['dev', 'stage', 'prod'] as const;

/** What a desired-state file may ask for; few enough that everything meets everything. */
export interface Content {
  readonly digest: number;
  readonly value: number;
  readonly chart: number;
  readonly label: number;
}
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
export const POOL: readonly Content[] = range(4).flatMap((digest) =>
  range(3).flatMap((value) =>
    range(2).flatMap((chart) => range(2).map((label) => ({ digest, value, chart, label }))),
  ),
);

const fieldsOf = ({ digest, value, chart, label }: Content) => ({
  version: `${digest}.${label}`,
  digest: `sha256:${String(digest).repeat(64)}`,
  chart: `service@1.0.${chart}`,
  config: { value },
});
export const gitOf = (content: Content): Revision => revisionOf(fieldsOf(content));
/** A JSON document is a YAML one. */
export const textOf = (service: string, content: Content): string =>
  JSON.stringify({ service, ...fieldsOf(content) });

/** The pod template that Argo CD makes of it: the version is a label of the pods. */
const podOf = (content: Content): string => `pod-${sha256(JSON.stringify(content)).slice(0, 10)}`;
export const deliveredOf = (content: Content, way: Way): Revision =>
  way === 'embedded' ? gitOf(content) : { ...gitOf(content), revision: podOf(content), template: 'known' };

export function declared(way: Way): Platform {
  const environment = (name: string) =>
    `    - { name: ${name}, delivery: ${way}, prometheus: { address: 'http://prometheus.invalid' } }`;
  const text = `${SERVICES.map((service) => availabilitySlo(service)).join('---\n')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: agreement }
spec:
  environments:
${ENVIRONMENTS.map(environment).join('\n')}
  services: [${SERVICES.map((s) => `{ name: ${s}, namespace: 'shop-{environment}', slos: [${s}-availability] }`).join(', ')}]
  freezes:
    - { name: noon, reason: lunch, environments: [stage, prod], timeZone: UTC, start: '2026-03-02T12:00', duration: 1h }
`;
  const compiled = compile([{ file: 'agreement.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

/** One release in the past of a lane, and whether it became stable or was rejected. */
interface Step {
  readonly content: Content;
  readonly well: boolean;
}
export interface Place {
  readonly lane: Lane;
  readonly history: readonly Step[];
}

function released(before: Lane, { content, well }: Step, way: Way): Lane {
  const release = `${before.lane.replace('/', '.')}.${before.releases + 1}`;
  const data = {
    release,
    target: deliveredOf(content, way),
    from: before.stable,
    attempt: 1,
    settings: SETTINGS.release,
    history: {},
    cursors: {},
    burnArmed: true,
    burnJudged: true,
    declaration: 'd',
    enforced: true,
  };
  let lane = evolve(before, { type: 'release.opened', data }, NOW);
  const move = (
    to: Lane['state'],
    reason: (Event & { type: 'lane.moved' })['data']['reason'],
    blamed = false,
  ) => {
    const moved = { release, from: lane.state, to, reason, step: 0, generation: 1, blamed, effects: [] };
    lane = evolve(lane, { type: 'lane.moved', data: moved }, NOW);
  };
  const begins = { Idle: 'FIRST_RELEASE', Stable: 'NEW_VERSION' } as const;
  move('Deploying', begins[lane.state as 'Idle'] ?? 'FIX_FORWARD');
  if (well) {
    move('Canary', 'CANARY_STARTED');
    move('Evaluating', 'COUNTS_ARRIVED');
    move('Promote', 'PASSED');
    move('Stable', 'FULL_TRAFFIC');
    return lane;
  }
  move('Abort', 'FAILED_TO_START', true);
  move('Rollback', 'TRAFFIC_RESTORED');
  move('Degraded', 'CANARY_STOPPED');
  if (!lane.stable) return lane;
  move('Recovery', 'ERRORS_REDUCED');
  move('Stable', 'RECOVERED');
  return lane;
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;

/** A lane with a random past, computed from its records. */
function placeOf(random: Random, name: string, way: Way): Place {
  let lane = emptyLane(name);
  const history: Step[] = [];
  if (way === 'argo-rollouts' && random.chance(0.15)) {
    const { digest, version, revision } = deliveredOf(pick(random, POOL), way);
    const stable: Revision = { digest, version, revision, config: {}, template: 'unknown' };
    lane = evolve(lane, { type: 'lane.adopted', data: { stable } }, NOW);
    lane = { ...lane, state: 'Stable' };
  }
  for (let left = random.chance(0.06) ? 0 : 1 + random.below(7); left > 0; left--) {
    const last = history.at(-1)?.content;
    const content = pick(random, POOL);
    const step = {
      content: last && random.chance(0.4) ? { ...content, digest: last.digest } : content,
      well: random.chance(0.65),
    };
    history.push(step);
    lane = released(lane, step, way);
  }
  for (const { digest } of random.chance(0.1) ? lane.rejected.slice(0, 1) : [])
    lane = evolve(lane, { type: 'lane.lifted', data: { digest, reason: 'fixed' } }, NOW);
  return { lane, history };
}

/** Some freezes by hand, by budget and by burn, of which not all are active. */
function governanceOf(random: Random): Governance {
  let { freezes, auto } = noGovernance;
  const scope = () => ({
    environment: pick(random, ['*', '*', ...ENVIRONMENTS]),
    service: pick(random, ['*', '*', ...SERVICES]),
  });
  if (random.chance(0.85)) {
    const lifted = random.chance(0.2) ? { at: NOW - 1, by: 'ops', reason: 'over' } : null;
    const until = NOW + pick(random, [-1, 0, 7_200_000, 7_200_000]);
    const freeze = {
      id: 'm',
      scope: scope(),
      reason: 'migration',
      since: NOW - 60_000,
      until,
      by: 'ops',
      lifted,
    };
    freezes = freezes.with('m', freeze);
  }
  for (const service of SERVICES)
    for (const environment of ENVIRONMENTS) {
      if (!random.chance(0.7)) continue;
      const slo = `${service}-availability`;
      const cause = pick(random, ['budget', 'budget', 'burn', 'burn', null] as const);
      const overruled = random.chance(0.15);
      const state = {
        cause,
        calmSince: null,
        overruled,
        service,
        environment,
        slo,
        since: NOW - 5,
        reason: 'spent',
      };
      auto = auto.with(`${slo}@${environment}`, state);
    }
  return { ...noGovernance, freezes, auto };
}

export interface Situation {
  readonly way: Way;
  readonly platform: Platform;
  readonly now: number;
  readonly places: ReadonlyMap<string, Place>;
  readonly governance: Governance;
  /** What Git asks for before and after the pull request, by lane; null: nothing. */
  readonly base: ReadonlyMap<string, Content | null>;
  readonly head: ReadonlyMap<string, Content | null>;
}

/** A platform whose lanes have pasts, freezes that may be active, and a pull request that asks for anything. */
export function situationOf(
  random: Random,
  platform: Platform,
  way: Way,
  sortOf: (place: Place, content: Content) => string,
): Situation {
  const places = new Map<string, Place>();
  const [base, head] = [new Map<string, Content | null>(), new Map<string, Content | null>()];
  for (const service of SERVICES)
    for (const environment of ENVIRONMENTS) {
      const name = laneName(service, environment);
      const place = placeOf(random, name, way);
      const last = place.history.findLast((s) => s.well)?.content ?? null;
      const before = random.chance(0.6) ? last : random.chance(0.8) ? pick(random, POOL) : null;
      // Every kind of change is equally likely, however few contents it has.
      const sorts = Map.groupBy(POOL, (content) => sortOf(place, content));
      const after = random.chance(0.03) ? null : pick(random, pick(random, [...sorts.values()]));
      places.set(name, place);
      base.set(name, before);
      head.set(name, random.chance(0.75) ? after : before);
    }
  // The calendar's freeze begins at noon and lasts an hour.
  const now = NOW + pick(random, [-1, 0, 1_800_000, 3_599_999, 3_600_000]);
  return { way, platform, now, places, governance: governanceOf(random), base, head };
}

export const environmentOf = (platform: Platform, name: string): Environment =>
  platform.environments.find((e) => e.name === name)!;
