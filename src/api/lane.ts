import type { Family, State } from '../delivery/machine.ts';

/** How a release ended or how it is doing, in the word that people read: never the state of its lane. */
export const OUTCOMES = {
  none: { word: 'No version', shape: '○', family: 'at rest' },
  waiting: { word: 'Waiting', shape: '◇', family: 'moving' },
  starting: { word: 'Starting', shape: '▶', family: 'moving' },
  judged: { word: 'Canary', shape: '◆', family: 'being judged' },
  held: { word: 'Held', shape: '■', family: 'stopped' },
  paused: { word: 'Paused', shape: '‖', family: 'being judged' },
  promoting: { word: 'Promoting', shape: '▲', family: 'moving' },
  promoted: { word: 'Promoted', shape: '●', family: 'at rest' },
  stable: { word: 'Stable', shape: '●', family: 'at rest' },
  aborting: { word: 'Rolling back', shape: '◀', family: 'stopped' },
  'rolled-back': { word: 'Rolled back', shape: '■', family: 'stopped' },
  burning: { word: 'Burning', shape: '▲', family: 'stopped' },
  recovering: { word: 'Recovering', shape: '✚', family: 'healing' },
} as const satisfies Record<string, { word: string; shape: string; family: Family }>;
export type Outcome = keyof typeof OUTCOMES;
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as [Outcome, ...Outcome[]];

interface SloView {
  readonly slo: string;
  readonly objective: number;
  /** Share of the error budget left, 1 at most; null without data. */
  readonly budgetLeft: number | null;
  readonly burnFast: number | null;
  readonly burnSlow: number | null;
}

/** What holds a version that waits to start. */
export interface HoldView {
  readonly id: string;
  readonly reason: string;
  /** Milliseconds since 1970; null: until its cause is gone. */
  readonly until: number | null;
}

/** One service in one environment, as every list shows it. */
export interface LaneSummary {
  readonly service: string;
  readonly environment: string;
  readonly mode: 'observe' | 'enforce';
  readonly state: State;
  readonly family: Family;
  readonly outcome: Outcome;
  readonly since: number;
  readonly sentence: string;
  readonly stable: string | null;
  readonly canary: string | null;
  /** Percent of the traffic that the new version is seen to get. */
  readonly weight: number;
  /** Percent that the current step of its release asks for; null: no release is in progress. */
  readonly asked: number | null;
  readonly release: string | null;
  readonly held: boolean;
  readonly paused: boolean;
  readonly waiting: string | null;
  readonly hold: HoldView | null;
  readonly slos: readonly SloView[];
  readonly thresholds: { readonly fast: number; readonly slow: number | null };
  /** The windows of the burn rates as they are declared, such as `5m`; null: one window decides. */
  readonly windows: { readonly fast: string; readonly slow: string | null };
  /** Trouble with what it is judged by, in words. */
  readonly trouble: string | null;
}

/** The name of a lane, as events and addresses have it. */
export const nameOfLane = ({ service, environment }: Pick<LaneSummary, 'service' | 'environment'>): string =>
  `${service}/${environment}`;

/** What a person may order of a release, by how it is doing: nothing else is offered. */
const COMMANDS_BY_OUTCOME = {
  starting: ['abort'],
  judged: ['abort', 'pause', 'promote'],
  held: ['abort', 'resume', 'promote'],
  paused: ['abort', 'resume', 'promote'],
  promoting: ['abort'],
} as const satisfies Partial<Record<Outcome, readonly string[]>>;

type Command = (typeof COMMANDS_BY_OUTCOME)[keyof typeof COMMANDS_BY_OUTCOME][number];

/** Orders that a release in progress takes now. */
export const commandsFor = (outcome: Outcome): readonly Command[] =>
  Object.hasOwn(COMMANDS_BY_OUTCOME, outcome)
    ? COMMANDS_BY_OUTCOME[outcome as keyof typeof COMMANDS_BY_OUTCOME]
    : [];
