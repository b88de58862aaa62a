import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  declinedKey,
  orderObjection,
  type Pipeline,
  type PipelineStage,
  type PromotionPlan,
  plansOf,
} from '../../src/gitops/promotion.ts';

/**
 * Every interleaving, up to a depth, of what people, canaries, the forge and restarts do around promotion.
 * The world is small and exact: some environments in an order, three versions, one of which is bad at the end.
 */
type After = Readonly<Record<string, readonly string[]>>;
const ROW: After = { dev: [], stage: ['dev'], prod: ['stage'] };
/** Two regions of one stage, and what comes after both. */
const DIAMOND: After = { stage: [], eu: ['stage'], us: ['stage'], global: ['eu', 'us'] };
const DEPTH = 19;
const DIAMOND_DEPTH = 15;
const VERSIONS = ['1', '2', '3'] as const;
/** The version that is good everywhere except in the last environment. */
const BAD = '3';
const MAX_LIFTS = 1;

interface Place {
  readonly desired: string;
  /** The state that was fetched last: it may be behind the forge. */
  readonly fetched: string;
  readonly stable: string;
  /** What is being judged; null: at rest. */
  readonly trying: string | null;
  readonly served: readonly string[];
  readonly rejected: readonly string[];
}
interface Pull {
  readonly kind: 'promotion' | 'revert';
  readonly environment: string;
  readonly digest: string;
  readonly state: 'open' | 'merged' | 'closed';
}
interface World {
  readonly places: Readonly<Record<string, Place>>;
  readonly pulls: readonly Pull[];
  readonly declined: readonly string[];
  /** The controller's own pull requests, as it knows them: a restart keeps them, a crash may lose one. */
  readonly known: readonly number[];
  readonly next: number;
  readonly lifts: number;
}

const digestOf = (version: string) => `sha256:${version}`;
const artefact = (version: string) => ({ version, digest: digestOf(version) });
const versionOf = (digest: string) => digest.replace('sha256:', '');

type Rules = {
  readonly plans: (p: Pipeline) => PromotionPlan[];
  readonly hold: (p: Pipeline, environment: string, digest: string) => string | null;
  /** Whether a request that would change nothing is opened. */
  readonly empty: boolean;
};
const OURS: Rules = { plans: plansOf, hold: (p, e, d) => orderObjection(p, e, d), empty: false };

interface Explored {
  readonly states: number;
  readonly moves: number;
  readonly settled: number;
  readonly wrong: { readonly what: string; readonly path: readonly string[] } | null;
}

