import type { z } from 'zod';
import type { traceSchema } from '../src/delivery/trace.ts';
import { seededRandom } from '../src/kit/random.ts';

type Draw = () => number;
type Trace = z.input<typeof traceSchema>;
type Interval = Trace['intervals'][number];
type Counts = NonNullable<Interval['canary']>;

/**
 * Traces at random, for the vectors that hold an independent judge's answers. Only arithmetic that every machine does
 * alike (no logarithm, no power): the same seed gives the same trace, or the stored answers would belong to another.
 */
const OBJECTIVES = [0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.51, 0.75, 0.99999] as const;
const RATES = [0.02, 0.2, 1, 5, 20, 100, 1_000, 20_000, 200_000] as const;
const SECONDS = [1, 5, 5, 5, 10, 15, 60] as const;
const PLANS: readonly (readonly number[])[] = [
  [0.2, 0.5, 1],
  [0.01, 0.1, 1],
  [1],
  [0.5],
  [0.2, 1, 0.2, 1],
  [0, 0.05, 1, 0.5],
  [0.05, 0.1, 0.2, 0.4, 0.8, 1],
];
const MOST = 1_000_000;

const pick = <T>(random: Draw, all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
const upTo = (random: Draw, most: number): number => Math.floor(random() * (most + 1));
const sometimes = <T>(random: Draw, share: number, all: readonly T[]): T | undefined =>
  random() < share ? pick(random, all) : undefined;

function settingsAt(random: Draw): Trace['settings'] {
  const slos = sometimes(random, 0.25, [1, 2, 3, 7, 50]);
  const given = {
    slos,
    tolerance: sometimes(random, 0.25, [0.1, 0.5, 2, 5, 1_000]),
    detect: sometimes(random, 0.2, [1.01, 2, 50, 1_000]),
    rho: sometimes(random, 0.25, [0.01, 0.5, 1.25, 2, 100]),
    alpha: sometimes(random, 0.25, [1e-9, 1e-4, 0.01, 0.05, 0.124]),
    beta: sometimes(random, 0.2, [0.5, 0.1, 0.001]),
    minBad: sometimes(random, 0.3, [1, 2, 20, 60, 200]),
    witnesses: sometimes(random, 0.4, [2, 3, 4, 5, 20]),
    compare: sometimes(random, 0.3, [true, false, false]),
    steps: sometimes(random, 0.1, [3]),
  };
  const declared = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    objective: pick(random, OBJECTIVES),
    intervalSeconds: pick(random, SECONDS),
    ...Object.fromEntries(declared),
  };
}

/** How many of so many fail at a rate: request by request, or near enough where they are many. */
function failing(random: Draw, total: number, rate: number): number {
  if (total <= 40) return Array.from({ length: total }, () => random()).filter((u) => u < rate).length;
  const mean = total * rate;
  const spread = Math.sqrt(mean * (1 - rate)) * (random() + random() + random() - 1.5) * 2;
  const near = mean + spread;
  const whole = Math.floor(near) + (random() < near - Math.floor(near) ? 1 : 0);
  return Math.min(total, Math.max(0, whole));
}

/** Something that lasts from one interval to another. */
const span = (random: Draw, length: number, share: number) => {
  const from = random() < share ? upTo(random, length) : length;
  const to = random() < 0.5 ? length : from + 1 + upTo(random, 12);
  return (at: number) => at >= from && at < to;
};

