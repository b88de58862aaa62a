import { describe, expect, it } from 'vitest';
import { type FactSources, gatherFacts } from '../../src/controller/gate/facts.ts';
import { readerHere } from '../../src/controller/gate/reading.ts';
import { createGovernance } from '../../src/controller/governance/governance.ts';
import { orderHold } from '../../src/controller/promotion/order.ts';
import { condemnedIn, isHeldBack, isRefused } from '../../src/delivery/admission.ts';
import { decide } from '../../src/delivery/decide.ts';
import type { Hold, Revision } from '../../src/delivery/events.ts';
import { isSame } from '../../src/delivery/identity.ts';
import type { Lane } from '../../src/delivery/lane.ts';
import type { ForgePort, PullRequest } from '../../src/gitops/forge.ts';
import type { Facts } from '../../src/governance/facts.ts';
import { PersistentMap } from '../../src/kit/persistent-map.ts';
import { seededRandom } from '../../src/kit/random.ts';
import { ok } from '../../src/kit/result.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import { deliveryOf, SETTINGS, seenOf } from '../lane.ts';
import { wasm } from '../policy/engines.ts';
import {
  type Content,
  declared,
  deliveredOf,
  type Place,
  type Situation,
  situationOf,
  textOf,
  type Way,
} from './situations.ts';

/** The kind of a change, computed simply from the past of its lane: only for counting, never for judging. */
function sortOf({ lane, history }: Place, content: Content): string {
  const like = (a: Content, ...keys: (keyof Content)[]) => keys.every((key) => a[key] === content[key]);
  const exactly = (a: Content) => like(a, 'digest', 'value', 'chart');
  const well = history.filter((s) => s.well).map((s) => s.content);
  const failed = history.filter((s) => !s.well).map((s) => s.content);
  const stable = well.at(-1);
  if (failed.some(exactly))
    return stable?.digest === content.digest ? 'condemned values of the stable digest' : 'condemned here';
  if (failed.some((a) => like(a, 'digest')) && stable?.digest !== content.digest)
    return 'other values of what was condemned here';
  if (!lane.stable) return 'first';
  if (stable && exactly(stable)) return like(stable, 'label') ? 'what is stable' : 'version alone';
  // In a cluster the version is a label of the pods.
  const label = lane.stable.template ? (['label'] as const) : [];
  if (well.some((a) => like(a, 'digest', 'value', 'chart', ...label))) return 'was stable before';
  if (stable && like(stable, 'digest', 'value')) return 'chart';
  if (stable?.digest === content.digest) return 'configuration';
  return well.some((a) => like(a, 'digest')) ? 'old digest with new values' : 'release';
}

const PULL: PullRequest = {
  number: 1,
  title: 'change',
  author: 'developer',
  base: { branch: 'main', sha: 'base' },
  head: { branch: 'change', sha: 'head' },
  fork: false,
  labels: [],
  draft: false,
  state: 'open',
  url: '',
  openedAt: 0,
};
const pathOf = (lane: string) => `environments/${lane.split('/').toReversed().join('/')}.yaml`;

function sourcesOf(s: Situation): FactSources {
  const lanes = new Map([...s.places].map(([name, { lane }]) => [name, lane]));
  const texts = (side: Situation['base']) =>
    new Map([...side].map(([lane, c]) => [pathOf(lane), c && textOf(lane.split('/')[0]!, c)]));
  const [base, head] = [texts(s.base), texts(s.head)];
  const text = async (sha: string, path: string) => ok((sha === 'head' ? head : base).get(path) ?? null);
  return {
    platform: s.platform,
    forge: { text, links: async () => ok([]) } as Partial<ForgePort> as ForgePort,
    reader: readerHere(s.platform),
    metrics: () => undefined,
    lanes: () => lanes,
    governance: () => s.governance,
    adjustments: () => [],
  };
}

interface Denial {
  readonly code: string;
  readonly service: string;
  readonly environment: string;
  readonly evidence: { readonly kind?: string; readonly release?: string };
}
const CODES = ['FROZEN', 'REJECTED_DIGEST', 'NOT_STABLE_BEFORE'];
const policy = wasm();

