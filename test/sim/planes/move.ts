import type { World } from './world.ts';

/** One step of a story: what is done, and how long the world runs after it. Choices are shares, so that a story stays a story when steps are left out. */
export interface Step {
  readonly kind: string;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly ms: number;
}

/** Describes what it did; null: there was nothing to do. */
export type Move = (world: World, step: Step) => Promise<string | null> | string | null;
export interface MoveKind {
  readonly weight: number;
  readonly move: Move;
}
