import { sha256 } from '../../src/kit/digest.ts';
import { seededRandom } from '../../src/kit/random.ts';
import type { Mutant } from './mutants.ts';

/** A seed of each file's own, so that one file more changes no other's sample. */
const seedOf = (seed: number, file: string): number =>
  (Number.parseInt(sha256(file).slice(0, 8), 16) ^ seed) >>> 0;

function shuffled<T>(all: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const list = [...all];
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

/**
 * So many mutants of one file, the same for the same seed. Every operator has its turn before one comes again, so that
 * a file of many conditions is not tried by conditions alone. Given in the order of the file.
 */
export function sampleOf(mutants: readonly Mutant[], most: number, seed: number): Mutant[] {
  const byOperator = new Map<string, Mutant[]>();
  const file = mutants[0]?.file ?? '';
  for (const mutant of shuffled(mutants, seedOf(seed, file)))
    byOperator.set(mutant.operator, [...(byOperator.get(mutant.operator) ?? []), mutant]);
  const queues = [...byOperator.values()];
  const chosen: Mutant[] = [];
  while (chosen.length < Math.min(most, mutants.length))
    for (const queue of queues) {
      const next = queue.shift();
      if (next && chosen.length < most) chosen.push(next);
    }
  return chosen.sort((a, b) => a.start - b.start || (a.to < b.to ? -1 : 1));
}