/** What the gate says of the whole pull request, and which lanes it sees changed. */
async function gateSays(s: Situation, alter: (facts: Facts, s: Situation) => Facts) {
  const files = [...s.head.keys()]
    .filter((lane) => s.base.get(lane) !== s.head.get(lane))
    .map((lane) => ({ path: pathOf(lane), status: 'modified' as const }));
  const gathered = await gatherFacts(sourcesOf(s), PULL, { files, complete: true }, s.now);
  if (!gathered.ok) throw new Error(gathered.error.message);
  const facts = alter(gathered.value, s);
  const answer = await policy.gate(facts);
  if (!answer.ok) throw new Error(answer.error.message);
  const { deny } = answer.value as { deny: Denial[] };
  const changed = facts.changes.filter((c) => c.to).map((c) => `${c.service}/${c.environment}`);
  return { changed, deny: deny.filter((d) => CODES.includes(d.code)) };
}

export interface StartGate {
  held(lane: Lane, wanted: Revision, hold: Hold): boolean;
  refused(lane: Lane, wanted: Revision): boolean;
}

/** Whether the real machine lets it wait and starts nothing. */
function waits(lane: Lane, wanted: Revision, hold: Hold, way: Way): boolean {
  const seen = seenOf({
    desired: wanted,
    hold,
    delivery: deliveryOf({
      stable: lane.stable?.revision ?? null,
      canary: null,
      weight: 0,
      canaryHealth: 'absent',
    }),
    assessment: null,
    baseline: { target: wanted.revision, history: {}, cursors: {}, burn: { fast: 0, slow: 0 } },
  });
  const events = decide(lane, seen, { ...SETTINGS, followed: way === 'argo-rollouts' }, 2_000_000_000_000);
  const opens = events.some((e) => e.type === 'release.opened');
  const held = events.some((e) => e.type === 'lane.waiting' && e.data.hold?.id === hold.id);
  expect(opens && held, 'it is held and begins').toBe(false);
  return held;
}

const OURS: StartGate = { held: isHeldBack, refused: isRefused };

/** What the start gate would do with one change once it was merged, by cause. */
function startGateSays(s: Situation, name: string, gate: StartGate) {
  const [service, environment] = name.split('/') as [string, string];
  const { lane } = s.places.get(name)!;
  const wanted = deliveredOf(s.head.get(name)!, s.way);
  const governance = createGovernance({
    platform: s.platform,
    journal: {
      state: () => ({ ...s.governance, passes: new PersistentMap() }),
      onRecords: () => () => undefined,
    } as unknown as Journal,
    statuses: { of: () => expect.fail('the start gate reads no status'), watch: () => () => [] },
  });
  const merged = new Map([...s.head].flatMap(([l, c]) => (c ? [[l, deliveredOf(c, s.way)] as const] : [])));
  const desired = { commit: 'merged', lanes: merged, problems: [] };
  const frozen = governance.hold(name, wanted, s.now);
  const lanes = new Map([...s.places.values()].map((p) => [p.lane.lane, p.lane]));
  const order = orderHold(s.platform, lanes, desired, name, wanted.digest);
  const orderly: Hold | null = order ? { id: 'order', reason: order, by: 'order', until: null } : null;
  const refused = gate.refused(lane, wanted);
  // The first version of a Rollout passes no start gate, so the machine is not asked: see `FIRST_ROLLOUT`.
  const target = lane.release?.target;
  // Nor does a repeated attempt, unless the lane is at rest: it is retried from there.
  const wasTried = lane.state !== 'Stable' && target !== undefined && isSame(target, wanted);
  const firstThere = s.way === 'argo-rollouts' && !lane.stable;
  const isAsked = gate === OURS && !refused && !firstThere && !wasTried;
  const holds = (hold: Hold | null) => {
    if (!hold) return false;
    const held = gate.held(lane, wanted, hold);
    if (isAsked && !(lane.stable && isSame(lane.stable, wanted)))
      expect(waits(lane, wanted, hold, s.way), `${name} waits`).toBe(held);
    return held;
  };
  return {
    service,
    environment,
    FROZEN: holds(frozen),
    refusedHere: refused,
    condemnedBefore: holds(orderly) && order!.startsWith('it was rejected'),
    notStableBefore: holds(orderly) && order!.startsWith('it was never stable'),
  };
}

