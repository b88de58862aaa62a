import { OBJECTIVE } from '../declared.ts';
import type { Told } from '../metrics.ts';

/** The window of every budget of the simulated platform. */
export const OBJECTIVE_WINDOW_MS = 240_000;

export interface Excluded {
  readonly slo: string;
  readonly environment: string;
  readonly toMs: number;
  readonly requests: number;
  readonly bad: number;
  readonly seq: number;
}

/** The remaining budget by the reported numbers minus exclusions, computed independently and simply. Null: unknown. */
export function leftOf(told: Told, excluded: readonly Excluded[]): number | null {
  const mine = excluded.filter((e) => e.toMs > told.at - OBJECTIVE_WINDOW_MS);
  const requests = told.requests - mine.reduce((sum, e) => sum + e.requests, 0);
  const bad = Math.max(0, told.bad - mine.reduce((sum, e) => sum + e.bad, 0));
  if (requests <= 0) return null;
  return 1 - bad / (requests * Number((1 - OBJECTIVE).toPrecision(12)));
}

export const same = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) < 1e-6;