function modelOf(after: After) {
  const names = Object.keys(after);
  const [firstName] = names as [string];
  const lastName = names.at(-1)!;
  const fails = (version: string, name: string) => version === BAD && name === lastName;
  const before = (name: string): string[] => after[name]!.flatMap((b) => [b, ...before(b)]);

  function standOf(w: World, name: string): PipelineStage {
    const place = w.places[name]!;
    return {
      environment: name,
      after: after[name]!,
      soakMs: 0,
      state: place.trying === null ? 'Stable' : 'Evaluating',
      stable: artefact(place.stable),
      restSince: place.trying === null ? 0 : null,
      desired: artefact(place.fetched),
      served: place.served.map(digestOf),
      rejected: place.rejected.map(digestOf),
    };
  }
  const pipelineOf = (w: World): Pipeline => ({
    service: 'checkout',
    stands: names.map((name) => standOf(w, name)),
    open: w.pulls.flatMap((pull, i) =>
      pull.state === 'open' && w.known.includes(i)
        ? [{ kind: pull.kind, number: i, environment: pull.environment, digest: digestOf(pull.digest) }]
        : [],
    ),
    declined: new Set(w.declined),
    now: 1,
  });
  const setPlace = (w: World, name: string, more: Partial<Place>): World => ({
    ...w,
    places: { ...w.places, [name]: { ...w.places[name]!, ...more } },
  });

  /** The forge finds a pull request of ours by its branch: asked twice, it is there once. */
  function propose(
    w: World,
    plan: Extract<PromotionPlan, { artefact: unknown }>,
    remembers: boolean,
    rules: Rules,
  ): World {
    const { environment, kind } = plan;
    const digest = versionOf(plan.artefact.digest);
    // The file already has the change, which was not fetched yet.
    if (!rules.empty && w.places[environment]!.desired === digest) return w;
    const at = w.pulls.findIndex(
      (p) => p.state === 'open' && p.kind === kind && p.environment === environment,
    );
    const pull: Pull = { kind, environment, digest, state: 'open' };
    const pulls = at >= 0 ? w.pulls.with(at, pull) : [...w.pulls, pull];
    const number = at >= 0 ? at : pulls.length - 1;
    return { ...w, pulls, known: remembers && !w.known.includes(number) ? [...w.known, number] : w.known };
  }

  function inPlace(w: World, name: string, rules: Rules): [string, World][] {
    const out: [string, World][] = [];
    const place = w.places[name]!;
    const wants =
      place.fetched !== place.stable && !place.rejected.includes(place.fetched) && place.trying === null;
    // The start gate: the last line when something was merged by force.
    if (wants && rules.hold(pipelineOf(w), name, digestOf(place.fetched)) === null)
      out.push([`${name} begins ${place.fetched}`, setPlace(w, name, { trying: place.fetched })]);
    const { trying } = place;
    if (trying !== null)
      out.push(
        fails(trying, name)
          ? [
              `${trying} fails in ${name}`,
              setPlace(w, name, { trying: null, rejected: [...place.rejected, trying] }),
            ]
          : [
              `${trying} is stable in ${name}`,
              setPlace(w, name, { trying: null, stable: trying, served: [...place.served, trying] }),
            ],
      );
    for (const version of w.lifts < MAX_LIFTS ? place.rejected : [])
      out.push([
        `a person lifts ${version} in ${name}`,
        setPlace({ ...w, lifts: w.lifts + 1 }, name, {
          rejected: place.rejected.filter((r) => r !== version),
        }),
      ]);
    return out;
  }

  /** Every possible next event, with the world after it. */
  function steps(w: World, rules: Rules): [string, World][] {
    const out: [string, World][] = [];
    if (names.some((n) => w.places[n]!.fetched !== w.places[n]!.desired)) {
      const places = Object.fromEntries(
        names.map((n) => [n, { ...w.places[n]!, fetched: w.places[n]!.desired }]),
      );
      out.push(['fetch', { ...w, places }]);
    }
    const version = VERSIONS[w.next];
    if (version)
      out.push([
        `commit ${version} to ${firstName}`,
        { ...setPlace(w, firstName, { desired: version, fetched: version }), next: w.next + 1 },
      ]);
    for (const name of names) out.push(...inPlace(w, name, rules));
    const [plan] = rules.plans(pipelineOf(w));
    if (plan && plan.kind !== 'withdraw') {
      const made = propose(w, plan, true, rules);
      if (made !== w) out.push([`propose ${plan.kind} to ${plan.environment}`, made]);
      // Killed between the forge's answer and the record of it.
      const lost = propose(w, plan, false, rules);
      if (lost !== w) out.push([`propose ${plan.kind} to ${plan.environment}, then a kill`, lost]);
    } else if (plan) {
      const pulls = w.pulls.with(plan.number, { ...w.pulls[plan.number]!, state: 'closed' });
      out.push([`withdraw #${plan.number}`, { ...w, pulls }]);
    }
    for (const [i, pull] of w.pulls.entries()) {
      if (pull.state !== 'open') continue;
      out.push([
        `merge #${i} (${pull.kind} of ${pull.digest} to ${pull.environment})`,
        setPlace({ ...w, pulls: w.pulls.with(i, { ...pull, state: 'merged' }) }, pull.environment, {
          desired: pull.digest,
        }),
      ]);
      if (pull.kind === 'promotion')
        out.push([
          `a person closes #${i}`,
          {
            ...w,
            pulls: w.pulls.with(i, { ...pull, state: 'closed' }),
            declined: [...w.declined, declinedKey('promotion', pull.environment, digestOf(pull.digest))],
          },
        ]);
    }
    // By hand, past the gate.
    for (const forced of VERSIONS.slice(0, w.next))
      if (w.places[lastName]!.desired !== forced)
        out.push([
          `force ${forced} into ${lastName}`,
          setPlace(w, lastName, { desired: forced, fetched: forced }),
        ]);
    return out;
  }

  /** The violation by a pull request that was just opened; null: none. */
  function wrongWith(made: Pull, w: World): string | null {
    const place = w.places[made.environment]!;
    if (place.desired === made.digest)
      return `${made.digest} is asked for in ${made.environment} already, and proposed again`;
    if (made.kind === 'revert')
      return place.served.includes(made.digest) ? null : `a revert to ${made.digest}, which was never good`;
    if (
      [made.environment, ...before(made.environment)].some((n) => w.places[n]!.rejected.includes(made.digest))
    )
      return `${made.digest} was condemned and is proposed to ${made.environment}`;
    if (place.served.includes(made.digest)) return `${made.digest} is promoted to ${made.environment} twice`;
    return w.declined.includes(declinedKey('promotion', made.environment, digestOf(made.digest)))
      ? `${made.digest} was turned down for ${made.environment} and is proposed again`
      : null;
  }

  /** What must hold in every state; null: it does. */
  function broken(was: World, is: World): string | null {
    for (const name of names) {
      const { trying, served } = is.places[name]!;
      if (trying === null) continue;
      for (const up of after[name]!)
        if (!is.places[up]!.served.includes(trying) && !served.includes(trying))
          return `${name} gives traffic to ${trying}, which was never stable in ${up}`;
      if (was.places[name]!.rejected.includes(trying))
        return `${name} tries ${trying} again, which failed there`;
    }
    const open = is.pulls.filter((p) => p.state === 'open');
    for (const kind of ['promotion', 'revert'] as const)
      for (const name of names)
        if (open.filter((p) => p.kind === kind && p.environment === name).length > 1)
          return `two open ${kind}s to ${name}`;
    return is.pulls.length > was.pulls.length ? wrongWith(is.pulls.at(-1)!, is) : null;
  }

  /** Nothing is forgotten: if every pull request is merged and nothing else happens, all environments agree in the end. */
  function settles(w: World, rules: Rules): string | null {
    let at = w;
    for (let i = 0; i < 60; i++) {
      const next = steps(at, rules).find(([what]) => !/^(commit|force|a person|propose .*kill)/.test(what));
      if (!next) break;
      at = next[1];
    }
    for (const name of names) {
      const place = at.places[name]!;
      if (place.trying !== null) return `${name} never comes to rest`;
      const held = place.desired !== place.stable;
      const forced = held && orderObjection(pipelineOf(at), name, digestOf(place.desired)) !== null;
      if (held && !forced) return `${name} serves ${place.stable}, and Git asks for ${place.desired}`;
    }
    return null;
  }

  const first: Place = { desired: '0', fetched: '0', stable: '0', trying: null, served: ['0'], rejected: [] };
  const START: World = {
    places: Object.fromEntries(names.map((n) => [n, first])),
    pulls: [],
    declined: [],
    known: [],
    next: 0,
    lifts: 0,
  };

  /** Breadth first, each state once: the first violation is found by a shortest path. */
  return function explore(rules: Rules, depth: number): Explored {
    const begin = JSON.stringify(START);
    /** How each state was reached: from which, by what. */
    const seen = new Map<string, readonly [string, string] | null>([[begin, null]]);
    const pathTo = (key: string): string[] => {
      const path: string[] = [];
      for (let at = seen.get(key); at; at = seen.get(at[0])) path.unshift(at[1]);
      return path;
    };
    let layer: [string, World][] = [[begin, START]];
    let moves = 0;
    let settled = 0;
    for (let at = 0; at < depth && layer.length > 0; at++) {
      const nextLayer: [string, World][] = [];
      for (const [from, world] of layer)
        for (const [what, next] of steps(world, rules)) {
          moves++;
          const wrong = broken(world, next);
          if (wrong)
            return {
              states: seen.size,
              moves,
              settled,
              wrong: { what: wrong, path: [...pathTo(from), what] },
            };
          const key = JSON.stringify(next);
          if (seen.has(key)) continue;
          seen.set(key, [from, what]);
          nextLayer.push([key, next]);
        }
      layer = nextLayer;
    }
    for (const key of seen.keys()) {
      if (settled >= 20_000) break;
      const wrong = settles(JSON.parse(key) as World, rules);
      settled++;
      if (wrong) return { states: seen.size, moves, settled, wrong: { what: wrong, path: pathTo(key) } };
    }
    return { states: seen.size, moves, settled, wrong: null };
  };
}
const explore = modelOf(ROW);

