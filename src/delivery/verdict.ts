import {
  dispersion,
  type Evidence,
  goodRequestsLeft,
  goodRequestsNeeded,
  harmShown,
  triedEnough,
} from './evidence.ts';

/** Why a verdict is what it is: a closed list, in the order in which they are told. */
export const REASONS = [
  'HARM_SHOWN',
  'MULTI_WINDOW_BURN',
  'CANARY_DOWN',
  'GUARD_FAILED',
  'TRIED_ENOUGH',
  'SOURCE_UNAVAILABLE',
  'NO_DATA',
  'STABLE_MISSING',
  'STALE_DATA',
  'NOT_A_NUMBER',
  'BURN_NO_DATA',
  'BURN_FIRING',
  'GUARD_NO_DATA',
  'LOAD_RUNNING',
  'WARMING_UP',
  'WAITING_FOR_DWELL',
  'TOO_FEW_REQUESTS',
  'UNKNOWN_RELEASE',
  'OTHER_STEP',
  'HELD',
] as const;
export type Reason = (typeof REASONS)[number];

export type VerdictWord = 'pass' | 'fail' | 'inconclusive';

/** The numbers behind one SLO's verdict; sums are natural logarithms. */
export interface SloNumbers {
  readonly slo: string;
  readonly overBudget: number;
  readonly worseThanStable: number;
  readonly bar: number;
  readonly exposure: number;
  readonly enough: number;
  readonly badSeen: number;
  readonly requests: number;
  readonly goodLeft: number;
  readonly goodNeeded: number;
  readonly dispersion: number;
}

export interface Verdict {
  readonly verdict: VerdictWord;
  readonly reasons: readonly Reason[];
  readonly numbers: readonly SloNumbers[];
}

/** What besides the counts stands between a step and its pass. */
export interface Gates {
  readonly warmingUp: boolean;
  readonly dwelt: boolean;
  /** The declared burn rule: false lets pass, firing and no-data hold back. */
  readonly burn: 'false' | 'firing' | 'no-data';
  /** Trouble with the source at this look: nothing new could be counted. */
  readonly trouble: Extract<Reason, 'SOURCE_UNAVAILABLE' | 'STALE_DATA' | 'NOT_A_NUMBER' | 'NO_DATA'> | null;
  readonly guard?: 'ok' | 'failed' | 'no-data';
  /** A load test that a pass waits for, whatever it will say. */
  readonly load?: 'over' | 'awaited';
}

/** As `judge --trace` assumes: dwell and burn count as satisfied. */
export const OPEN_GATES: Gates = { warmingUp: false, dwelt: true, burn: 'false', trouble: null };

export function numbersOf(slo: string, e: Evidence): SloNumbers {
  return {
    slo,
    overBudget: e.overBudget,
    worseThanStable: e.worseThanStable,
    bar: e.rule.bar,
    exposure: e.exposure,
    enough: e.rule.enough,
    badSeen: e.badSeen,
    requests: e.stepRequests,
    goodLeft: goodRequestsLeft(e),
    goodNeeded: goodRequestsNeeded(e.rule),
    dispersion: dispersion(e),
  };
}

/** What holds one SLO back from passing, beside its gates. */
function shortfall(e: Evidence): Reason[] {
  if (e.missing) return [e.missing];
  return triedEnough(e) ? [] : ['TOO_FEW_REQUESTS'];
}

function gateReasons(gates: Gates): Reason[] {
  const reasons: Reason[] = [];
  if (gates.trouble) reasons.push(gates.trouble);
  if (gates.burn === 'no-data') reasons.push('BURN_NO_DATA');
  if (gates.burn === 'firing') reasons.push('BURN_FIRING');
  if (gates.guard === 'no-data') reasons.push('GUARD_NO_DATA');
  if (gates.load === 'awaited') reasons.push('LOAD_RUNNING');
  if (gates.warmingUp) reasons.push('WARMING_UP');
  if (!gates.dwelt) reasons.push('WAITING_FOR_DWELL');
  return reasons;
}

/** All SLOs of a release at one look: any fails → fail, all pass → pass, else inconclusive. */
export function judge(evidence: ReadonlyMap<string, Evidence>, gates: Gates): Verdict {
  const numbers = [...evidence].map(([slo, e]) => numbersOf(slo, e));
  const all = [...evidence.values()];
  if (all.some(harmShown)) return { verdict: 'fail', reasons: ['HARM_SHOWN'], numbers };
  if (gates.guard === 'failed') return { verdict: 'fail', reasons: ['GUARD_FAILED'], numbers };
  const against = new Set<Reason>([...gateReasons(gates), ...all.flatMap(shortfall)]);
  if (all.length === 0) against.add('NO_DATA');
  if (all.some((e) => e.intervals === 0)) against.add('NO_DATA');
  if (against.size === 0) return { verdict: 'pass', reasons: ['TRIED_ENOUGH'], numbers };
  return { verdict: 'inconclusive', reasons: REASONS.filter((r) => against.has(r)), numbers };
}
