import { within } from '../../io/clock.ts';
import { backoffMs } from '../../kit/backoff.ts';
import { fail, messageOf, ok, type Result } from '../../kit/result.ts';
import type { Ms } from '../../kit/time.ts';
import { Due } from './due.ts';
import { isFatal } from './fatal.ts';
import { type Jitter, NO_JITTER } from './jitter.ts';
import { type Job, Lineup, type Queue, queueOf, Resources, type Troubled, troubleIn } from './jobs.ts';
import { EFFECT, type Tracing, UNTRACED } from './tracing.ts';
import {
  type Applied,
  type CallRefusal,
  type Errand,
  type Handler,
  Refused,
  type Subject,
  type Trouble,
} from './types.ts';

interface RunnerParts {
  now(): Ms;
  readonly jitter?: Jitter;
  readonly tracing?: Tracing | undefined;
  /** Called when an operation failed. */
  warn(details: object, message: string): void;
}

/**
 * Carries out planned operations: each kind by its handler, up to its width per resource, one at a time per subject,
 * urgent ones at once. Failed operations are retried with growing delays; a hanging one is abandoned after its timeout
 * and delays only its own subject.
 */
export interface Runner {
  /** Sets the handler of a kind. */
  handle<T, R>(kind: string, handler: Handler<T, R>): void;
  /** Sets all operations of a subject; those that are not named are cancelled. */
  want(subject: Subject, errands: readonly Errand[]): void;
  /** Removes a subject with everything remembered about it. */
  forget(subject: Subject): void;
  /** Makes the next attempt of a subject due at once: somebody waits for it, or something changed. */
  hurry(subject: Subject): void;
  /** Carries out one operation at once, without retries: a person waits for its result. */
  ask<R>(errand: Errand): Promise<Result<R, CallRefusal>>;
  /** Starts what is due, only of `subject` if one is given: other subjects may be replanned at this moment. */
  start(subject?: Subject): void;
  /**
   * Waits until an operation ends that is still waited for, at most `ms`. False: there is none. Throws fatal errors.
   */
  progress(ms: Ms): Promise<boolean>;
  /** Waits until no operation is left that is still waited for, at most `ms`. Throws fatal errors. */
  settle(ms: Ms): Promise<void>;
  trouble(subject: Subject): Trouble | null;
  troubles(): Troubled[];
  /** How much there is to do. */
  queue(): Queue;
  /** Whether a subject has planned operations. */
  isBusy(subject: Subject): boolean;
}

/** An attempt that was cancelled, because its plan or its decision is no longer valid. */
const OFF = Symbol('cancelled');

/** The longest delay that a resource may ask for. */
const LONGEST_MS = 3_600_000;

async function tryOnce(
  handler: Handler<unknown, unknown>,
  errand: Errand,
  signal: AbortSignal,
): Promise<Applied<unknown>> {
  const probed = handler.probe ? await handler.probe(errand, signal) : 'absent';
  return typeof probed === 'object' ? probed : handler.apply(errand, signal);
}

