import { seededRandom } from '../../../src/kit/random.ts';
import type { LedgerRecord } from '../../../src/ledger/record.ts';
import { INVARIANTS } from './invariants/all.ts';
import { hasEnded } from './invariants/ends.ts';
import type { Checks, Invariant } from './invariants/invariant.ts';
import { createPast } from './invariants/past.ts';
import type { Step } from './move.ts';
import { MOVES, storyOf } from './moves.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/** A violated invariant: which one, at which step, and the story up to there. */
export interface Violation {
  readonly id: string;
  readonly what: string;
  readonly step: number;
  readonly story: readonly string[];
}

export interface Outcome {
  readonly violation: Violation | null;
  readonly steps: number;
  readonly moves: ReadonlyMap<string, number>;
  readonly checked: ReadonlyMap<string, number>;
  readonly records: number;
  readonly kills: number;
  /** Hash of the last record. */
  readonly head: string;
  readonly events: ReadonlyMap<string, number>;
}

const STEPS = 250;
const CALM_STEP_MS = 5_000;
/** By then holds, deadlines and backoffs are over. */
const CALM_STEPS = 160;
const LEAST_CALM_STEPS = 15;
const RPS = [20, 60, 120] as const;

/** The world of a seed: its forge, its traffic, and what is declared. */
export function optionsOf(seed: number): WorldOptions {
  const random = seededRandom(seed * 104_729);
  return {
    seed,
    auto: random.chance(0.6),
    secondPerson: random.chance(0.4),
    forge: (['local', 'gitea', 'github'] as const)[random.below(3)]!,
    protects: random.chance(0.8),
    rps: RPS[random.below(RPS.length)]!,
  };
}

export const storyFor = (seed: number, steps = STEPS, prefer: readonly string[] = []): Step[] =>
  storyOf(seededRandom(seed * 7_919), steps, prefer);

interface Watched {
  readonly violation: () => Omit<Violation, 'story' | 'step'> | null;
  readonly checked: Map<string, number>;
  readonly events: Map<string, number>;
  readonly checks: readonly Checks[];
}

/** What a record counts as: its type, where a release began or how it ended, what a decision denied. */
function kindsOf({ type, subject, data }: LedgerRecord): string[] {
  if (type === 'release.opened') return [type, `${type} in ${subject.split('/')[1]}`];
  if (type === 'lane.moved') return [type, `${type}: ${(data as { reason: string }).reason}`];
  if (type !== 'gate.decided') return [type];
  const { deny } = (data as { decision: { deny: readonly { code: string }[] } }).decision;
  return [type, ...new Set(deny.map(({ code }) => `${type}: denied for ${code}`))];
}

/** Lets every invariant watch a world from here on. */
function watch(world: World, invariants: readonly Invariant[]): Watched {
  const past = createPast();
  const checked = new Map<string, number>(invariants.map(({ id }) => [id, 0]));
  const events = new Map<string, number>();
  let violation: Omit<Violation, 'story' | 'step'> | null = null;
  const checks = invariants.map((one) =>
    one.start(world, past, (holds, otherwise) => {
      checked.set(one.id, (checked.get(one.id) ?? 0) + 1);
      if (!holds) violation ??= { id: one.id, what: otherwise() };
    }),
  );
  const each = (what: (check: Checks) => void) => {
    for (const check of checks) what(check);
  };
  world.witness({
    record(record) {
      for (const key of kindsOf(record)) events.set(key, (events.get(key) ?? 0) + 1);
      for (const check of checks) check.record?.(record);
      past.take(record);
    },
    merged: (merge) => each((check) => check.merged?.(merge)),
    reported: (number, report) => each((check) => check.reported?.(number, report)),
    asked: (facts, since) => each((check) => check.asked?.(facts, since)),
  });
  return { violation: () => violation, checked, events, checks };
}

/** Plays a story, then a calm period; every invariant is checked after every step. */
export async function play(
  options: WorldOptions,
  story: readonly Step[],
  invariants: readonly Invariant[] = INVARIANTS,
  calm = true,
): Promise<Outcome> {
  const world = await createWorld(options);
  const restore = world.time.install();
  const moves = new Map<string, number>();
  const told: string[] = [];
  let steps = 0;
  const watched = watch(world, invariants);
  const step = async (ms: number): Promise<boolean> => {
    await world.advance(ms);
    steps++;
    for (const check of watched.checks) check.step?.();
    return watched.violation() === null;
  };
  try {
    await world.start();
    let well = await step(3_000);
    for (const one of story) {
      if (!well) break;
      const said = await MOVES[one.kind]!.move(world, one);
      if (said !== null) {
        moves.set(one.kind, (moves.get(one.kind) ?? 0) + 1);
        if (one.kind !== 'time goes by')
          told.push(`${Math.round((world.now() - world.startedAt) / 1_000)} s: ${one.kind}: ${said}`);
      }
      well = await step(one.ms);
    }
    if (well && calm) {
      world.calm();
      told.push(`${Math.round((world.now() - world.startedAt) / 1_000)} s: calm`);
      for (let at = 0; at < CALM_STEPS && well && (at < LEAST_CALM_STEPS || !hasEnded(world)); at++)
        well = await step(CALM_STEP_MS);
      if (well) for (const check of watched.checks) await check.end?.();
    }
    const found = watched.violation();
    const { seq: records, hash: head } = await world.head();
    const { checked, events } = watched;
    const violation = found && { ...found, step: steps, story: told };
    return { violation, steps, moves, checked, records, kills: world.outside.kills(), head, events };
  } finally {
    restore();
  }
}

/** Shortens a story that violates an invariant by leaving steps out. */
export async function shrink(
  options: WorldOptions,
  story: readonly Step[],
  violation: Violation,
  invariants: readonly Invariant[] = INVARIANTS,
  tries = 150,
): Promise<{ story: readonly Step[]; violation: Violation }> {
  let best: { story: readonly Step[]; violation: Violation } = {
    story: story.slice(0, violation.step),
    violation,
  };
  let left = tries;
  const attempt = async (candidate: readonly Step[]): Promise<boolean> => {
    left--;
    const { violation: again } = await play(options, candidate, invariants);
    if (again?.id !== violation.id) return false;
    best = { story: candidate, violation: again };
    return true;
  };
  for (let size = Math.ceil(best.story.length / 2); size >= 1 && left > 0; size = Math.floor(size / 2))
    for (let at = best.story.length - size; at > -size && left > 0; at -= size) {
      const from = Math.max(0, at);
      const gone = best.story.slice(from, at + size);
      // What is left out is time that goes by: what follows happens when it did.
      const quiet = gone.map((s) => ({ ...s, kind: 'time goes by' }));
      if (gone.length === 0 || quiet.every((s, i) => s.kind === gone[i]!.kind)) continue;
      await attempt([...best.story.slice(0, from), ...quiet, ...best.story.slice(at + size)]);
    }
  return best;
}
