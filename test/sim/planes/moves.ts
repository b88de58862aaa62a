import type { Random } from '../../../src/kit/random.ts';
import { faultMoves } from './fault-moves.ts';
import type { MoveKind, Step } from './move.ts';
import { peopleMoves } from './people-moves.ts';
import { pullMoves } from './pull-moves.ts';

export const MOVES: Readonly<Record<string, MoveKind>> = {
  'time goes by': { weight: 60, move: () => 'nothing' },
  ...pullMoves,
  ...peopleMoves,
  ...faultMoves,
};

const SPANS_MS = [500, 1_000, 2_000, 3_000, 5_000, 10_000] as const;
/** The factor by which a preferred kind is more frequent. */
const PREFERRED = 6;

function kindOf(random: Random, weights: readonly (readonly [string, number])[]): string {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const [kind, weight] of weights) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'time goes by';
}

/** A story of a number of steps, with preferred kinds more often; the same seed gives the same story. */
export function storyOf(random: Random, steps: number, prefer: readonly string[] = []): Step[] {
  const weights = Object.entries(MOVES).map(
    ([kind, { weight }]) => [kind, weight * (prefer.includes(kind) ? PREFERRED : 1)] as const,
  );
  return Array.from({ length: steps }, () => ({
    kind: kindOf(random, weights),
    a: random.next(),
    b: random.next(),
    c: random.next(),
    ms: SPANS_MS[random.below(SPANS_MS.length)]!,
  }));
}