class ErrandRunner implements Runner {
  readonly #parts: RunnerParts;
  readonly #handlers = new Map<string, Handler<unknown, unknown>>();
  readonly #lineups = new Map<Subject, Lineup>();
  readonly #resources = new Resources();
  /** Subjects with an operation that may start. */
  readonly #due = new Due<Subject>();
  readonly #running = new Set<Job>();
  readonly #asking = new Map<string, (result: Result<unknown, CallRefusal>) => void>();
  #fatal: { readonly thrown: unknown } | null = null;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  handle<T, R>(kind: string, handler: Handler<T, R>): void {
    this.#handlers.set(kind, handler as Handler<unknown, unknown>);
  }

  #handlerOf(kind: string): Handler<unknown, unknown> {
    const handler = this.#handlers.get(kind);
    if (!handler) throw new Error(`broken invariant: nobody carries out ${kind}`);
    return handler;
  }

  #isCurrent(job: Job): boolean {
    return this.#lineups.get(job.errand.subject)?.has(job) ?? false;
  }

  #refused(job: Job, thrown: unknown): void {
    const { errand } = job;
    const handler = this.#handlerOf(errand.kind);
    const jitter = this.#parts.jitter ?? NO_JITTER;
    const now = this.#parts.now();
    const failures = (job.trouble?.failures ?? 0) + 1;
    const refusal =
      thrown instanceof Refused
        ? thrown.refusal
        : { code: 'UNAVAILABLE', message: messageOf(thrown).toWellFormed() };
    const said = Math.min(LONGEST_MS, refusal.retryAfterMs ?? 0);
    const until = (count: number) =>
      now + Math.max(backoffMs(handler.backoff(refusal), count) * jitter(errand.key, count), said);
    const retryAt = until(failures);
    job.trouble = { ...refusal, kind: errand.kind, failures, retryAt };
    job.notBefore = retryAt;
    if (thrown instanceof Refused && thrown.wide) this.#resources.refused(errand.resource, until);
    this.#parts.warn({ of: errand.subject, ...job.trouble }, 'an operation failed; it is retried');
    handler.failed?.(errand, job.trouble);
    this.#answer(errand, fail(refusal));
  }

  /** Answers the caller that waits for this attempt; failures are not retried for them. */
  #answer(errand: Errand, result: Result<unknown, CallRefusal>): void {
    const told = this.#asking.get(errand.key);
    if (!told) return;
    this.#asking.delete(errand.key);
    this.#lineups.delete(errand.subject);
    told(result);
  }

  #stopAll(errand: Errand, thrown: unknown): void {
    this.#fatal ??= { thrown };
    this.#answer(errand, fail({ code: 'UNAVAILABLE', message: messageOf(thrown) }));
  }

  #try(handler: Handler<unknown, unknown>, errand: Errand, stop: AbortController) {
    const off = new Promise<typeof OFF>((resolve) =>
      stop.signal.addEventListener('abort', () => resolve(OFF), { once: true }),
    );
    const work = Promise.race([tryOnce(handler, errand, stop.signal), off]);
    return within(work, handler.timeoutMs, `${errand.kind} of ${errand.subject}`);
  }

  /** One attempt and its consequences. Results that are no longer wanted, or too late, change nothing. */
  async #carryOut(job: Job, stop: AbortController): Promise<void> {
    const { errand } = job;
    const handler = this.#handlerOf(errand.kind);
    try {
      const applied = job.carriedOut ?? (await this.#try(handler, errand, stop));
      if (applied === OFF || !this.#isCurrent(job)) return;
      this.#resources.answered(errand.resource);
      job.trouble = null;
      if ('again' in applied) {
        job.notBefore = this.#parts.now() + applied.again;
        return;
      }
      job.carriedOut = applied;
      await handler.settled(errand, applied.done);
      this.#lineups.get(errand.subject)?.remove(job, handler.again !== undefined, this.#parts.now());
      this.#answer(errand, ok(applied.done));
    } catch (thrown) {
      if (isFatal(thrown)) this.#stopAll(errand, thrown);
      else if (this.#isCurrent(job)) this.#refused(job, thrown);
    } finally {
      stop.abort();
    }
  }

  #begin(job: Job): void {
    const stop = new AbortController();
    const { resource, subject, kind } = job.errand;
    const { patience, yields } = this.#handlerOf(kind);
    const awaitedUntil = performance.now() + (job.trouble ? patience.againMs : patience.firstMs);
    const tracing = this.#parts.tracing ?? UNTRACED;
    const carryOut = () => this.#carryOut(job, stop);
    const done = tracing.span(EFFECT + kind, { subject, resource }, carryOut).then(() => {
      this.#running.delete(job);
      job.running = null;
      for (const next of this.#resources.end(resource, job)) this.#due.mark(next);
      this.#tidy(subject);
    });
    const placeUntil = yields ? awaitedUntil : Number.POSITIVE_INFINITY;
    job.running = { stop, done, awaitedUntil, placeUntil };
    this.#resources.begin(resource, job);
    this.#running.add(job);
  }

  /** Sets when the rest of a subject is due. */
  #tidy(subject: Subject): void {
    const lineup = this.#lineups.get(subject);
    if (!lineup) return;
    if (lineup.isOver) this.#lineups.delete(subject);
    if (lineup.jobs.length === 0) this.#due.forget(subject);
    else this.#due.wakeAt(subject, lineup.wakeAt());
  }

  /** Starts the operations of a subject that may start; one that waits only for its resource becomes due again. */
  #pump(subject: Subject, now: Ms): void {
    const lineup = this.#lineups.get(subject);
    for (let job = lineup?.next(now); job && lineup; job = lineup.next(now)) {
      const { urgent, resource, kind } = job.errand;
      const heldUntil = this.#resources.heldUntil(resource);
      if (!urgent && heldUntil > now && heldUntil - now <= LONGEST_MS) {
        this.#due.wakeAt(subject, heldUntil);
        return;
      }
      const { width } = this.#handlerOf(kind);
      if (!urgent && !this.#resources.mayBegin(resource, width, performance.now())) {
        this.#resources.await(resource, subject);
        return;
      }
      this.#begin(job);
    }
    if (lineup) this.#due.wakeAt(subject, lineup.wakeAt());
  }

  start(subject?: Subject): void {
    if (this.#fatal) return;
    const now = this.#parts.now();
    if (subject !== undefined) {
      this.#pump(subject, now);
      return;
    }
    for (const subject of this.#resources.inTurn()) this.#due.mark(subject);
    for (const subject of this.#due.take(now)) this.#pump(subject, now);
  }

  async progress(ms: Ms): Promise<boolean> {
    this.start();
    const at = performance.now();
    const awaited = [...this.#running].flatMap((job) => job.running ?? []).filter((r) => r.awaitedUntil > at);
    if (awaited.length > 0 && !this.#fatal) {
      const wait = Math.min(ms, Math.max(...awaited.map((r) => r.awaitedUntil)) - at);
      const any = Promise.race(awaited.map((r) => r.done));
      await within(any, wait, 'errands').catch(() => undefined);
      this.start();
    }
    if (!this.#fatal) return awaited.length > 0;
    const { thrown } = this.#fatal;
    this.#fatal = null;
    throw thrown;
  }

  async settle(ms: Ms): Promise<void> {
    const end = performance.now() + ms;
    while (await this.progress(Math.max(0, end - performance.now()))) if (performance.now() >= end) return;
  }

  #pauseAgain(lineup: Lineup, job: Job): void {
    const { urgent, kind } = job.errand;
    const { again } = this.#handlerOf(kind);
    if (again && !urgent && !job.running && !job.carriedOut) lineup.pause(job, again, this.#parts.now());
  }

  want(subject: Subject, errands: readonly Errand[]): void {
    const known = this.#lineups.get(subject);
    if (!known && errands.length === 0) return;
    const lineup = known ?? new Lineup();
    this.#lineups.set(subject, lineup);
    for (const job of lineup.replace(errands)) job.running?.stop.abort();
    for (const job of lineup.jobs) this.#pauseAgain(lineup, job);
    if (errands.length > 0) this.#due.mark(subject);
    this.#tidy(subject);
  }

  forget(subject: Subject): void {
    for (const job of this.#lineups.get(subject)?.replace([]) ?? []) job.running?.stop.abort();
    this.#lineups.delete(subject);
    this.#due.forget(subject);
  }

  hurry(subject: Subject): void {
    const jobs = this.#lineups.get(subject)?.jobs ?? [];
    for (const job of jobs) job.notBefore = Number.NEGATIVE_INFINITY;
    if (jobs.length > 0) this.#due.mark(subject);
  }

  ask<R>(errand: Errand): Promise<Result<R, CallRefusal>> {
    return new Promise((resolve) => {
      this.#asking.set(errand.key, resolve as (result: Result<unknown, CallRefusal>) => void);
      this.want(errand.subject, [errand]);
      this.start();
    });
  }

  trouble(subject: Subject): Trouble | null {
    return troubleIn(this.#lineups.get(subject));
  }

  troubles(): Troubled[] {
    return [...this.#lineups].flatMap(([subject, lineup]) => {
      const trouble = troubleIn(lineup);
      return trouble ? [{ subject, trouble }] : [];
    });
  }

  queue(): Queue {
    return queueOf([...this.#lineups.values()].flatMap(({ jobs }) => jobs));
  }

  isBusy(subject: Subject): boolean {
    return (this.#lineups.get(subject)?.jobs.length ?? 0) > 0;
  }
}

export const createRunner = (parts: RunnerParts): Runner => new ErrandRunner(parts);
