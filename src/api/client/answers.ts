// Generated from the OpenAPI description of the server by `npm run generate`; a test compares.

export interface Overview {
  readonly schema: 'sluice.dev/overview/v1';
  readonly platform: string;
  readonly sentence: string;
  readonly at: number;
  readonly ledger: { readonly seq: number; readonly hash: string };
  readonly problems: string[];
  readonly environments: string[];
  readonly freezes: ({ readonly id: string; readonly scope: { readonly environment: string; readonly service: string }; readonly scopeText: string; readonly until: number | null; readonly reason: string })[] | null;
  readonly teams: { readonly [name: string]: string };
  readonly links: ({ readonly name: string; readonly url: string })[];
  readonly lanes: Lane[];
}

interface Lane {
  readonly service: string;
  readonly environment: string;
  readonly mode: 'observe' | 'enforce';
  readonly state: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery';
  readonly family: 'at rest' | 'moving' | 'being judged' | 'stopped' | 'healing';
  readonly outcome: 'none' | 'waiting' | 'starting' | 'judged' | 'held' | 'paused' | 'promoting' | 'promoted' | 'stable' | 'aborting' | 'rolled-back' | 'burning' | 'recovering';
  readonly since: number;
  readonly sentence: string;
  readonly stable: string | null;
  readonly canary: string | null;
  readonly weight: number;
  readonly asked: number | null;
  readonly release: string | null;
  readonly held: boolean;
  readonly paused: boolean;
  readonly waiting: string | null;
  readonly hold: { readonly id: string; readonly reason: string; readonly until: number | null } | null;
  readonly slos: ({ readonly slo: string; readonly objective: number; readonly budgetLeft: number | null; readonly burnFast: number | null; readonly burnSlow: number | null })[];
  readonly thresholds: { readonly fast: number; readonly slow: number | null };
  readonly windows: { readonly fast: string; readonly slow: string | null };
  readonly trouble: string | null;
}

export interface Releases {
  readonly schema: 'sluice.dev/releases/v1';
  readonly releases: ({ readonly id: string; readonly service: string; readonly environment: string; readonly version: string; readonly openedAt: number; readonly endedAt: number | null; readonly cause: string | null; readonly blamed: boolean; readonly outcome: 'none' | 'waiting' | 'starting' | 'judged' | 'held' | 'paused' | 'promoting' | 'promoted' | 'stable' | 'aborting' | 'rolled-back' | 'burning' | 'recovering'; readonly sentence: string })[];
  readonly leftOut: number;
}

