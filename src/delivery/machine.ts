import type { MoveReason } from './reasons.ts';

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

/** The five families of states. */
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
export const FAMILIES = [
  'at rest',
  'moving',
  'being judged',
  'stopped',
  'healing',
] as const satisfies readonly Family[];

/** Whether a release was promoted, whoever promoted it. */
export const isPromoted = (cause: MoveReason | null): boolean =>
  cause === 'PASSED' || cause === 'OVERRIDDEN' || cause === 'OWN_STEPS';

interface Row {
  readonly from: State;
  readonly to: State;
  readonly reasons: readonly MoveReason[];
  /** `seed`: an arrow of the original architecture; `ours`: added since. */
  readonly by: 'seed' | 'ours';
  readonly label: string;
}

/** Stops in the cluster without a verdict by Sluice. */
const THERE = ['OWN_ANALYSIS', 'UNMEASURED', 'COULD_NOT_RUN'] as const;
const STOPS = ['OPERATOR', 'SUPERSEDED', 'CANARY_DOWN', 'FAILED_TO_START', 'HOLD_EXPIRED'] as const;
const VERDICTS = ['HARM_SHOWN', 'MULTI_WINDOW_BURN', 'CANARY_DOWN', 'GUARD_FAILED'] as const;

/** The release machine as one table: every allowed transition, its origin and its reasons. */
export const TABLE: readonly Row[] = [
  { from: 'Idle', to: 'Deploying', reasons: ['FIRST_RELEASE'], by: 'seed', label: 'New version pushed' },
  { from: 'Deploying', to: 'Canary', reasons: ['CANARY_STARTED'], by: 'seed', label: 'Rollout started' },
  { from: 'Canary', to: 'Evaluating', reasons: ['COUNTS_ARRIVED'], by: 'seed', label: 'Query burn rate' },
  {
    from: 'Evaluating',
    to: 'Promote',
    reasons: ['PASSED', 'OVERRIDDEN', 'OWN_STEPS'],
    by: 'seed',
    label: 'burn < thresholds',
  },
  {
    from: 'Evaluating',
    to: 'Abort',
    reasons: [...VERDICTS, ...THERE, 'OPERATOR', 'SUPERSEDED', 'HOLD_EXPIRED'],
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
  { from: 'Idle', to: 'Stable', reasons: ['ADOPTED'], by: 'ours', label: 'already serving' },
  {
    from: 'Evaluating',
    to: 'Canary',
    reasons: ['NEXT_STEP', 'STEP_BACK', 'NOT_ENOUGH_EVIDENCE'],
    by: 'ours',
    label: 'next step, a step back, or no numbers yet',
  },
  {
    from: 'Deploying',
    to: 'Abort',
    // In a cluster the burn rates are checked during the start as well.
    reasons: [...STOPS, ...THERE, 'MULTI_WINDOW_BURN'],
    by: 'ours',
    label: 'stopped before traffic',
  },
  {
    from: 'Canary',
    to: 'Abort',
    reasons: [...VERDICTS, ...THERE, 'OPERATOR', 'SUPERSEDED', 'HOLD_EXPIRED'],
    by: 'ours',
    label: 'stopped, or harm seen late',
  },
  {
    from: 'Canary',
    to: 'Promote',
    reasons: ['OVERRIDDEN', 'OWN_STEPS', 'PASSED'],
    by: 'ours',
    label: 'promoted where it runs',
  },
  {
    from: 'Promote',
    to: 'Abort',
    reasons: [...VERDICTS, ...THERE, 'OPERATOR', 'SUPERSEDED'],
    by: 'ours',
    label: 'harm seen late',
  },
  { from: 'Rollback', to: 'Recovery', reasons: ['NOT_FAILED'], by: 'ours', label: 'superseded, not failed' },
  { from: 'Recovery', to: 'Degraded', reasons: ['RELAPSE'], by: 'ours', label: 'relapse' },
  { from: 'Stable', to: 'Degraded', reasons: ['BURNING'], by: 'ours', label: 'burning without a release' },
  { from: 'Degraded', to: 'Deploying', reasons: ['FIX_FORWARD'], by: 'ours', label: 'a fix is released' },
  { from: 'Recovery', to: 'Deploying', reasons: ['FIX_FORWARD'], by: 'ours', label: 'a fix is released' },
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
  return ['stateDiagram-v2', '  [*] --> Idle', ...seed, '  Stable --> [*]', '  %% added', ...ours].join('\n');
}

/** The hold of a target whose artefact is unclear. */
export const UNCLEAR_HOLD = 'unclear-artefact';
