// Generated from the OpenAPI description of the server by `npm run generate`; a test compares.

import type {
  Adjustment,
  Audit,
  BudgetDetail,
  Budgets,
  Command,
  Evaluation,
  Explanation,
  Freezes,
  Latency,
  LedgerPage,
  Me,
  Measures,
  Notices,
  Overview,
  Pipeline,
  Promotion,
  Pull,
  Pulls,
  Recorded,
  Release,
  Releases,
  Replay,
  Rollback,
  Token,
  TokenList,
  TokenRevoked,
  Verdict,
  Verification,
  Waivers,
} from './answers.ts';

/** What is read: path, parameters, answer. */
export interface Gets {
  readonly '/api/v1/overview': { readonly answer: Overview };
  readonly '/api/v1/releases': { readonly answer: Releases };
  readonly '/api/v1/releases/{id}': { readonly params: { readonly id: string }; readonly answer: Release };
  readonly '/api/v1/releases/{id}/explanation': { readonly params: { readonly id: string }; readonly answer: Explanation };
  readonly '/api/v1/releases/{id}/latency': { readonly params: { readonly id: string }; readonly answer: Latency };
  readonly '/api/v1/verdict': { readonly query: { readonly service: string; readonly environment: string; readonly revision: string; readonly step?: number | undefined; readonly phase?: 'start' | 'step' | 'now' | undefined }; readonly answer: Verdict };
  readonly '/api/v1/notices': { readonly query?: { readonly kinds?: 'important' | 'all' | undefined; readonly before?: number | undefined; readonly limit?: number | undefined }; readonly answer: Notices };
  readonly '/api/v1/ledger': { readonly query?: { readonly after?: number | undefined; readonly before?: number | undefined; readonly order?: 'oldest' | 'newest' | undefined; readonly limit?: number | undefined; readonly subject?: string | undefined; readonly type?: string | undefined }; readonly answer: LedgerPage };
  readonly '/api/v1/ledger/verification': { readonly answer: Verification };
  readonly '/api/v1/tokens': { readonly answer: TokenList };
  readonly '/api/v1/budgets': { readonly answer: Budgets };
  readonly '/api/v1/budgets/{environment}/{slo}': { readonly params: { readonly environment: string; readonly slo: string }; readonly answer: BudgetDetail };
  readonly '/api/v1/replay': { readonly query?: { readonly tolerance?: number | undefined; readonly detect?: number | undefined; readonly alpha?: number | undefined; readonly beta?: number | undefined; readonly rho?: number | undefined; readonly minBad?: number | undefined; readonly edition?: '1' | '2' | undefined; readonly objective?: number | undefined; readonly from?: number | undefined; readonly to?: number | undefined }; readonly answer: Replay };
  readonly '/api/v1/freezes': { readonly answer: Freezes };
  readonly '/api/v1/waivers': { readonly answer: Waivers };
  readonly '/api/v1/pulls': { readonly answer: Pulls };
  readonly '/api/v1/pulls/{number}': { readonly params: { readonly number: number }; readonly answer: Pull };
  readonly '/api/v1/pipeline': { readonly answer: Pipeline };
  readonly '/api/v1/measures': { readonly answer: Measures };
  readonly '/api/v1/audit': { readonly query?: { readonly service?: string | undefined; readonly environment?: string | undefined; readonly actor?: string | undefined; readonly decision?: string | undefined; readonly type?: string | undefined; readonly text?: string | undefined; readonly from?: number | undefined; readonly to?: number | undefined; readonly before?: number | undefined; readonly limit?: number | undefined }; readonly answer: Audit };
  readonly '/api/v1/decisions/{id}/explanation': { readonly params: { readonly id: string }; readonly answer: { readonly schema: 'sluice.dev/explanation/v1'; readonly decision: string; readonly lines: string[] } };
  readonly '/api/v1/me': { readonly answer: Me };
}