describe('promotion order', () => {
  it.each([
    ['environments in a row', ROW, DEPTH],
    ['two regions of one stage', DIAMOND, DIAMOND_DEPTH],
  ] as const)(
    'ORDER-1: %s: no interleaving breaks it: order, condemnations, one proposal, nothing twice, nothing forgotten',
    (name, after, depth) => {
      const found = modelOf(after)(OURS, depth);
      const out = join(import.meta.dirname, '../.out');
      mkdirSync(out, { recursive: true });
      const { wrong, ...numbers } = found;
      const report = { name, depth, ...numbers, broken: wrong };
      writeFileSync(join(out, `order-model-${Object.keys(after).length}.txt`), `${JSON.stringify(report)}\n`);
      process.stdout.write(
        `order model, ${name}: ${found.states} states, ${found.moves} moves, ${found.settled} run to rest, broken: ${wrong ? wrong.what : 'none'}\n`,
      );
      expect(wrong ? `${wrong.what}: ${wrong.path.join('; ')}` : null).toBeNull();
      expect(found.states).toBeGreaterThan(10_000);
    },
  );

  it('ORDER-2: a start gate that forgets order is found, by a forced merge', () => {
    const found = explore({ ...OURS, hold: () => null }, 5);
    expect(found.wrong?.what).toMatch(/which was never stable in stage/);
    expect(found.wrong?.path.join(', ')).toContain('force');
  });

  it('ORDER-2: a plan that forgets what was condemned is found', () => {
    const forgetful = (p: Pipeline): PromotionPlan[] =>
      plansOf({ ...p, stands: p.stands.map((s) => ({ ...s, rejected: [] })) });
    const eager: Rules = {
      plans: (p) =>
        forgetful({
          ...p,
          stands: p.stands.map((s) =>
            s.environment === 'prod'
              ? { ...s, desired: { version: '0', digest: 'sha256:0' }, served: [] }
              : s,
          ),
        }),
      hold: OURS.hold,
      empty: false,
    };
    expect(explore(eager, 12).wrong).not.toBeNull();
  });

  it('ORDER-2: asking again for what was merged and not fetched yet is found', () => {
    const found = explore({ ...OURS, empty: true }, 8);
    expect(found.wrong?.what).toMatch(/asked for in \w+ already, and proposed again/);
    expect(found.wrong?.path.at(-1)).toContain('propose');
  });

  it('ORDER-2: a plan that forgets a person’s no is found', () => {
    const found = explore({ ...OURS, plans: (p) => plansOf({ ...p, declined: new Set() }) }, 7);
    expect(found.wrong?.what).toMatch(/was turned down/);
  });
});

