/** The release machine as one table: every move that may ever happen, who asked for it, and why. */

export const STATES = [
  'Idle',
  'Deploying',
  'Canary',
  'Evaluating',
  'Promote',
  'Stable',
  'Abort',
  'Rollback',
  'Degraded',
  'Recovery',
] as const;
export type State = (typeof STATES)[number];

/** The five families a person tells apart at a glance. */
export const FAMILY = {
  Idle: 'at rest',
  Stable: 'at rest',
  Deploying: 'moving',
  Promote: 'moving',
  Canary: 'being judged',
  Evaluating: 'being judged',
  Abort: 'stopped',
  Rollback: 'stopped',
  Degraded: 'stopped',
  Recovery: 'healing',
} as const satisfies Record<State, string>;
export type Family = (typeof FAMILY)[State];

export const MOVE_REASONS = {
  FIRST_RELEASE: 'nothing ran here before; judged alone at 100 %',
  ADOPTED: 'it served all traffic already when we came',
  NEW_VERSION: 'a new version was pushed',
  FIX_FORWARD: 'a newer version goes forward as the fix',
  CANARY_STARTED: 'the new version answers its health check',
  COUNTS_ARRIVED: 'requests of both versions were counted',
  NOT_ENOUGH_EVIDENCE: 'a look brought no numbers; waiting for more',
  NEXT_STEP: 'the step passed; more traffic next',
  PASSED: 'the last step passed',
  OVERRIDDEN: 'promoted by hand, with a reason on record',
  FULL_TRAFFIC: 'the new version serves all traffic as stable',
  HARM_SHOWN: 'over budget and worse than stable, beyond doubt',
  MULTI_WINDOW_BURN: 'both burn-rate windows crossed their thresholds',
  CANARY_DOWN: 'the new version stopped or cannot be reached',
  GUARD_FAILED: 'a declared guard was violated',
  FAILED_TO_START: 'the new version was not ready before the deadline',
  SUPERSEDED: 'another version is wanted now',
  OPERATOR: 'stopped by a person, with a reason on record',
  HOLD_EXPIRED: 'held past its deadline and nobody decided',
  TRAFFIC_RESTORED: 'no request reaches the stopped version any more',
  CANARY_STOPPED: 'the stopped version is gone',
  NOT_FAILED: 'the stopped version had not failed',
  ERRORS_REDUCED: 'the fast burn rate fell below its threshold',
  RELAPSE: 'the burn-rate windows crossed their thresholds again',
  RECOVERED: 'within the objective for long enough',
  BURNING: 'burning budget without a release',
} as const;
export type MoveReason = keyof typeof MOVE_REASONS;

export interface Row {
  readonly from: State;
  readonly to: State;
  readonly reasons: readonly MoveReason[];
  /** `seed`: an arrow of the architecture; `ours`: added, with its ground. */
  readonly by: 'seed' | 'ours';
  readonly label: string;
}

const STOPS = ['OPERATOR', 'SUPERSEDED', 'CANARY_DOWN', 'FAILED_TO_START', 'HOLD_EXPIRED'] as const;
const VERDICTS = ['HARM_SHOWN', 'MULTI_WINDOW_BURN', 'CANARY_DOWN', 'GUARD_FAILED'] as const;