/** What changes something: path, parameters, body, answer. */
export interface Posts {
  readonly '/api/v1/lanes/{environment}/{service}/commands': { readonly params: { readonly environment: string; readonly service: string }; readonly body: { readonly command: 'abort' | 'pause' | 'resume' | 'promote' | 'retry'; readonly reason: string }; readonly answer: Command };
  readonly '/api/v1/tokens': { readonly body: { readonly name: string; readonly scopes: readonly ('read' | 'operate' | 'waive' | 'admin')[]; readonly expires?: string; readonly person?: string; readonly services?: readonly string[]; readonly teams?: readonly string[] }; readonly answer: Token };
  readonly '/api/v1/tokens/{id}/revoke': { readonly params: { readonly id: string }; readonly answer: TokenRevoked };
  readonly '/api/v1/budgets/{environment}/{slo}/adjustments': { readonly params: { readonly environment: string; readonly slo: string }; readonly body: { readonly from: string; readonly to: string; readonly ongoing?: boolean; readonly reason: string; readonly approver: string }; readonly answer: Adjustment };
  readonly '/api/v1/freezes': { readonly body: { readonly scope: string; readonly reason: string; readonly until: string }; readonly answer: Recorded };
  readonly '/api/v1/waivers': { readonly body: { readonly scope: string; readonly reason: string; readonly expires: string; readonly codes?: readonly string[]; readonly singleUse?: boolean; readonly pullRequest?: number | null }; readonly answer: Recorded };
  readonly '/api/v1/freezes/{id}/lift': { readonly params: { readonly id: string }; readonly body: { readonly reason: string }; readonly answer: Recorded };
  readonly '/api/v1/waivers/{id}/approve': { readonly params: { readonly id: string }; readonly body: { readonly reason: string }; readonly answer: Recorded };
  readonly '/api/v1/waivers/{id}/revoke': { readonly params: { readonly id: string }; readonly body: { readonly reason: string }; readonly answer: Recorded };
  readonly '/api/v1/pulls': { readonly body: { readonly title: string; readonly body?: string; readonly head: string; readonly labels?: readonly string[]; readonly autoMerge?: boolean }; readonly answer: { readonly schema: 'sluice.dev/pull-opened/v1'; readonly number: number } };
  readonly '/api/v1/pulls/{number}/evaluation': { readonly params: { readonly number: number }; readonly answer: Evaluation };
  readonly '/api/v1/pulls/{number}/merge': { readonly params: { readonly number: number }; readonly answer: { readonly schema: 'sluice.dev/merged/v1'; readonly number: number } };
  readonly '/api/v1/lanes/{environment}/{service}/lift': { readonly params: { readonly environment: string; readonly service: string }; readonly body: { readonly digest: string; readonly reason: string }; readonly answer: Recorded };
  readonly '/api/v1/promotions': { readonly body: { readonly service: string; readonly environment: string }; readonly answer: Promotion };
  readonly '/api/v1/lanes/{environment}/{service}/rollback': { readonly params: { readonly environment: string; readonly service: string }; readonly body: { readonly to?: string; readonly reason: string }; readonly answer: Rollback };
}

/** What comes line by line. */
export type LinesPath = '/api/v1/ledger/export';

/** How each answer names itself. */
export const DOCUMENTS = {
  GET: {
    '/api/v1/overview': 'sluice.dev/overview/v1',
    '/api/v1/releases': 'sluice.dev/releases/v1',
    '/api/v1/releases/{id}': 'sluice.dev/release/v1',
    '/api/v1/releases/{id}/explanation': 'sluice.dev/explanation/v1',
    '/api/v1/releases/{id}/latency': 'sluice.dev/latency/v1',
    '/api/v1/verdict': 'sluice.dev/verdict/v1',
    '/api/v1/notices': 'sluice.dev/notices/v1',
    '/api/v1/ledger': 'sluice.dev/ledger/v1',
    '/api/v1/ledger/verification': 'sluice.dev/verification/v1',
    '/api/v1/tokens': 'sluice.dev/tokens/v1',
    '/api/v1/budgets': 'sluice.dev/budgets/v1',
    '/api/v1/budgets/{environment}/{slo}': 'sluice.dev/budget/v1',
    '/api/v1/replay': 'sluice.dev/replay/v1',
    '/api/v1/freezes': 'sluice.dev/freezes/v1',
    '/api/v1/waivers': 'sluice.dev/waivers/v1',
    '/api/v1/pulls': 'sluice.dev/pulls/v1',
    '/api/v1/pulls/{number}': 'sluice.dev/pull/v1',
    '/api/v1/pipeline': 'sluice.dev/pipeline/v1',
    '/api/v1/measures': 'sluice.dev/measures/v1',
    '/api/v1/audit': 'sluice.dev/audit/v1',
    '/api/v1/decisions/{id}/explanation': 'sluice.dev/explanation/v1',
    '/api/v1/me': 'sluice.dev/me/v1',
  },
  POST: {
    '/api/v1/lanes/{environment}/{service}/commands': 'sluice.dev/command/v1',
    '/api/v1/tokens': 'sluice.dev/token/v1',
    '/api/v1/tokens/{id}/revoke': 'sluice.dev/token-revoked/v1',
    '/api/v1/budgets/{environment}/{slo}/adjustments': 'sluice.dev/adjustment/v1',
    '/api/v1/freezes': 'sluice.dev/recorded/v1',
    '/api/v1/waivers': 'sluice.dev/recorded/v1',
    '/api/v1/freezes/{id}/lift': 'sluice.dev/recorded/v1',
    '/api/v1/waivers/{id}/approve': 'sluice.dev/recorded/v1',
    '/api/v1/waivers/{id}/revoke': 'sluice.dev/recorded/v1',
    '/api/v1/pulls': 'sluice.dev/pull-opened/v1',
    '/api/v1/pulls/{number}/evaluation': 'sluice.dev/decision/v1',
    '/api/v1/pulls/{number}/merge': 'sluice.dev/merged/v1',
    '/api/v1/lanes/{environment}/{service}/lift': 'sluice.dev/recorded/v1',
    '/api/v1/promotions': 'sluice.dev/promotion/v1',
    '/api/v1/lanes/{environment}/{service}/rollback': 'sluice.dev/rollback/v1',
  },
} as const;
