import { describe, it } from 'vitest';
import { run, SAMPLE } from './scenario.ts';

describe('the whole loop, simulated: a sample', () => {
  it.each(SAMPLE)('LOOP-1: seed %i keeps every invariant after every step', (seed) => run(seed));
});
