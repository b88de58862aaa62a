/** Milliseconds since the epoch, or a span of milliseconds: the only unit of time inside the house. */
export type Ms = number;

/** Where "now" comes from. Planes never see one: time reaches them as a value. */
export interface Clock {
  now(): Ms;
  /** Resolves after `ms`, or at once when `signal` fires. */
  sleep(ms: Ms, signal?: AbortSignal): Promise<void>;
}

/** Units of a duration in milliseconds. */
export const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A century: what is longer is a typing error, and would leave the range in which times are exact. */
const LONGEST_MS = 36_525 * 86_400_000;

/** Reads Prometheus-style durations such as `5m`, `1h30m`, `250ms`. Undefined where it is none, or absurdly long. */
export function parseDuration(text: string): Ms | undefined {
  if (!/^(\d+(ms|[smhdw]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g)) total += Number(count) * UNIT_MS[unit!]!;
  return total <= LONGEST_MS ? total : undefined;
}

const LONGEST_FIRST = Object.entries(UNIT_MS)
  .filter(([unit]) => unit !== 'w')
  .reverse();

/** The shortest exact Prometheus duration: 300000 → `5m`. */
export function formatDuration(ms: Ms): string {
  for (const [unit, size] of LONGEST_FIRST) if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  return `${Math.round(ms)}ms`;
}

/** A span for people: `4.2 s`, `3 min`, `2.5 h`. */
export function humanSpan(ms: Ms): string {
  const s = ms / 1_000;
  if (s < 10) return `${Math.max(0, Math.round(s * 10) / 10)} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7_200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 360) / 10} h`;
  return `${Math.round(s / 8_640) / 10} d`;
}

/** A clock that moves only when told to: simulations and tests own one each. */
export function simulatedClock(start: Ms): Clock & { advance(ms: Ms): void } {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    advance: (ms) => {
      now += ms;
    },
  };
}
