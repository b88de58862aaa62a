import { z } from 'zod';
import { type Ms, parseDuration } from '../kit/time.ts';
import { EVIDENCE_DEFAULTS, EVIDENCE_EDITION, SHORTEST_JUDGED_MS, STRATEGY_DEFAULTS } from './defaults.ts';
import { duration } from './fields.ts';
import { compileLowTraffic, type LowTraffic, lowTraffic } from './low-traffic.ts';

const ms = (text: string): Ms => parseDuration(text)!;

type Edition = EvidenceOptions['edition'];

export interface Strategy {
  /** Percent of traffic, ascending, ending at 100. */
  readonly steps: readonly number[];
  readonly warmUpMs: Ms;
  readonly dwellMs: Ms;
  /** At full traffic, where it is not the first step. */
  readonly dwellAtFullMs: Ms;
  readonly deadlineMs: Ms;
  readonly holdMs: Ms;
  /** For services that too few requests come to, where it is declared. */
  readonly lowTraffic?: LowTraffic;
}

export interface EvidenceOptions {
  /** Of the evidence rule. */
  readonly edition: 1 | 2;
  readonly tolerance: number;
  readonly detect: number;
  readonly rho: number;
  readonly alpha: number;
  readonly beta: number;
  readonly minBad: number;
  /** How many intervals must agree before harm is shown. From the second edition on. */
  readonly witnesses: number;
  /** At full traffic, compare with the stable version before anybody is blamed; false where there is none. From the second edition on. */
  readonly compare: boolean;
}

/** `strategy` of all, of a service or of an environment: whatever is said last counts. */
export const strategy = z.strictObject({
  steps: z
    .array(z.number().int().min(1).max(100))
    .min(1)
    .refine((s) => s.every((w, i) => i === 0 || w > s[i - 1]!), 'expected steps that rise')
    .refine((s) => s.at(-1) === 100, 'expected the last step to be 100')
    .optional(),
  warmUp: duration.optional(),
  dwell: duration.optional(),
  dwellAtFull: duration
    .optional()
    .describe(
      'Least time at full traffic, while stable is still running. Default: 10m, or half of the deadline if that is less; with the first edition of the evidence rule, the same as dwell.',
    ),
  deadline: duration.optional(),
  hold: duration.optional(),
  lowTraffic: lowTraffic.optional().describe('For services that too few requests come to.'),
});

/** `spec.evidence`: how sure one must be before a version is blamed, or passes. Defaults depend on the edition. */
export const evidence = z.strictObject({
  edition: z
    .union([z.literal(1), z.literal(2)], 'expected 1 or 2')
    .default(EVIDENCE_EDITION)
    .describe('Edition of the evidence rule. A release ends under the edition under which it started.'),
  tolerance: z
    .number()
    .positive()
    .optional()
    .describe(
      `Budgets that a version may spend before it counts as over budget: ${EVIDENCE_DEFAULTS[1].tolerance} in the first edition, ${EVIDENCE_DEFAULTS[2].tolerance} in the second.`,
    ),
  detect: z.number().positive().default(EVIDENCE_DEFAULTS[2].detect),
  rho: z.number().positive().default(EVIDENCE_DEFAULTS[2].rho),
  alpha: z.number().positive().lt(1).default(EVIDENCE_DEFAULTS[2].alpha),
  beta: z.number().positive().lt(1).default(EVIDENCE_DEFAULTS[2].beta),
  minBad: z.number().int().positive().default(EVIDENCE_DEFAULTS[2].minBad),
  witnesses: z
    .number()
    .int()
    .min(2)
    .max(20)
    .default(EVIDENCE_DEFAULTS[2].witnesses)
    .describe(
      'Intervals that must agree before harm is shown (second edition): 3 for services that fail in bursts, and for scrapes of 15 s or more.',
    ),
  compare: z
    .boolean()
    .default(true)
    .describe(
      'Second edition: at full traffic, compare with the stable version before a version is blamed. If false, the comparison uses the recent past of the stable version.',
    ),
});