export interface Release {
  readonly schema: 'sluice.dev/release/v1';
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly revision: string;
  readonly from: string | null;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly current: boolean;
  readonly state: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery';
  readonly outcome: 'none' | 'waiting' | 'starting' | 'judged' | 'held' | 'paused' | 'promoting' | 'promoted' | 'stable' | 'aborting' | 'rolled-back' | 'burning' | 'recovering';
  readonly sentence: string;
  readonly cause: string | null;
  readonly blamed: boolean;
  readonly verdict: { readonly word: string; readonly reasons: ({ readonly code: string; readonly words: string })[] } | null;
  readonly totals: { readonly canary: { readonly total: number; readonly bad: number }; readonly stable: { readonly total: number; readonly bad: number } };
  readonly steps: ({ readonly weight: number; readonly status: 'done' | 'now' | 'next' | 'stopped'; readonly back: boolean; readonly confirmedAt: number | null; readonly needs: ({ readonly slo: string; readonly seen: number; readonly needed: number; readonly seconds: number | null })[] })[];
  readonly charts: ({ readonly slo: string; readonly bar: number; readonly at: number[]; readonly step: number[]; readonly canaryTotal: (number | null)[]; readonly canaryBad: (number | null)[]; readonly stableTotal: (number | null)[]; readonly stableBad: (number | null)[]; readonly overBudget: number[]; readonly worseThanStable: number[]; readonly exposure: number[]; readonly enough: number })[];
  readonly path: ({ readonly from: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery'; readonly to: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery'; readonly at: number; readonly reason: string })[];
  readonly timeline: ({ readonly seq: number; readonly at: number; readonly actor: string; readonly title: string; readonly detail: string; readonly from?: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery'; readonly to?: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery' })[];
  readonly machine: ({ readonly from: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery'; readonly to: 'Idle' | 'Deploying' | 'Canary' | 'Evaluating' | 'Promote' | 'Stable' | 'Abort' | 'Rollback' | 'Degraded' | 'Recovery'; readonly by: string })[];
  readonly loads: ({ readonly run: string; readonly tool: 'k6' | 'sluice'; readonly outcome: 'passed' | 'failed' | 'broken'; readonly requests: number; readonly failed: number; readonly p95Ms: number | null; readonly thresholds: ({ readonly name: string; readonly ok: boolean })[]; readonly startedAt: number; readonly endedAt: number; readonly note: string; readonly sentence: string })[];
  readonly digest: string;
  readonly declaration: string;
  readonly enforced: boolean;
  readonly differences: ({ readonly path: string; readonly from: string | null; readonly to: string | null })[];
  readonly trouble: string | null;
  readonly weight: number;
  readonly origin: { readonly pull: number | null; readonly authors: string[]; readonly commit?: { readonly sha: string; readonly url: string | null; readonly mergedBy: string | null } | null };
  readonly asked: { readonly at: number; readonly seq: number; readonly queries: string[] } | null;
  readonly latency: ({ readonly slo: string; readonly thresholdMs: number; readonly sentence: string; readonly slow: string })[];
}

export interface Explanation {
  readonly schema: 'sluice.dev/explanation/v1';
  readonly release: string;
  readonly lines: string[];
}

export interface Latency {
  readonly schema: 'sluice.dev/latency/v1';
  readonly release: string;
  readonly slos: ({ readonly slo: string; readonly distribution: { readonly state: 'ready' | 'partial' | 'stale' | 'missing'; readonly why: string | null; readonly at: number | null; readonly spanMs: number; readonly bounds: (number | null)[]; readonly canary: number[] | null; readonly stable: number[] | null } })[];
}

export interface Verdict {
  readonly schema: 'sluice.dev/verdict/v1';
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly reasons: ('HARM_SHOWN' | 'MULTI_WINDOW_BURN' | 'CANARY_DOWN' | 'GUARD_FAILED' | 'STEP_BACK' | 'TRIED_ENOUGH' | 'SOURCE_UNAVAILABLE' | 'PARTIAL_DATA' | 'NO_DATA' | 'STABLE_MISSING' | 'STALE_DATA' | 'NOT_A_NUMBER' | 'BURN_NO_DATA' | 'BURN_FIRING' | 'GUARD_NO_DATA' | 'LOAD_RUNNING' | 'WARMING_UP' | 'WAITING_FOR_DWELL' | 'TOO_FEW_REQUESTS' | 'UNKNOWN_RELEASE' | 'OTHER_STEP' | 'HELD' | 'UNCLEAR_ARTEFACT' | 'STANDING_UNKNOWN' | 'REJECTED' | 'PAUSED' | 'NOT_YET' | 'FIRST_RELEASE' | 'ADOPTED' | 'NEW_VERSION' | 'FIX_FORWARD' | 'CANARY_STARTED' | 'COUNTS_ARRIVED' | 'NOT_ENOUGH_EVIDENCE' | 'NEXT_STEP' | 'PASSED' | 'OVERRIDDEN' | 'OWN_STEPS' | 'FULL_TRAFFIC' | 'FAILED_TO_START' | 'COULD_NOT_RUN' | 'OWN_ANALYSIS' | 'UNMEASURED' | 'SUPERSEDED' | 'OPERATOR' | 'HOLD_EXPIRED' | 'TRAFFIC_RESTORED' | 'CANARY_STOPPED' | 'NOT_FAILED' | 'ERRORS_REDUCED' | 'RELAPSE' | 'RECOVERED' | 'BURNING')[];
  readonly release: string | null;
  readonly step: number;
  readonly numbers: ({ readonly [name: string]: string | number })[];
  readonly nextLookAt: number;
  readonly help?: string | null;
}

export interface Notices {
  readonly schema: 'sluice.dev/notices/v1';
  readonly at: number;
  readonly notices: ({ readonly thread: string; readonly kind: 'started' | 'promoted' | 'rolled-back' | 'needs-a-person' | 'proposed' | 'denied' | 'freeze' | 'drift'; readonly service: string | null; readonly environment: string | null; readonly title: string; readonly text: string; readonly at: number; readonly rev: number; readonly path: string })[];
  readonly next: number | null;
}

export interface LedgerPage {
  readonly schema: 'sluice.dev/ledger/v1';
  readonly records: Record[];
  readonly next: number | null;
}

interface Record {
  readonly ledger: string;
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly v: number;
  readonly subject: string;
  readonly actor: { readonly id: string; readonly kind: string };
  readonly cause: string | null;
  readonly data: unknown;
  readonly prev: string;
  readonly hash: string;
}

export interface Verification {
  readonly schema: 'sluice.dev/verification/v1';
  readonly ok: boolean;
  readonly records: number;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly breaks: ({ readonly line: number; readonly seq: number | null; readonly code: string; readonly message: string })[];
}

export interface Command {
  readonly schema: 'sluice.dev/command/v1';
  readonly id: string;
  readonly lane: string;
  readonly command: 'abort' | 'pause' | 'resume' | 'promote' | 'retry';
  readonly seq: number;
}

export interface Token {
  readonly schema: 'sluice.dev/token/v1';
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

export interface TokenList {
  readonly schema: 'sluice.dev/tokens/v1';
  readonly at: number;
  readonly tokens: ({ readonly id: string; readonly name: string; readonly scopes: ('read' | 'operate' | 'waive' | 'admin')[]; readonly limited: ({ readonly scopes: ('read' | 'operate' | 'waive' | 'admin')[]; readonly services: string[]; readonly teams: string[] })[]; readonly createdAt: number; readonly createdBy: string; readonly person: string; readonly expiresAt: number | null; readonly revokedAt: number | null; readonly lastUsedAt: number | null })[];
}

export interface TokenRevoked {
  readonly schema: 'sluice.dev/token-revoked/v1';
  readonly token: { readonly id: string; readonly name: string; readonly scopes: ('read' | 'operate' | 'waive' | 'admin')[]; readonly limited: ({ readonly scopes: ('read' | 'operate' | 'waive' | 'admin')[]; readonly services: string[]; readonly teams: string[] })[]; readonly createdAt: number; readonly createdBy: string; readonly person: string; readonly expiresAt: number | null; readonly revokedAt: number | null; readonly lastUsedAt: number | null };
}

export interface Budgets {
  readonly schema: 'sluice.dev/budgets/v1';
  readonly sentence: string;
  readonly at: number;
  readonly budgets: Budget[];
}

interface Budget {
  readonly service: string;
  readonly slo: string;
  readonly environment: string;
  readonly objective: number;
  readonly windowMs: number;
  readonly state: 'stable' | 'burning' | 'exhausted' | 'recovering';
  readonly sentence: string;
  readonly left: number | null;
  readonly requests: number | null;
  readonly bad: number | null;
  readonly allowed: number | null;
  readonly coverage: number | null;
  readonly burnFast: number | null;
  readonly burnSlow: number | null;
  readonly exhaustedAt: number | null;
  readonly windows: { readonly fast: string; readonly slow: string | null };
}

export interface BudgetDetail {
  readonly schema: 'sluice.dev/budget/v1';
  readonly service: string;
  readonly slo: string;
  readonly environment: string;
  readonly objective: number;
  readonly windowMs: number;
  readonly state: 'stable' | 'burning' | 'exhausted' | 'recovering';
  readonly sentence: string;
  readonly left: number | null;
  readonly requests: number | null;
  readonly bad: number | null;
  readonly allowed: number | null;
  readonly coverage: number | null;
  readonly burnFast: number | null;
  readonly burnSlow: number | null;
  readonly exhaustedAt: number | null;
  readonly windows: { readonly fast: string; readonly slow: string | null };
  readonly at: number;
  readonly spanMs: number;
  readonly leftOverTime: ([number, number])[];
  readonly consumers: ({ readonly kind: 'release' | 'incident' | 'other'; readonly name: string; readonly at: number; readonly bad: number; readonly share: number; readonly release: string | null })[];
  readonly adjustments: ({ readonly id: string; readonly fromMs: number; readonly toMs: number; readonly requests: number; readonly bad: number; readonly reason: string; readonly approver: string; readonly at: number })[];
  readonly query: string;
}

export interface Adjustment {
  readonly schema: 'sluice.dev/adjustment/v1';
  readonly id: string;
  readonly seq: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly requests: number;
  readonly bad: number;
}

export interface Replay {
  readonly schema: 'sluice.dev/replay/v1';
  readonly sentence: string;
  readonly releases: ({ readonly release: string; readonly lane: string; readonly version: string; readonly openedAt: number; readonly was: { readonly outcome: 'promoted' | 'rolled back' | 'stepped back' | 'undecided'; readonly seconds: number | null; readonly failed: number }; readonly would: { readonly outcome: 'promoted' | 'rolled back' | 'stepped back' | 'undecided'; readonly seconds: number | null; readonly failed: number }; readonly secondsSaved: number | null; readonly failedSaved: number | null; readonly counts: 'ledger' | 'prometheus'; readonly note: string })[];
  readonly alerts: ({ readonly slo: string; readonly environment: string; readonly was: number; readonly would: number; readonly query: string })[];
}

export interface Freezes {
  readonly schema: 'sluice.dev/freezes/v1';
  readonly sentence: string;
  readonly at: number;
  readonly freezes: ({ readonly id: string; readonly kind: 'budget' | 'burn' | 'manual' | 'calendar'; readonly scope: { readonly environment: string; readonly service: string }; readonly scopeText: string; readonly since: number; readonly until: number | null; readonly reason: string; readonly by: string; readonly state: 'stands' | 'comes' | 'over'; readonly liftable: boolean; readonly lifted: { readonly at: number; readonly by: string; readonly reason: string } | null })[];
}

export interface Waivers {
  readonly schema: 'sluice.dev/waivers/v1';
  readonly at: number;
  readonly waivers: ({ readonly id: string; readonly scope: { readonly environment: string; readonly service: string }; readonly scopeText: string; readonly codes: string[]; readonly reason: string; readonly since: number; readonly expiresAt: number; readonly by: string; readonly approvedBy: string | null; readonly singleUse: boolean; readonly pullRequest: number | null; readonly usedFor: number[]; readonly state: 'valid' | 'pending' | 'expired' | 'revoked' | 'used' })[];
}

export interface Recorded {
  readonly schema: 'sluice.dev/recorded/v1';
  readonly id: string;
  readonly seq: number;
}

export interface Pulls {
  readonly schema: 'sluice.dev/pulls/v1';
  readonly sentence: string;
  readonly at: number;
  readonly forge: string | null;
  readonly pulls: ({ readonly number: number; readonly title: string; readonly author: string; readonly state: 'open' | 'merged' | 'closed'; readonly url: string; readonly branch: string; readonly headSha: string; readonly labels: string[]; readonly openedAt: number; readonly lanes: string[]; readonly sentence: string; readonly allow: boolean | null; readonly deny: ({ readonly code: string; readonly msg: string; readonly unblock: string; readonly docs: string; readonly by: string[] })[]; readonly recorded: ({ readonly code: string; readonly msg: string; readonly unblock: string; readonly docs: string; readonly by: string[] })[]; readonly warn: ({ readonly code: string; readonly msg: string; readonly unblock: string; readonly docs: string; readonly by: string[] })[]; readonly waiversUsed: string[]; readonly decision: string | null; readonly policy: string | null; readonly evaluatedAt: number | null; readonly validUntil: number | null; readonly trouble: string | null })[];
}

export interface Pull {
  readonly schema: 'sluice.dev/pull/v1';
  readonly pull: { readonly number: number; readonly title: string; readonly author: string; readonly state: 'open' | 'merged' | 'closed'; readonly url: string; readonly branch: string; readonly headSha: string; readonly labels: string[]; readonly openedAt: number; readonly lanes: string[]; readonly sentence: string; readonly allow: boolean | null; readonly deny: ({ readonly code: string; readonly msg: string; readonly unblock: string; readonly docs: string; readonly by: string[] })[]; readonly recorded: ({ readonly code: string; readonly msg: string; readonly unblock: string; readonly docs: string; readonly by: string[] })[]; readonly warn: ({ readonly code: string; readonly msg: string; readonly unblock: string; readonly docs: string; readonly by: string[] })[]; readonly waiversUsed: string[]; readonly decision: string | null; readonly policy: string | null; readonly evaluatedAt: number | null; readonly validUntil: number | null; readonly trouble: string | null };
  readonly history: ({ readonly seq: number; readonly at: number; readonly decision: string; readonly allow: boolean; readonly sentence: string; readonly trigger: string; readonly actor: string })[];
  readonly slos: ({ readonly slo: string; readonly environment: string })[];
}

export interface Evaluation {
  readonly allow: boolean;
  readonly deny: ({ readonly code: string; readonly msg: string; readonly evidence: { readonly [name: string]: unknown }; readonly docs: string })[];
  readonly warn: ({ readonly code: string; readonly msg: string; readonly evidence: { readonly [name: string]: unknown }; readonly docs: string })[];
  readonly recorded: ({ readonly code: string; readonly msg: string; readonly evidence: { readonly [name: string]: unknown }; readonly docs: string; readonly by: string[] })[];
  readonly waiversUsed: string[];
  readonly schema: 'sluice.dev/decision/v1';
  readonly id: string;
  readonly policy: { readonly revision: string; readonly digest: string };
  readonly inputDigest: string;
  readonly evaluatedAt: number;
  readonly validUntil: number;
  readonly pullRequest: number;
}

export interface Pipeline {
  readonly schema: 'sluice.dev/pipeline/v1';
  readonly sentence: string;
  readonly at: number;
  readonly services: ({ readonly service: string; readonly stands: ({ readonly environment: string; readonly after: string[]; readonly state: string; readonly stable: { readonly version: string; readonly digest: string } | null; readonly desired: { readonly version: string; readonly digest: string } | null; readonly sentence: string; readonly pull: number | null; readonly waits: boolean; readonly sync: { readonly word: 'Synced' | 'Progressing' | 'OutOfSync' | 'Unknown'; readonly why: string } | null; readonly condemned: ({ readonly version: string; readonly digest: string; readonly reason: string; readonly release: string })[] })[] })[];
}

export interface Measures {
  readonly schema: 'sluice.dev/measures/v1';
  readonly sentence: string;
  readonly at: number;
  readonly days: number;
  readonly environments: string[];
  readonly all: { readonly deployments: number; readonly perDay: number; readonly leadTimeMs: number | null; readonly failures: number; readonly changeFailureRate: number | null; readonly timeToRestoreMs: number | null; readonly leftOutAt: number | null };
  readonly services: ({ readonly service: string; readonly measures: { readonly deployments: number; readonly perDay: number; readonly leadTimeMs: number | null; readonly failures: number; readonly changeFailureRate: number | null; readonly timeToRestoreMs: number | null; readonly leftOutAt: number | null } })[];
}

export interface Promotion {
  readonly schema: 'sluice.dev/promotion/v1';
  readonly number: number;
}

export interface Rollback {
  readonly schema: 'sluice.dev/rollback/v1';
  readonly seq: number;
  readonly from: string;
  readonly to: string;
  readonly atOnce: boolean;
}

export interface Audit {
  readonly schema: 'sluice.dev/audit/v1';
  readonly sentence: string;
  readonly entries: ({ readonly seq: number; readonly at: number; readonly type: string; readonly subject: string; readonly actor: string; readonly sentence: string; readonly hash: string })[];
  readonly searched: number;
  readonly next: number | null;
}

export interface Me {
  readonly schema: 'sluice.dev/me/v1';
  readonly actor: string | null;
  readonly kind: string | null;
  readonly scopes: ('read' | 'operate' | 'waive' | 'admin')[];
  readonly limited: ({ readonly scopes: ('read' | 'operate' | 'waive' | 'admin')[]; readonly services: string[]; readonly teams: string[]; readonly covers: string[] })[];
  readonly signIn: string | null;
  readonly reads: boolean;
}