export const TABLE: readonly Row[] = [
  { from: 'Idle', to: 'Deploying', reasons: ['FIRST_RELEASE'], by: 'seed', label: 'New version pushed' },
  { from: 'Deploying', to: 'Canary', reasons: ['CANARY_STARTED'], by: 'seed', label: 'Rollout started' },
  { from: 'Canary', to: 'Evaluating', reasons: ['COUNTS_ARRIVED'], by: 'seed', label: 'Query burn rate' },
  {
    from: 'Evaluating',
    to: 'Promote',
    reasons: ['PASSED', 'OVERRIDDEN'],
    by: 'seed',
    label: 'burn < thresholds',
  },
  {
    from: 'Evaluating',
    to: 'Abort',
    reasons: [...VERDICTS, 'OPERATOR', 'SUPERSEDED', 'HOLD_EXPIRED'],
    by: 'seed',
    label: 'burn >= thresholds',
  },
  { from: 'Promote', to: 'Stable', reasons: ['FULL_TRAFFIC'], by: 'seed', label: '100% traffic' },
  { from: 'Abort', to: 'Rollback', reasons: ['TRAFFIC_RESTORED'], by: 'seed', label: 'Restore stable' },
  {
    from: 'Rollback',
    to: 'Degraded',
    reasons: ['CANARY_STOPPED'],
    by: 'seed',
    label: 'Stopped version gone',
  },
  { from: 'Degraded', to: 'Recovery', reasons: ['ERRORS_REDUCED'], by: 'seed', label: 'Errors reduced' },
  {
    from: 'Recovery',
    to: 'Stable',
    reasons: ['RECOVERED', 'NOT_FAILED'],
    by: 'seed',
    label: 'Within objective',
  },
  { from: 'Stable', to: 'Deploying', reasons: ['NEW_VERSION'], by: 'seed', label: 'New release' },
  { from: 'Idle', to: 'Stable', reasons: ['ADOPTED'], by: 'ours', label: 'runs already' },
  {
    from: 'Evaluating',
    to: 'Canary',
    reasons: ['NEXT_STEP', 'NOT_ENOUGH_EVIDENCE'],
    by: 'ours',
    label: 'next step, or no numbers yet',
  },
  {
    from: 'Deploying',
    to: 'Abort',
    // In a cluster the burn rates are asked beside the start as well.
    reasons: [...STOPS, 'MULTI_WINDOW_BURN'],
    by: 'ours',
    label: 'stopped before traffic',
  },
  {
    from: 'Canary',
    to: 'Abort',
    reasons: [...VERDICTS, 'OPERATOR', 'SUPERSEDED', 'HOLD_EXPIRED'],
    by: 'ours',
    label: 'stopped, or harm seen late',
  },
  { from: 'Canary', to: 'Promote', reasons: ['OVERRIDDEN'], by: 'ours', label: 'promoted by hand' },
  {
    from: 'Promote',
    to: 'Abort',
    reasons: ['CANARY_DOWN', 'OPERATOR', 'HARM_SHOWN', 'MULTI_WINDOW_BURN'],
    by: 'ours',
    label: 'harm seen late',
  },
  { from: 'Rollback', to: 'Recovery', reasons: ['NOT_FAILED'], by: 'ours', label: 'superseded, not failed' },
  { from: 'Recovery', to: 'Degraded', reasons: ['RELAPSE'], by: 'ours', label: 'relapse' },
  { from: 'Stable', to: 'Degraded', reasons: ['BURNING'], by: 'ours', label: 'burning without a release' },
  { from: 'Degraded', to: 'Deploying', reasons: ['FIX_FORWARD'], by: 'ours', label: 'a fix goes forward' },
  { from: 'Recovery', to: 'Deploying', reasons: ['FIX_FORWARD'], by: 'ours', label: 'a fix goes forward' },
];

export const rowOf = (from: State, to: State): Row | undefined =>
  TABLE.find((row) => row.from === from && row.to === to);

export const isDeclared = (from: State, to: State, reason: MoveReason): boolean =>
  rowOf(from, to)?.reasons.includes(reason) ?? false;

/** The picture in the docs: the seed's arrows first, then ours. */
export function mermaid(): string {
  const arrow = (row: Row) => `  ${row.from} --> ${row.to} : ${row.label}`;
  const seed = TABLE.filter((row) => row.by === 'seed').map(arrow);
  const ours = TABLE.filter((row) => row.by === 'ours').map(arrow);
  return ['stateDiagram-v2', '  [*] --> Idle', ...seed, '  Stable --> [*]', '  %% ours', ...ours].join('\n');
}