/** The difference between gate and start gate about the same change; empty: they agree. */
function differences(s: Situation, name: string, deny: readonly Denial[], gate: StartGate): string[] {
  const start = startGateSays(s, name, gate);
  const mine = deny.filter((d) => d.service === start.service && d.environment === start.environment);
  const here = (d: Denial) => d.evidence.release!.startsWith(`${start.service}.${start.environment}.`);
  const rejected = mine.filter((d) => d.code === 'REJECTED_DIGEST');
  const both: [string, boolean, boolean][] = [
    ['FROZEN', mine.some((d) => d.code === 'FROZEN'), start.FROZEN],
    ['REJECTED_DIGEST here', rejected.some(here), start.refusedHere],
    ['REJECTED_DIGEST before', rejected.some((d) => !here(d)), start.condemnedBefore],
    // A version rejected before is not also held for not being stable there; the gate reports both.
    [
      'NOT_STABLE_BEFORE',
      mine.some((d) => d.code === 'NOT_STABLE_BEFORE') && !start.condemnedBefore,
      start.notStableBefore,
    ],
  ];
  return both
    .filter(([, gateDenies, startHolds]) => gateDenies !== startHolds)
    .map(
      ([what, gateDenies]) =>
        `${what}: the gate ${gateDenies ? 'denies' : 'does not'}, the start gate differs`,
    );
}

/** Counts of denials by cause and way of delivery. */
const cellsOf = (s: Situation, name: string, deny: readonly Denial[]): string[] => {
  const sort = sortOf(s.places.get(name)!, s.head.get(name)!);
  const mine = deny.filter((d) => `${d.service}/${d.environment}` === name);
  return [
    ...new Set(
      mine.map((d) => {
        if (d.code === 'FROZEN') return `FROZEN, ${d.evidence.kind}, ${sort}, ${s.way}`;
        if (d.code === 'NOT_STABLE_BEFORE') return `NOT_STABLE_BEFORE, ${sort}, ${s.way}`;
        const here = d.evidence.release!.startsWith(`${name.replace('/', '.')}.`);
        return `REJECTED_DIGEST, ${here ? sort : 'condemned before'}, ${s.way}`;
      }),
    ),
  ];
};

const WAYS: readonly Way[] = ['embedded', 'argo-rollouts'];
const NEW = ['first', 'release', 'configuration', 'chart', 'old digest with new values'];
const REFUSED = [
  'condemned here',
  'other values of what was condemned here',
  'condemned values of the stable digest',
];
const WANTED: readonly string[] = WAYS.flatMap((way) => [
  ...['manual', 'calendar', 'budget', 'burn'].flatMap((kind) =>
    [...NEW, ...(way === 'argo-rollouts' ? ['version alone'] : [])].map(
      (s) => `FROZEN, ${kind}, ${s}, ${way}`,
    ),
  ),
  ...[...REFUSED, 'condemned before'].map((sort) => `REJECTED_DIGEST, ${sort}, ${way}`),
  ...['first', 'release'].map((sort) => `NOT_STABLE_BEFORE, ${sort}, ${way}`),
]);
/** Combinations that are not among these, and why. */
const CANNOT = [
  'FROZEN, version alone, embedded: the version is for people, nothing begins; in a cluster it is a label of the pods',
  'FROZEN, what is stable or was stable before: nothing, or a revert, which no freeze holds',
  'NOT_STABLE_BEFORE, configuration, chart, old digest: their digest was stable here, and order is about artefacts',
  'REJECTED_DIGEST before, of what was stable here: it may always come back',
  'a removal: the gate denies it under a freeze, the start gate has nothing to start',
  'FIRST_ROLLOUT: the first version of a Rollout asks no start gate; the gate is compared with what it would say',
  'a Rollout whose stable template is unknown, asked for what made it: held by the gate, nothing to start there',
];

const ENOUGH = 100;
const MOST_ROUNDS = 40_000;

/** Generates situations until every combination occurred often enough, or the rounds are over. */
async function explore(
  seed: number,
  rounds: number,
  gate: StartGate = OURS,
  alter: (facts: Facts, s: Situation) => Facts = (facts) => facts,
) {
  const random = seededRandom(seed);
  const platforms = new Map(WAYS.map((way) => [way, declared(way)]));
  const counts = new Map(WANTED.map((cell) => [cell, 0]));
  const found: string[] = [];
  let [changes, allowed, unknown, round] = [0, 0, 0, 0];
  for (; round < rounds && [...counts.values()].some((n) => n < ENOUGH); round++) {
    const way = WAYS[round % 2]!;
    const s = situationOf(random, platforms.get(way)!, way, sortOf);
    const { changed, deny } = await gateSays(s, alter);
    for (const name of changed) {
      const { stable } = s.places.get(name)!.lane;
      if (stable?.template === 'unknown' && isSame(stable, deliveredOf(s.head.get(name)!, way))) {
        unknown++;
        continue;
      }
      changes++;
      const cells = cellsOf(s, name, deny);
      if (cells.length === 0) allowed++;
      for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
      for (const difference of differences(s, name, deny, gate))
        found.push(
          `round ${round}, ${way}, ${name}, ${sortOf(s.places.get(name)!, s.head.get(name)!)}: ${difference}`,
        );
    }
  }
  return { found, counts, changes, allowed, unknown, round };
}

