import { afterAll, describe, expect, it } from 'vitest';
import { createReport, REST, seeded } from './planes/report.ts';

const SEEDS = REST.filter((seed) => seed % 2 === 0);
const report = createReport('all planes, 2 of 2');
afterAll(() => report.print());

describe('all planes, simulated', () => {
  it.each(SEEDS)('SIM-16: seed %i keeps every invariant after every step', async (seed) => {
    const { outcome, failure } = await seeded(seed);
    report.add(outcome);
    expect(failure).toBeNull();
  });
});