/** What is declared of the evidence rule, with what its edition takes where nothing is. */
export function compileEvidence(declared: z.infer<typeof evidence> | undefined): EvidenceOptions {
  const { tolerance, ...rest } = declared ?? evidence.parse({});
  return { ...rest, tolerance: tolerance ?? EVIDENCE_DEFAULTS[rest.edition].tolerance };
}

export const declaredEdition = (declared: { readonly edition: Edition } | undefined): Edition =>
  declared?.edition ?? EVIDENCE_EDITION;

/** How long a release stays at full traffic, in milliseconds, where its strategy does not say: never so long that its deadline ends it. */
const dwellAtFullOf = (edition: Edition, dwell: Ms, deadline: Ms): Ms =>
  edition === 1 ? dwell : Math.min(ms(STRATEGY_DEFAULTS.dwellAtFull), Math.max(dwell, deadline / 2));

/** Length of the intervals that a release is judged by, where none is declared. */
export const judgeIntervalOf = (edition: Edition, scrapeMs: number): number =>
  edition === 1 ? scrapeMs : Math.max(SHORTEST_JUDGED_MS, scrapeMs);

/** The same under another edition: what was its edition's default is the other's. */
export const underEdition = <T extends { readonly tolerance: number; readonly edition?: 1 | 2 | undefined }>(
  options: T,
  edition: 1 | 2,
): T => ({
  ...options,
  edition,
  tolerance:
    options.tolerance === EVIDENCE_DEFAULTS[options.edition ?? 1].tolerance
      ? EVIDENCE_DEFAULTS[edition].tolerance
      : options.tolerance,
});

export type StrategyInput = z.infer<typeof strategy> | undefined;

/** How a service's versions go out: its own words before those of all. */
export function compileStrategy(own: StrategyInput, shared: StrategyInput, edition: Edition): Strategy {
  const { dwellAtFull, ...pick } = { ...STRATEGY_DEFAULTS, dwellAtFull: undefined, ...shared, ...own };
  const low = own?.lowTraffic ?? shared?.lowTraffic;
  const dwellMs = ms(pick.dwell ?? STRATEGY_DEFAULTS.dwell);
  const deadlineMs = ms(pick.deadline ?? STRATEGY_DEFAULTS.deadline);
  return {
    steps: [...(pick.steps ?? STRATEGY_DEFAULTS.steps)],
    warmUpMs: ms(pick.warmUp ?? STRATEGY_DEFAULTS.warmUp),
    dwellMs,
    dwellAtFullMs: dwellAtFull ? ms(dwellAtFull) : dwellAtFullOf(edition, dwellMs, deadlineMs),
    deadlineMs,
    holdMs: ms(pick.hold ?? STRATEGY_DEFAULTS.hold),
    ...(low ? { lowTraffic: compileLowTraffic(low) } : {}),
  };
}

const JUDGED_AT_ONCE = { steps: [100] };

/** What an environment says in place of a service's own. */
export function compileOwnStrategy(
  declared: StrategyInput,
  atOnce: boolean,
  edition: Edition,
): Partial<Strategy> {
  const s = { ...declared, ...(atOnce ? JUDGED_AT_ONCE : {}) };
  const atFull = s.dwellAtFull ?? (edition === 1 ? s.dwell : undefined);
  return {
    ...(s.steps ? { steps: [...s.steps] } : {}),
    ...(s.warmUp ? { warmUpMs: ms(s.warmUp) } : {}),
    ...(s.dwell ? { dwellMs: ms(s.dwell) } : {}),
    ...(atFull ? { dwellAtFullMs: ms(atFull) } : {}),
    ...(s.deadline ? { deadlineMs: ms(s.deadline) } : {}),
    ...(s.hold ? { holdMs: ms(s.hold) } : {}),
    ...(s.lowTraffic ? { lowTraffic: compileLowTraffic(s.lowTraffic) } : {}),
  };
}
