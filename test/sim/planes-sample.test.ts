import { afterAll, describe, expect, it } from 'vitest';
import { dueAgainstSwept } from './planes/due.ts';
import { createReport, SAMPLE, SAMPLE_STEPS, seeded } from './planes/report.ts';
import { optionsOf, play, storyFor } from './planes/run.ts';

/** Both ways in a second or two. */
const DUE_STEPS = 60;
const report = createReport('all planes, a sample');
afterAll(() => report.print());

describe('all planes, simulated: a sample', () => {
  it.each(SAMPLE)('SIM-16: seed %i keeps every invariant after every step', async (seed) => {
    const { outcome, failure } = await seeded(seed, SAMPLE_STEPS);
    report.add(outcome);
    expect(failure).toBeNull();
  });

  it('SIM-17: the same story leads to the same records, byte for byte', async () => {
    const [first, again] = [
      await play(optionsOf(3), storyFor(3, 60)),
      await play(optionsOf(3), storyFor(3, 60)),
    ];
    expect(first.records).toBeGreaterThan(50);
    expect(again.head).toBe(first.head);
  });

  it.each([3, 4])(
    'SIM-19: seed %i is recorded the same by what is due and by everything at each tick',
    async (seed) => {
      const { records, first } = await dueAgainstSwept(seed, DUE_STEPS);
      expect(first).toBeNull();
      expect(records).toBeGreaterThan(50);
    },
  );
});