const stand = (environment: string, after: string[], more: Partial<PipelineStage> = {}): PipelineStage => ({
  environment,
  after,
  soakMs: 0,
  state: 'Stable',
  stable: artefact('1'),
  restSince: 0,
  desired: artefact('1'),
  served: [digestOf('1')],
  rejected: [],
  ...more,
});
const pipeline = (stands: PipelineStage[], more: Partial<Pipeline> = {}): Pipeline => ({
  service: 'checkout',
  stands,
  open: [],
  declined: new Set(),
  now: 1_000,
  ...more,
});
const two = { stable: artefact('2'), desired: artefact('2'), served: [digestOf('1'), digestOf('2')] };

describe('what is proposed', () => {
  it('ORDER-3: what is stable upstream goes on, by its exact digest', () =>
    expect(plansOf(pipeline([stand('dev', [], two), stand('stage', ['dev'])]))).toMatchObject([
      { kind: 'promotion', environment: 'stage', artefact: artefact('2'), from: ['dev'], updates: null },
    ]));
  it('ORDER-3: not before it has rested as long as declared', () => {
    const dev = { ...stand('dev', [], two), soakMs: 2_000 };
    expect(plansOf(pipeline([dev, stand('stage', ['dev'])]))).toEqual([]);
    expect(plansOf(pipeline([dev, stand('stage', ['dev'])], { now: 2_000 }))).toHaveLength(1);
  });
  it.each(['Evaluating', 'Degraded', 'Recovery', 'Idle'])('ORDER-3: not while upstream is %s', (state) =>
    expect(plansOf(pipeline([stand('dev', [], { ...two, state }), stand('stage', ['dev'])]))).toEqual([]),
  );
  it('ORDER-4: several before one have to agree; regions of a stage wait for each other', () => {
    const eu = stand('prod-eu', ['stage'], two);
    const us = stand('prod-us', ['stage']);
    const all = stand('global', ['prod-eu', 'prod-us']);
    const base = [stand('stage', [], two), eu, us, all];
    expect(plansOf(pipeline(base)).map((p) => p.environment)).toEqual(['prod-us']);
    expect(
      plansOf(pipeline([base[0]!, eu, stand('prod-us', ['stage'], two), all])).map((p) => p.environment),
    ).toEqual(['global']);
  });
  it('ORDER-5: a newer version takes the open pull request over; a no-op is none', () => {
    const open = [{ kind: 'promotion' as const, number: 4, environment: 'stage', digest: digestOf('1.5') }];
    expect(plansOf(pipeline([stand('dev', [], two), stand('stage', ['dev'])], { open }))).toMatchObject([
      { updates: 4 },
    ]);
    expect(plansOf(pipeline([stand('dev', []), stand('stage', ['dev'])]))).toEqual([]);
  });
  it('ORDER-6: a hotfix that went past is not taken back', () => {
    const ahead = { stable: artefact('9'), desired: artefact('9'), served: [digestOf('1'), digestOf('9')] };
    expect(plansOf(pipeline([stand('stage', []), stand('prod', ['stage'], ahead)]))).toEqual([]);
  });
  it('ORDER-7: after a rollback Git is put right, only while it still asks for what failed', () => {
    const failed = { desired: artefact('2'), rejected: [digestOf('2')] };
    expect(plansOf(pipeline([stand('prod', [], failed)]))).toMatchObject([
      { kind: 'revert', artefact: artefact('1') },
    ]);
    const fixed = { desired: artefact('3'), rejected: [digestOf('2')] };
    expect(plansOf(pipeline([stand('prod', [], fixed)]))).toEqual([]);
    const open = [{ kind: 'revert' as const, number: 5, environment: 'prod', digest: digestOf('1') }];
    expect(plansOf(pipeline([stand('prod', [], failed)], { open }))).toEqual([]);
    expect(plansOf(pipeline([stand('prod', [], fixed)], { open }))).toMatchObject([
      { kind: 'withdraw', number: 5 },
    ]);
  });
  it('ORDER-8: forced past the gate it may not begin; what was stable there may come back', () => {
    const stands = [stand('stage', []), stand('prod', ['stage'])];
    expect(orderObjection({ stands }, 'prod', digestOf('7'))).toContain('never stable in stage');
    expect(orderObjection({ stands }, 'prod', digestOf('1'))).toBeNull();
    const condemned = [
      stand('dev', [], { rejected: [digestOf('7')] }),
      stand('stage', ['dev'], { served: [digestOf('7')] }),
      stand('prod', ['stage']),
    ];
    expect(orderObjection({ stands: condemned }, 'prod', digestOf('7'))).toContain('rejected in dev');
  });
});
