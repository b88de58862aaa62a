import { z } from '@hono/zod-openapi';
import { counted } from '../kit/counted.ts';
import { humanSpan } from '../kit/time.ts';
import { BUDGET_STATES, type BudgetState } from '../runtime/budget.ts';
import type { SloStatus } from '../runtime/slo-status.ts';

/** Budgets and what-if answers: schemas of the contract, and the sentences that go with them. */
const adjustment = z.object({
  id: z.string(),
  fromMs: z.number(),
  toMs: z.number(),
  requests: z.number(),
  bad: z.number(),
  reason: z.string(),
  approver: z.string(),
  at: z.number(),
});
const consumer = z.object({
  kind: z.enum(['release', 'incident', 'other']),
  name: z.string(),
  at: z.number(),
  bad: z.number(),
  share: z.number(),
  release: z.string().nullable(),
});
const budgetFields = {
  service: z.string(),
  slo: z.string(),
  environment: z.string(),
  objective: z.number(),
  windowMs: z.number(),
  state: z.enum(BUDGET_STATES),
  sentence: z.string(),
  left: z.number().nullable(),
  requests: z.number().nullable(),
  bad: z.number().nullable(),
  allowed: z.number().nullable(),
  coverage: z.number().nullable(),
  burnFast: z.number().nullable(),
  burnSlow: z.number().nullable(),
  exhaustedAt: z.number().nullable(),
  /** The windows of the burn rates as they are declared, such as `5m`; null: one window decides. */
  windows: z.object({ fast: z.string(), slow: z.string().nullable() }),
};
export const budgetSchema = z.object(budgetFields).openapi('Budget');
export type BudgetView = z.infer<typeof budgetSchema>;
export const budgetListSchema = z
  .object({
    schema: z.literal('sluice.dev/budgets/v1'),
    sentence: z.string(),
    at: z.number(),
    budgets: z.array(budgetSchema),
  })
  .openapi('Budgets');
export const budgetDetailSchema = z
  .object({
    schema: z.literal('sluice.dev/budget/v1'),
    ...budgetFields,
    at: z.number(),
    spanMs: z.number(),
    leftOverTime: z.array(z.tuple([z.number(), z.number()])),
    consumers: z.array(consumer),
    adjustments: z.array(adjustment),
    query: z.string(),
  })
  .openapi('BudgetDetail');
export type BudgetDetail = z.infer<typeof budgetDetailSchema>;
export type Consumer = z.infer<typeof consumer>;

export const adjustmentRequestSchema = z
  .object({
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }),
    ongoing: z
      .boolean()
      .optional()
      .describe('The incident is not over: exclude what came until now, and nothing after it.'),
    reason: z.string().trim().min(1, 'a reason is required; it is recorded in the ledger').max(1_000),
    approver: z.string().trim().min(1, 'the approver is required').max(200),
  })
  .refine((a) => Date.parse(a.to) > Date.parse(a.from), 'the end must be after the start');
export const adjustmentAnswerSchema = z
  .object({
    schema: z.literal('sluice.dev/adjustment/v1'),
    id: z.string(),
    seq: z.number(),
    fromMs: z.number(),
    toMs: z.number().describe('Of an ongoing incident at the latest the time when it was recorded.'),
    requests: z.number(),
    bad: z.number(),
  })
  .openapi('Adjustment');

const outcome = z.object({
  outcome: z.enum(['promoted', 'rolled back', 'stepped back', 'undecided']),
  seconds: z.number().nullable(),
  failed: z.number(),
});
export const replaySchema = z
  .object({
    schema: z.literal('sluice.dev/replay/v1'),
    sentence: z.string(),
    releases: z.array(
      z.object({
        release: z.string(),
        lane: z.string(),
        version: z.string(),
        openedAt: z.number(),
        was: outcome,
        would: outcome,
        secondsSaved: z.number().nullable(),
        failedSaved: z.number().nullable(),
        counts: z.enum(['ledger', 'prometheus']),
        note: z.string(),
      }),
    ),
    alerts: z.array(
      z.object({
        slo: z.string(),
        environment: z.string(),
        was: z.number(),
        would: z.number(),
        query: z.string(),
      }),
    ),
  })
  .openapi('Replay');