describe('the gate and the start gate about the same change', () => {
  it('GATE-26: they agree in every random situation, a hundred denials of each cause and way of delivery', async () => {
    const r = await explore(26, MOST_ROUNDS);
    const table = [...r.counts].sort().map(([cell, n]) => `  ${String(n).padStart(6)}  ${cell}`);
    process.stdout.write(
      `${r.round} situations, ${r.changes} changes, ${r.allowed} of them not denied, ${r.unknown} left out\n${table.join('\n')}\nNot counted:\n${CANNOT.map((c) => `  ${c}`).join('\n')}\n`,
    );
    expect(r.found.slice(0, 10)).toEqual([]);
    expect(r.allowed).toBeGreaterThan(ENOUGH);
    expect(WANTED.filter((cell) => r.counts.get(cell)! < ENOUGH)).toEqual([]);
    // A revert is never denied for a freeze.
    expect([...r.counts.keys()].filter((c) => /FROZEN.*(was stable before|what is stable)/.test(c))).toEqual(
      [],
    );
  });

  const byDigest = (lane: Lane, wanted: Revision) => lane.served.includes(wanted.digest);
  const laneAt = (s: Situation, service: string, environment: string) =>
    s.places.get(`${service}/${environment}`)!.lane;
  it.each<[string, StartGate | null, ((facts: Facts, s: Situation) => Facts) | null, RegExp]>([
    [
      'the start gate lets through whatever digest was stable before (configuration alone, at 50 %)',
      { ...OURS, held: (lane, wanted) => !byDigest(lane, wanted) },
      null,
      /configuration: FROZEN: the gate denies/,
    ],
    [
      'the gate takes an old good digest with new values for a revert',
      null,
      (facts, s) => ({
        ...facts,
        changes: facts.changes.map((c) => {
          const lane = laneAt(s, c.service, c.environment);
          const good = c.to && lane.served.includes(c.to.digest) && c.to.digest !== c.from?.digest;
          return good && !lane.rejected.some((r) => r.digest === c.to!.digest) ? { ...c, kind: 'revert' } : c;
        }),
      }),
      /old digest with new values: FROZEN: the gate does not/,
    ],
    [
      'the gate ignores a condemned configuration of the stable digest',
      null,
      (facts, s) => ({
        ...facts,
        lanes: facts.lanes.map((l) => {
          const good = new Set(condemnedIn(laneAt(s, l.service, l.environment)).map((r) => r.digest));
          return {
            ...l,
            rejected: l.rejected.filter((r) => r.environment !== l.environment || good.has(r.digest)),
          };
        }),
      }),
      /condemned values of the stable digest: REJECTED_DIGEST here: the gate does not/,
    ],
    [
      'the gate refuses what was condemned before, though it was stable here',
      null,
      (facts, s) => ({
        ...facts,
        lanes: facts.lanes.map((l) => ({
          ...l,
          rejected: [
            ...l.rejected,
            ...(l.environment === 'dev' ? [] : condemnedIn(laneAt(s, l.service, 'dev'))).map((r) => ({
              digest: r.digest,
              environment: 'dev',
              release: r.release,
              reason: r.reason,
            })),
          ],
        })),
      }),
      /was stable before: REJECTED_DIGEST before: the gate denies/,
    ],
    [
      'the start gate looks for the revision alone among what was condemned',
      { ...OURS, refused: (lane, wanted) => lane.rejected.some((r) => r.revision === wanted.revision) },
      null,
      /other values of what was condemned here: REJECTED_DIGEST here: the gate denies/,
    ],
  ])('GATE-26: it is found that %s', async (_, gate, alter, expected) => {
    const { found } = await explore(27, 150, gate ?? OURS, alter ?? undefined);
    expect(found.filter((text) => expected.test(text)).length).toBeGreaterThan(0);
  });
});
