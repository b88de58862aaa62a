import { describe, expect, it } from 'vitest';
import { steadyTime } from './steady-clock.ts';

const START = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A machine whose clock is off by so much; time goes by in small steps, at each of which it is asked. */
function machine() {
  const jumps: number[] = [];
  let [gone, off, slept] = [0, 0, 0];
  const now = steadyTime({
    wall: () => START + gone + slept + off,
    monotonic: () => gone,
    // To about a second.
    slept: () => slept - (gone % 1_000),
    jumped: (by) => jumps.push(by),
  });
  return {
    jumps,
    set: (ms: number) => {
      off = ms;
    },
    nap: (ms: number) => {
      slept += ms;
    },
    /** What it says after so long, relative to the right time. */
    after(ms: number): number {
      for (let i = 0; i < ms; i += 500) {
        gone += 500;
        now();
      }
      return now() - START - gone - slept;
    },
  };
}

describe('a clock that is set', () => {
  it('FAULT-6: what NTP corrects is followed at once, however often', () => {
    const m = machine();
    for (const off of [900, -59_000, 0, 30_000]) {
      m.set(off);
      expect(m.after(500)).toBe(off);
    }
    expect(m.jumps).toEqual([]);
  });

  it.each([HOUR_MS, -HOUR_MS, 20 * MINUTE_MS])(
    'FAULT-6: a jump of %d ms is told once, and not followed',
    (off) => {
      const m = machine();
      expect(m.after(MINUTE_MS)).toBe(0);
      m.set(off);
      expect(m.after(9 * MINUTE_MS)).toBe(0);
      m.set(0);
      expect(m.after(MINUTE_MS)).toBe(0);
      expect(m.jumps).toEqual([off]);
    },
  );

  it('FAULT-6: a machine that slept is followed at once; a clock that is set meanwhile is not', () => {
    const m = machine();
    expect(m.after(MINUTE_MS)).toBe(0);
    m.nap(8 * HOUR_MS + 300);
    expect(m.after(500)).toBe(0);
    expect(m.jumps).toEqual([]);
    m.set(HOUR_MS);
    m.nap(20 * MINUTE_MS);
    expect(Math.abs(m.after(500))).toBeLessThan(2_000);
    expect(m.jumps).toHaveLength(1);
  });

  it('FAULT-6: one that lasts is followed after ten minutes, and is what counts from then on', () => {
    const m = machine();
    m.set(HOUR_MS);
    expect(m.after(10 * MINUTE_MS - 1_000)).toBe(0);
    expect(m.after(2_000)).toBe(HOUR_MS);
    expect(m.after(HOUR_MS)).toBe(HOUR_MS);
    m.set(0);
    expect(m.after(MINUTE_MS)).toBe(HOUR_MS);
    expect(m.jumps).toEqual([HOUR_MS, -HOUR_MS]);
  });

  it('FAULT-6: a jump back within the ten minutes begins them anew', () => {
    const m = machine();
    for (let i = 0; i < 4; i++) {
      m.set(HOUR_MS);
      expect(m.after(6 * MINUTE_MS)).toBe(0);
      m.set(0);
      expect(m.after(1_000)).toBe(0);
    }
  });
});
