import { describe, it } from 'vitest';
import { REST, run } from './scenario.ts';

const SEEDS = REST.filter((seed) => seed % 2 === 1);

describe('the whole loop, simulated', () => {
  it.each(SEEDS)('LOOP-1: seed %i keeps every invariant after every step', (seed) => run(seed));
});
