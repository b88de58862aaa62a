import { within } from '../../io/clock.ts';
import { type Backoff, backoffMs } from '../../kit/backoff.ts';
import { messageOf } from '../../kit/result.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import { Due } from './due.ts';
import { isFatal } from './fatal.ts';
import type { Runner } from './runner.ts';
import type { Effect, Plan, Planner, Subject, Trouble } from './types.ts';

export interface FlowParts<S, P extends Plan> {
  readonly journal: { append(entries: readonly Entry[]): Promise<unknown> };
  /** Carries out effects and wants; not needed by a plane without any. */
  readonly runner?: Runner;
  readonly planner: Planner<S, P>;
  now(): Ms;
  /** The frozen inputs of a subject's plan; null: nothing is planned for it now. May take a while. */
  situation(subject: Subject, now: Ms): S | null | Promise<S | null>;
  /** Urgent subjects are planned first: somebody waits for them. */
  isUrgent?(subject: Subject): boolean;
  /** Effects that are pending according to the ledger: read after the append. */
  onRecord?(subject: Subject): readonly Effect[];
  /** Called when the entries of a plan are in the ledger. */
  appended?(subject: Subject, plan: P, situation: S): void;
  /** Delays after which a subject that could not be planned is planned again. */
  readonly backoff: Backoff;
  /** Called when a subject could not be planned; it is retried automatically. */
  warn(subject: Subject, trouble: Trouble): void;
}

/** The flow of one plane: due subjects are observed, planned, appended and handed to the runner. */
export interface Flow {
  /** Makes a subject due: something about it changed. */
  mark(subject: Subject): void;
  /** Removes a subject: nothing more is done for it. */
  forget(subject: Subject): void;
  /**
   * Plans what is due, once, and waits up to `patienceMs`: what takes longer continues in the background, and what was
   * not started by then stays due. Returns whether everything was started. Throws fatal errors.
   */
  pass(patienceMs: Ms): Promise<boolean>;
  /** Repeats passes for what answers and effects made due, until nothing is in progress or the time is over. */
  untilQuiet(patienceMs: Ms): Promise<void>;
  /** Why a subject makes no progress; null: it does. */
  trouble(subject: Subject): Trouble | null;
  /** Retries what failed for a subject at once: somebody waits for it. */
  hurry(subject: Subject): void;
}

interface Step {
  readonly done: Promise<void>;
  /** A pass waited for it until its patience ended. */
  slow: boolean;
  /** It became due again while it was planned. */
  again: boolean;
}

/** How many are started without yielding. */
const AT_ONCE = 50;
/** The kind of trouble that comes from planning, not from the runner. */
const PLANNING = 'plan';

class PlaneFlow<S, P extends Plan> implements Flow {
  readonly #parts: FlowParts<S, P>;
  readonly #due = new Due<Subject>();
  readonly #steps = new Map<Subject, Step>();
  readonly #troubles = new Map<Subject, Trouble>();
  #fatal: { readonly thrown: unknown } | null = null;

  constructor(parts: FlowParts<S, P>) {
    this.#parts = parts;
  }

  #failed(subject: Subject, thrown: unknown): void {
    const { now, backoff, warn } = this.#parts;
    const failures = (this.#troubles.get(subject)?.failures ?? 0) + 1;
    const retryAt = now() + backoffMs(backoff, failures);
    const message = messageOf(thrown).toWellFormed();
    const trouble = { code: 'UNAVAILABLE', message, kind: PLANNING, failures, retryAt };
    this.#troubles.set(subject, trouble);
    this.#due.wakeAt(subject, retryAt);
    warn(subject, trouble);
  }

