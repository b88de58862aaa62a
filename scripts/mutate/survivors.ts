import type { Mutant } from './mutants.ts';

/** A mutant that no test notices, and why none can or need. Known by its code: lines move. */
export interface Survivor {
  readonly file: string;
  readonly operator: string;
  /** The whole line as it stands in the file, without the space around it. */
  readonly line: string;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** A mutant that was tried. */
export interface Tried extends Mutant {
  /** `late`: its tests did not end in time, as a loop without end does not. */
  readonly outcome: 'killed' | 'late' | 'survived';
  /** The line that it stands in, without the space around it. */
  readonly code: string;
}

/** The entry of the kept list that explains a mutant. */
export const explanationOf = (kept: readonly Survivor[], tried: Tried): Survivor | undefined =>
  kept.find(
    (one) =>
      one.file === tried.file &&
      one.operator === tried.operator &&
      one.line === tried.code &&
      one.from === tried.from &&
      one.to === tried.to,
  );

/** Entries that a test has come to notice since: they are to be taken off the list. */
export const outdated = (kept: readonly Survivor[], tried: readonly Tried[]): Survivor[] =>
  kept.filter((one) => tried.some((t) => t.outcome !== 'survived' && explanationOf([one], t) === one));
