import { describe, it } from 'vitest';
import { run } from './scenario.ts';

const SEEDS = Array.from({ length: 100 }, (_, i) => 2 + 2 * i);

describe('the whole loop, simulated', () => {
  it.each(SEEDS)('LOOP-1: seed %i keeps every invariant after every step', (seed) => run(seed), 60_000);
});
