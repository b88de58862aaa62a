import type { Counts } from './shared.ts';

/** One scale of one arm: squared differences against what independent errors would give. */
interface Scale {
  readonly above: number;
  readonly below: number;
}

interface ArmClumps {
  readonly single: Scale;
  readonly pairs: Scale;
  /** Bad requests of the present run's last three intervals, the latest last. */
  readonly run: readonly number[];
}

/** How errors clump, per arm and on two scales. Bursts longer than an interval show on the second. */
export interface Clumps {
  readonly canary: ArmClumps;
  readonly stable: ArmClumps;
}

/** Five and five: the first differences alone do not decide. */
const START: Scale = { above: 5, below: 5 };
const ARM: ArmClumps = { single: START, pairs: START, run: [] };
export const NO_CLUMPS: Clumps = { canary: ARM, stable: ARM };

const add = (scale: Scale, now: number, before: number): Scale => ({
  above: scale.above + (now - before) ** 2,
  below: scale.below + now + before,
});

function clumpArm({ single, pairs, run }: ArmClumps, { bad }: Counts): ArmClumps {
  const [third, second, first] = [run.at(-3), run.at(-2), run.at(-1)];
  return {
    single: first === undefined ? single : add(single, bad, first),
    pairs:
      first === undefined || second === undefined || third === undefined
        ? pairs
        : add(pairs, bad + first, second + third),
    run: [...run.slice(-2), bad],
  };
}

/** One more interval of the present run. An arm without traffic had 0 bad. */
export const clump = (clumps: Clumps, canary: Counts, stable: Counts): Clumps => ({
  canary: clumpArm(clumps.canary, canary),
  stable: clumpArm(clumps.stable, stable),
});

/** Another step, or an interval that is not judged: later intervals are not compared with earlier ones. */
export const cut = ({ canary, stable }: Clumps): Clumps => ({
  canary: { ...canary, run: [] },
  stable: { ...stable, run: [] },
});

const quotient = ({ above, below }: Scale): number => above / below;

/** The clump factor D, at least 1: how many bad requests count as one. */
export const clumpFactor = ({ canary, stable }: Clumps): number =>
  Math.max(
    1,
    quotient(canary.single),
    quotient(canary.pairs),
    quotient(stable.single),
    quotient(stable.pairs),
  );
