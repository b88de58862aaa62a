/** The edition of the evidence rule that releases are judged by where none is declared. */
export const EVIDENCE_EDITION = 2;

const BOTH_EDITIONS = { detect: 10, rho: 1, alpha: 0.001, beta: 0.05, minBad: 5, witnesses: 2 } as const;
/** The numbers of the evidence rule by edition, as its page and the architecture give them; every one can be declared otherwise. */
export const EVIDENCE_DEFAULTS = {
  1: { tolerance: 2, ...BOTH_EDITIONS },
  2: { tolerance: 1, ...BOTH_EDITIONS },
} as const;

export const STRATEGY_DEFAULTS = {
  steps: [20, 50, 100],
  warmUp: '30s',
  dwell: '60s',
  /** At full traffic with stable still running: what finds slow leaks. By the second edition; the first lasts as long as any. */
  dwellAtFull: '10m',
  deadline: '30m',
  hold: '4h',
} as const;

/** Bursts that last some seconds would be many witnesses in shorter intervals than this. */
export const SHORTEST_JUDGED_MS = 5_000;

export const RECOVERY_DEFAULTS = { looks: 2, burnBelow: 1, for: '5m' } as const;

/** Multi-window burn rate of the architecture: 5 m at 14 times and 1 h at 3 times the budget. */
export const BURN_DEFAULTS = {
  fast: { window: '5m', threshold: 14 },
  slow: { window: '1h', threshold: 3 },
} as const;

/** An alert wants more than a stray error: the evidence rule's own floor. */
export const ALERT_DEFAULTS = { minBad: 5 } as const;
/** Somebody is told of an SLO whose series are gone. */
export const NO_DATA_DEFAULT = { enabled: true, after: '15m', severity: 'ticket' } as const;

/** Annotations of OpenSLO documents that mean something to us. */
export const ANNOTATIONS = {
  groupBy: 'sluice.dev/group-by',
  groupLimit: 'sluice.dev/group-limit',
  runbook: 'sluice.dev/runbook',
} as const;
export const GROUP_LIMIT = { default: 50, max: 500 } as const;

/** What the gate and freezes go by where nothing else is declared. */
export const GOVERNANCE_DEFAULTS = {
  block: 0,
  warn: 0.1,
  freezeAt: 0,
  recoverAt: 0.05,
  recoverFor: '5m',
  maxFailed: 3,
  failedWithin: '1d',
  maxServices: 5,
  emergency: ['emergency'],
  security: ['security'],
  waiverMax: '1d',
  validFor: '10m',
  check: 'sluice/gate',
  githubAddress: 'https://api.github.com',
} as const;

/** What somebody may be told of. */
export const NOTICE_KINDS = [
  'started',
  'promoted',
  'rolled-back',
  'needs-a-person',
  'proposed',
  'denied',
  'freeze',
  'drift',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
/** Told where nothing is chosen: routine stays out. */
export const NOTICE_DEFAULT: readonly NoticeKind[] = NOTICE_KINDS.filter(
  (k) => k !== 'proposed' && k !== 'denied',
);

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Where things are in a cluster, where nothing else is declared: as the charts name them. */
export const KUBERNETES_DEFAULTS = {
  server: 'http://sluice.sluice:7117',
  apiServer: 'https://kubernetes.default.svc',
  argoCdNamespace: 'argocd',
  fluxNamespace: 'flux-system',
  chart: 'charts/service',
} as const;

/** What a declaration may hold; ten times what a large fleet does. What is wrong with it is told up to so many problems. */
export const LIMITS = {
  environments: 200,
  services: 5_000,
  lanes: 10_000,
  freezes: 200,
  maintenance: 500,
  problems: 500,
} as const;
