import type { Clock, Ms } from '../kit/time.ts';
import { systemClock } from './clock.ts';

/** The clock of the machine may be set at any moment; the other one only ever runs on. */
interface MachineTime {
  /** Milliseconds since the epoch, as the machine says. */
  wall(): Ms;
  /** Milliseconds since some moment, never set. */
  monotonic(): Ms;
  /** It jumped by so much, and is not believed yet. */
  jumped(byMs: Ms): void;
}

/** What NTP corrects, and more: what is below this is followed at once. */
const JUMP_MS = 60_000;
/** A jump that has lasted this long is believed: the machine slept, or its clock had been wrong before. */
const BELIEVED_AFTER_MS = 600_000;

/**
 * The time by which everything is decided: that of the machine, but no jump of it. Otherwise a clock that is set an hour
 * ahead by mistake would end freezes and dwells, and call a version that is just starting too late.
 */
export function steadyTime({ wall, monotonic, jumped }: MachineTime): () => Ms {
  let anchor = { wall: wall(), monotonic: monotonic() };
  let doubtedSince: Ms | null = null;
  return () => {
    const at = monotonic();
    const [said, expected] = [wall(), anchor.wall + at - anchor.monotonic];
    if (Math.abs(said - expected) <= JUMP_MS) {
      doubtedSince = null;
    } else {
      if (doubtedSince === null) jumped(said - expected);
      doubtedSince ??= at;
      if (at - doubtedSince < BELIEVED_AFTER_MS) return expected;
      doubtedSince = null;
    }
    anchor = { wall: said, monotonic: at };
    return said;
  };
}

/** The steady time of this machine. */
export function steadyClock(jumped: (byMs: Ms) => void): Clock {
  const now = steadyTime({ wall: () => Date.now(), monotonic: () => performance.now(), jumped });
  return { now, sleep: systemClock.sleep };
}
