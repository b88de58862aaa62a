import { sha256 } from '../../kit/digest.ts';

/** A factor for delays, in (0.8, 1]: operations that failed together are not retried together. Deterministic by seed. */
export type Jitter = (key: string, failures: number) => number;

export const NO_JITTER: Jitter = () => 1;

const SPREAD = 0.2;

export const seededJitter =
  (seed: string): Jitter =>
  (key, failures) =>
    1 - (SPREAD * Number.parseInt(sha256(`${seed} ${key} ${failures}`).slice(0, 8), 16)) / 2 ** 32;
