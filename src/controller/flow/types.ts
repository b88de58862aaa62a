import type { Backoff } from '../../kit/backoff.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';

/** A unit that is decided separately and delays only itself: a lane, a pull request, a branch, a receiver. */
export type Subject = string;

/**
 * An external operation. The same `key` is the same operation however often it is planned; another generation
 * replaces it.
 */
export interface Errand<T = unknown> {
  /** Selects its handler. */
  readonly kind: string;
  readonly subject: Subject;
  readonly generation: number;
  readonly key: string;
  /** What it acts on, such as the forge or the edge of one environment; the handler's width limits concurrency on it. */
  readonly resource: string;
  /** It does not wait for other operations of its subject or resource. */
  readonly urgent: boolean;
  readonly target: T;
}

/** A target state of an external system; the result is recorded. */
export type Effect<T = unknown> = Errand<T>;
/** Information that a plan needs from outside; the answer is in the situation of the next plan. */
export type Want<T = unknown> = Errand<T>;

/** The decision for a situation. `entries` are appended before anything is carried out. */
export interface Plan {
  readonly entries: readonly Entry[];
  /** All pending effects of the subject: those in progress that are not named here are cancelled. */
  readonly effects: readonly Effect[];
  readonly wants: readonly Want[];
  /** When the subject is planned again without an event; null: only after an event. */
  readonly wakeAt: Ms | null;
}

export const NOTHING: Plan = { entries: [], effects: [], wants: [], wakeAt: null };

/** Decides for one subject. Pure: time and observations are in the situation. */
export interface Planner<S, P extends Plan = Plan> {
  plan(situation: S, subject: Subject): P;
}

export interface Patience {
  readonly firstMs: Ms;
  readonly againMs: Ms;
}

type Probe<R> = { readonly done: R } | 'absent' | 'unknown';
/** `again`: started but not complete; it is checked again after this time, and that is not a failure. */
export type Applied<R> = { readonly done: R } | { readonly again: Ms };

/** How one kind of operation is carried out. */
export interface Handler<T, R> {
  /** Timeout of one attempt, in real time. */
  readonly timeoutMs: Ms;
  /** How many may be in progress for one resource. */
  readonly width: number;
  /** How long a pass waits for an attempt, first and after a failure; then it continues without it. */
  readonly patience: Patience;
  /** Whether an operation that outlasts the patience gives its place at the resource to others. */
  readonly yields: boolean;
  /** Delays of retries. */
  backoff(refusal: CallRefusal): Backoff;
  /**
   * Delays before the same operation is carried out once more although it was: what is read outside may be older than
   * what was done there. Left out: at once. Nobody who waits is delayed.
   */
  readonly again?: Backoff;
  /** Whether it is done already, so that it is not done twice. */
  probe?(errand: Errand<T>, signal: AbortSignal): Promise<Probe<R>>;
  /** May be repeated. Throws where it could not be done: `Refused` where it is known why. */
  apply(errand: Errand<T>, signal: AbortSignal): Promise<Applied<R>>;
  /** Receives the result, before the next operation of the subject starts. */
  settled(errand: Errand<T>, result: R): Promise<void> | void;
  /** Called after a failure; the operation is retried automatically. */
  failed?(errand: Errand<T>, trouble: Trouble): void;
}

/** Why an external operation failed, in the words of the external system. */
export interface CallRefusal {
  readonly code: string;
  readonly message: string;
  /** The delay that the external system asked for. */
  readonly retryAfterMs?: Ms;
}

export class Refused extends Error {
  readonly refusal: CallRefusal;
  /** Whether the whole resource refuses: other operations on it would fail as well. */
  readonly wide: boolean;
  constructor(refusal: CallRefusal, wide = false) {
    super(refusal.message);
    this.name = 'Refused';
    this.refusal = refusal;
    this.wide = wide;
  }
}

/** Why the plan of a subject is not carried out. It delays only this subject. */
export interface Trouble extends CallRefusal {
  readonly kind: string;
  readonly failures: number;
  /** When it is retried, in milliseconds since the epoch. */
  readonly retryAt: Ms;
}