  async #step(subject: Subject, now: Ms): Promise<void> {
    const { runner, planner, journal, situation, appended, onRecord } = this.#parts;
    try {
      const s = await situation(subject, now);
      if (s === null) return;
      const plan = planner.plan(s, subject);
      if (plan.entries.length > 0) await journal.append(plan.entries);
      appended?.(subject, plan, s);
      runner?.want(subject, [...(onRecord?.(subject) ?? []), ...plan.effects, ...plan.wants]);
      this.#due.wakeAt(subject, plan.wakeAt);
      this.#troubles.delete(subject);
      // Other subjects may be replanned in this pass: their operations start when it is over.
      runner?.start(subject);
    } catch (thrown) {
      if (isFatal(thrown)) {
        this.#fatal ??= { thrown };
        this.#due.mark(subject);
      } else this.#failed(subject, thrown);
    }
  }

  #begin(subject: Subject, now: Ms): void {
    // Its retry time is kept: it becomes due then.
    if ((this.#troubles.get(subject)?.retryAt ?? now) > now) return;
    const underWay = this.#steps.get(subject);
    if (underWay) {
      underWay.again = true;
      return;
    }
    const done = this.#step(subject, now).then(() => {
      if (this.#steps.get(subject)?.again) this.#due.mark(subject);
      this.#steps.delete(subject);
    });
    this.#steps.set(subject, { done, slow: false, again: false });
  }

  #throwFatal(): void {
    if (!this.#fatal) return;
    const { thrown } = this.#fatal;
    this.#fatal = null;
    throw thrown;
  }

  #inOrder(subjects: Subject[]): Subject[] {
    const { isUrgent } = this.#parts;
    if (!isUrgent || subjects.length <= AT_ONCE) return subjects;
    return [...subjects.filter((s) => isUrgent(s)), ...subjects.filter((s) => !isUrgent(s))];
  }

  /** Starts subjects in batches and yields between them; those that are left when the time is over stay due. */
  async #beginAll(subjects: readonly Subject[], now: Ms, patienceMs: Ms): Promise<boolean> {
    const end = performance.now() + patienceMs;
    for (let at = 0; at < subjects.length; at += AT_ONCE) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      if (at > 0 && performance.now() > end) {
        for (const subject of subjects.slice(at)) this.#due.mark(subject);
        return false;
      }
      for (const subject of subjects.slice(at, at + AT_ONCE)) this.#begin(subject, now);
    }
    return true;
  }

  async pass(patienceMs: Ms): Promise<boolean> {
    const now = this.#parts.now();
    const all = await this.#beginAll(this.#inOrder(this.#due.take(now)), now, patienceMs);
    const awaited = [...this.#steps.values()].filter((one) => !one.slow);
    if (awaited.length > 0) {
      const every = Promise.all(awaited.map(({ done }) => done));
      await within(every, patienceMs, 'a pass').catch(() => undefined);
      for (const one of this.#steps.values()) one.slow = true;
    }
    this.#throwFatal();
    return all;
  }

  async untilQuiet(patienceMs: Ms): Promise<void> {
    const end = performance.now() + patienceMs;
    const left = () => Math.max(0, end - performance.now());
    do await this.pass(left());
    while (left() > 0 && (this.#due.hasMarked || (await this.#parts.runner?.progress(left()))));
  }

  mark(subject: Subject): void {
    this.#due.mark(subject);
  }

  forget(subject: Subject): void {
    this.#due.forget(subject);
    this.#troubles.delete(subject);
    this.#parts.runner?.forget(subject);
  }

  trouble(subject: Subject): Trouble | null {
    return this.#troubles.get(subject) ?? this.#parts.runner?.trouble(subject) ?? null;
  }

  hurry(subject: Subject): void {
    const trouble = this.#troubles.get(subject);
    if (trouble) this.#troubles.set(subject, { ...trouble, retryAt: Number.NEGATIVE_INFINITY });
    this.#parts.runner?.hurry(subject);
    this.#due.mark(subject);
  }
}

export const createFlow = <S, P extends Plan>(parts: FlowParts<S, P>): Flow => new PlaneFlow(parts);
