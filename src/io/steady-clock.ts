import { uptime } from 'node:os';
import type { Clock, Ms } from '../kit/time.ts';
import { systemClock } from './clock.ts';

/** The clock of the machine may be set at any moment; the other one only ever runs on. */
interface MachineTime {
  /** Milliseconds since the epoch, as the machine says. */
  wall(): Ms;
  /** Milliseconds since some moment, never set; stands still while the machine sleeps. */
  monotonic(): Ms;
  /** Milliseconds for which the machine has slept since some moment, to about a second. */
  slept(): Ms;
  /** It jumped by so much, and is not believed yet. */
  jumped(byMs: Ms): void;
}

/** What NTP corrects, and more: what is below this is followed at once. */
const JUMP_MS = 60_000;
/** The machine tells for how long it slept to about a second: what is below this is no sleep. */
const LEAST_SLEEP_MS = 2_000;
/** A jump that has lasted this long is believed: the clock of the machine had been wrong before. */
const BELIEVED_AFTER_MS = 600_000;

/**
 * The time by which everything is decided: that of the machine, but no jump of it. Otherwise a clock that is set an hour
 * ahead by mistake would end freezes and dwells, and call a version that is just starting too late. The time for which
 * a laptop slept is no jump.
 */
export function steadyTime({ wall, monotonic, slept, jumped }: MachineTime): () => Ms {
  let anchor = { wall: wall(), monotonic: monotonic(), slept: slept() };
  let doubtedSince: Ms | null = null;
  return () => {
    const at = monotonic();
    const asleep = slept();
    const nap = asleep - anchor.slept;
    const gone = at - anchor.monotonic + (nap > LEAST_SLEEP_MS ? nap : 0);
    const [said, expected] = [wall(), anchor.wall + gone];
    if (Math.abs(said - expected) <= JUMP_MS) {
      doubtedSince = null;
    } else {
      if (doubtedSince === null) jumped(said - expected);
      doubtedSince ??= at;
      if (at - doubtedSince < BELIEVED_AFTER_MS) return expected;
      doubtedSince = null;
    }
    anchor = { wall: said, monotonic: at, slept: asleep };
    return said;
  };
}

/** The steady time of this machine. */
export function steadyClock(jumped: (byMs: Ms) => void): Clock {
  const now = steadyTime({
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    // The one counts while the machine sleeps, the other does not.
    slept: () => uptime() * 1_000 - performance.now(),
    jumped,
  });
  return { now, sleep: systemClock.sleep };
}