/** What befalls one trace, chosen once. */
function weather(random: Draw, budget: number, length: number) {
  const calm = () => ({
    canary: Math.min(1, pick(random, [0, 0, budget / 10, budget / 2, budget, 2 * budget, 0.3])),
    stable: pick(random, [0, 0, budget / 10, budget / 2, budget, 0.05]),
  });
  return {
    earlier: calm(),
    later: calm(),
    turns: random() < 0.3 ? upTo(random, length) : length,
    fault: span(random, length, 0.6),
    faultRate: Math.min(1, pick(random, [2, 3, 5, 10, 50, 1_000]) * budget),
    incident: span(random, length, 0.35),
    incidentRate: pick(random, [0.01, 0.05, 0.5, 1]),
    burst: sometimes(random, 0.4, [1, 3, 5, 20, 200]) ?? 0,
    burstOften: pick(random, [0.03, 0.1, 0.4]),
    burstOfCanary: random() < 0.3,
    idle: pick(random, [0, 0, 0.1, 0.5]),
    lost: pick(random, [0, 0, 0.03, 0.25]),
    outage: span(random, length, 0.15),
    late: sometimes(random, 0.2, [1, 2, 5]) ?? 0,
    tiny: random() < 0.15,
    alone: random() < 0.1,
  };
}
type Weather = ReturnType<typeof weather>;

function armAt(random: Draw, mean: number, rate: number, burst: number): Counts {
  const wanted = Math.floor(mean * (0.7 + 0.6 * random()) + random());
  const total = Math.min(MOST, wanted);
  return { total, bad: Math.min(total, failing(random, total, rate) + burst) };
}

const NOBODY: Counts = { total: 0, bad: 0 };

function intervalAt(
  random: Draw,
  w: Weather,
  at: number,
  requests: number,
  weight: number,
): Omit<Interval, 'step'> {
  const calm = at < w.turns ? w.earlier : w.later;
  const shared = w.incident(at) ? w.incidentRate : 0;
  const canaryRate = Math.max(shared, w.fault(at) ? w.faultRate : calm.canary);
  const burst = random() < w.burstOften ? w.burst : 0;
  const mine = upTo(random, burst);
  const canary = armAt(random, requests * weight, canaryRate, w.burstOfCanary ? burst : mine);
  const others = w.tiny ? upTo(random, 2) : requests * (1 - weight);
  const stable = armAt(random, others, Math.max(shared, calm.stable), w.burstOfCanary ? 0 : burst - mine);
  const lost = w.outage(at) ? 3 : random() < w.lost ? 1 + upTo(random, 2) : 0;
  const quiet = at < w.late ? 3 : random() < w.idle ? 1 + upTo(random, 2) : 0;
  const seen = (counts: Counts, bit: number) =>
    (lost & bit) !== 0 ? null : (quiet & bit) !== 0 ? NOBODY : counts;
  return { canary: seen(canary, 1), stable: w.alone && (lost & 2) === 0 ? NOBODY : seen(stable, 2) };
}

function historyAt(random: Draw, w: Weather, requests: number): (Counts | null)[] {
  return Array.from({ length: pick(random, [0, 0, 3, 12, 30]) }, () => {
    if (random() < w.lost) return null;
    if (random() < w.idle) return NOBODY;
    return armAt(random, w.tiny ? 2 : requests, w.earlier.stable, random() < w.burstOften ? w.burst : 0);
  });
}

/** The trace of a seed: settings, traffic, faults, incidents, bursts, gaps, step changes and steps back at random. */
export function randomTrace(seed: number, longest = 60): Trace {
  const random = seededRandom(seed * 2_654_435 + 17).next;
  const settings = settingsAt(random);
  const plan = pick(random, PLANS);
  const length = 1 + upTo(random, longest - 1);
  const w = weather(random, 1 - settings.objective, length);
  const requests = pick(random, RATES) * (settings.intervalSeconds ?? 5);
  const history = historyAt(random, w, requests);
  const often = pick(random, [0.02, 0.1, 0.3]);
  const first = random() < 0.1 ? upTo(random, 3) : 0;
  let [place, step] = [0, first];
  const intervals: Interval[] = [];
  for (let at = 0; at < length; at++) {
    if (at > 0 && place < plan.length - 1 && random() < often) {
      place += 1;
      step += random() < 0.1 ? 2 : 1;
    }
    intervals.push({ step, ...intervalAt(random, w, at, requests, plan[place]!) });
  }
  return { name: `seed ${seed}`, settings, history, intervals };
}