export type ReplayAnswer = z.infer<typeof replaySchema>;

const percent = (share: number): string => `${(100 * share).toFixed(Math.abs(share) < 0.1 ? 1 : 0)}%`;

/** Why nothing can be said of a budget, or null where something can. */
function unknownWords(name: string, status: SloStatus): string | null {
  if (status.trouble)
    return `${name}: its error budget is unknown, because Prometheus does not answer (${status.trouble.message}).`;
  if (status.left !== null) return null;
  return `${name} has no data: it received no requests, so its error budget is unknown.`;
}

const excludedWords = ({ length }: readonly unknown[]): string =>
  length > 0 ? ` ${length} excluded ${length === 1 ? 'incident does' : 'incidents do'} not count.` : '';

const spentWords = ({ bad, requests, allowed }: SloStatus): string =>
  bad === null || requests === null || allowed === null
    ? ''
    : `: ${Math.round(bad)} bad of ${Math.round(requests)}, ${Math.floor(allowed)} allowed`;

/** One budget in one sentence, from the same status as every decision. */
export function budgetSentence(name: string, state: BudgetState, status: SloStatus, now: number): string {
  const unknown = unknownWords(name, status);
  if (unknown) return unknown;
  const left = status.left!;
  const excluded = excludedWords(status.excluded);
  if (left <= 0) return `${name} has spent its error budget${spentWords(status)}.${excluded}`;
  const spent = `${percent(left)} of its error budget remains`;
  const when =
    status.exhaustedAt === null
      ? ''
      : ` At the burn rate of the last hour it is spent in ${humanSpan(status.exhaustedAt - now)}.`;
  if (state === 'burning') return `${name} is burning: ${spent}.${when}${excluded}`;
  if (state === 'recovering') return `${name} is recovering: ${spent}.${when}${excluded}`;
  return `${name} is within budget: ${spent}.${when}${excluded}`;
}

const RANK: Readonly<Record<BudgetState, number>> = { exhausted: 0, burning: 1, recovering: 2, stable: 3 };
/** Trouble on top; among equals the least left first. */
export const byNeed = (a: BudgetView, b: BudgetView): number =>
  RANK[a.state] - RANK[b.state] || (a.left ?? 2) - (b.left ?? 2) || (a.slo < b.slo ? -1 : 1);

export function budgetsSentence(budgets: readonly BudgetView[]): string {
  const spent = budgets.filter((b) => b.left !== null && b.left <= 0);
  const burning = budgets.filter((b) => b.state === 'burning');
  const silent = budgets.filter((b) => b.left === null);
  if (spent.length > 0)
    return `${spent.length} of ${budgets.length} error budgets ${spent.length === 1 ? 'is' : 'are'} spent: ${spent
      .map((b) => b.slo)
      .slice(0, 3)
      .join(', ')}.`;
  if (burning.length > 0)
    return `${burning
      .map((b) => b.slo)
      .slice(0, 3)
      .join(', ')} ${burning.length === 1 ? 'is' : 'are'} burning; no budget is spent.`;
  if (silent.length === budgets.length) return 'No error budget has data yet: no requests were counted.';
  return `Every SLO is within its error budget${silent.length > 0 ? `; ${silent.length} without traffic` : ''}.`;
}

export function replaySentence(releases: ReplayAnswer['releases']): string {
  if (releases.length === 0) return 'No release was opened in this period: nothing to judge again.';
  const other = releases.filter((r) => r.note !== 'same');
  const seconds = releases.reduce((sum, r) => sum + (r.secondsSaved ?? 0), 0);
  const failed = releases.reduce((sum, r) => sum + (r.failedSaved ?? 0), 0);
  const saved = (n: number, what: string) =>
    n === 0 ? `no ${what} saved or lost` : `${Math.abs(Math.round(n))} ${what} ${n > 0 ? 'saved' : 'lost'}`;
  const differs =
    other.length === 0 ? 'every outcome would be the same' : `${other.length} would end differently`;
  return `${counted(releases.length, 'release')} judged again: ${differs}; ${saved(seconds, 'seconds')}, ${saved(failed, 'failed requests')}.`;
}
