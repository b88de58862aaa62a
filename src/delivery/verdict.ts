import {
  clumpsOf,
  type Evidence,
  goodRequestsLeft,
  goodRequestsNeeded,
  harmShown,
  stepBackShown,
  stepBackShownAnew,
  triedEnough,
} from './evidence/evidence.ts';
import { REASONS, type VerdictReason } from './reasons.ts';

export type VerdictWord = 'pass' | 'fail' | 'inconclusive';

/** The numbers behind one SLO's verdict; sums are natural logarithms. */
interface SloNumbers {
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
  /** How many bad requests count as one; the name differs by edition. */
  readonly clumps?: number;
  readonly dispersion?: number;
}

export interface Verdict {
  readonly verdict: VerdictWord;
  readonly reasons: readonly VerdictReason[];
  readonly numbers: readonly SloNumbers[];
}

/** What else a step needs for a pass besides the counts. */
export interface Gates {
  readonly warmingUp: boolean;
  readonly dwelt: boolean;
  /** Whether this evaluation brought an interval of the current step. */
  readonly fresh: boolean;
  /** Whether a comparison after a step back has already answered the earlier evidence. */
  readonly compared?: boolean;
  /** The declared burn rule: firing and missing data block a pass. */
  readonly burn: 'false' | 'firing' | 'no-data';
  /** The source failed in this evaluation: nothing new could be counted. */
  readonly trouble: Extract<
    VerdictReason,
    'SOURCE_UNAVAILABLE' | 'PARTIAL_DATA' | 'STALE_DATA' | 'NOT_A_NUMBER' | 'NO_DATA'
  > | null;
  readonly guard?: 'ok' | 'failed' | 'no-data';
  /** Whether a pass waits for a load test, whatever its result. */
  readonly load?: 'over' | 'awaited';
}

/** The assumptions of `judge --trace`: dwell and burn count as satisfied, and every interval is new. */
export const OPEN_GATES: Gates = {
  warmingUp: false,
  dwelt: true,
  fresh: true,
  burn: 'false',
  trouble: null,
};

function numbersOf(slo: string, e: Evidence): SloNumbers {
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
    [e.rule.edition === 1 ? 'dispersion' : 'clumps']: clumpsOf(e),
  };
}

/** By SLO, the evidence of its synthetic requests. */
export type StandIns = ReadonlyMap<string, string>;
const NO_STAND_INS: StandIns = new Map();

/** What keeps one SLO from passing, besides its gates. */
function shortfall(e: Evidence): VerdictReason[] {
  if (e.missing) return [e.missing];
  return triedEnough(e) ? [] : ['TOO_FEW_REQUESTS'];
}

/** What all of them lack: users' requests or, if those are too few, synthetic ones. */
function wanting(evidence: ReadonlyMap<string, Evidence>, standIns: StandIns): VerdictReason[] {
  const inStead = new Set(standIns.values());
  return [...evidence].flatMap(([slo, e]) => {
    const other = evidence.get(standIns.get(slo) ?? '');
    if (inStead.has(slo) || (other && shortfall(other).length === 0)) return [];
    return shortfall(e);
  });
}

function gateReasons(gates: Gates): VerdictReason[] {
  const reasons: VerdictReason[] = [];
  if (gates.trouble) reasons.push(gates.trouble);
  if (gates.burn === 'no-data') reasons.push('BURN_NO_DATA');
  if (gates.burn === 'firing') reasons.push('BURN_FIRING');
  if (gates.guard === 'no-data') reasons.push('GUARD_NO_DATA');
  if (gates.load === 'awaited') reasons.push('LOAD_RUNNING');
  if (gates.warmingUp) reasons.push('WARMING_UP');
  if (!gates.dwelt) reasons.push('WAITING_FOR_DWELL');
  return reasons;
}

/**
 * All SLOs of a release in one evaluation: any fails → fail, all pass → pass, else inconclusive. Synthetic requests may
 * fail it like any others, and pass in place of an SLO with too few users' requests.
 */
export function judge(
  evidence: ReadonlyMap<string, Evidence>,
  gates: Gates,
  standIns: StandIns = NO_STAND_INS,
): Verdict {
  const numbers = [...evidence].map(([slo, e]) => numbersOf(slo, e));
  const all = [...evidence.values()];
  if (all.some(harmShown)) return { verdict: 'fail', reasons: ['HARM_SHOWN'], numbers };
  if (gates.guard === 'failed') return { verdict: 'fail', reasons: ['GUARD_FAILED'], numbers };
  const against = new Set<VerdictReason>([...gateReasons(gates), ...wanting(evidence, standIns)]);
  const back = gates.compared ? stepBackShownAnew : stepBackShown;
  if (gates.fresh && all.some(back)) against.add('STEP_BACK');
  if (all.length === 0) against.add('NO_DATA');
  if (all.some((e) => e.intervals === 0)) against.add('NO_DATA');
  if (against.size === 0) return { verdict: 'pass', reasons: ['TRIED_ENOUGH'], numbers };
  return { verdict: 'inconclusive', reasons: REASONS.filter((r) => against.has(r)), numbers };
}
