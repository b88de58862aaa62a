import type { Witness, World } from '../world.ts';
import type { Past } from './past.ts';

/** What an invariant observes while a world runs; each check counts. */
export interface Checks extends Witness {
  /** After every step, and every record of it. */
  step?(): void;
  /** Faults have ceased, and everything had the time to end. */
  end?(): void | Promise<void>;
}

export interface Invariant {
  /** Its rule in SPEC.md. */
  readonly id: string;
  readonly says: string;
  start(world: World, past: Past, held: Held): Checks;
}

/** Checks a condition, and counts the check. */
export type Held = (holds: boolean, otherwise: () => string) => void;
