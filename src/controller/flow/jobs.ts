import { type Backoff, backoffMs } from '../../kit/backoff.ts';
import type { Ms } from '../../kit/time.ts';
import type { Errand, Subject, Trouble } from './types.ts';

/** One operation in progress or waiting. */
export interface Job {
  /** As it was planned last. */
  errand: Errand;
  trouble: Trouble | null;
  /** It does not start before this time. */
  notBefore: Ms;
  /** Its result, if it was carried out but could not be recorded yet: it is not carried out again. */
  carriedOut: { readonly done: unknown } | null;
  /** Set during an attempt. */
  running: Running | null;
}

interface Running {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** By the clock of this process: until then a pass waits for it. */
  readonly awaitedUntil: Ms;
  /** Until then it counts against the width of its resource. */
  readonly placeUntil: Ms;
}

/** How many waiting subjects are offered a free place: some may no longer want it. */
const NEXT = 4;

/** The failure of a cancelled operation: if it is planned again, it keeps its delay. */
interface Shelved {
  readonly generation: number;
  readonly trouble: Trouble;
  readonly notBefore: Ms;
}

/** How many cancelled operations are remembered for a subject, and how many that were carried out. */
const MAX_SHELVED = 4;
/** An operation that was not carried out for so long is a new one. */
const REMEMBERED_MS = 600_000;

/** How often an operation was carried out, and when last. */
interface Done {
  readonly times: number;
  readonly at: Ms;
}

/** The operations of one subject, in order. */
export class Lineup {
  #jobs: Job[] = [];
  #shelf = new Map<string, Shelved>();
  #done = new Map<string, Done>();

  get jobs(): readonly Job[] {
    return this.#jobs;
  }

  /** Adopts a new plan and returns the operations that are no longer in it. */
  replace(errands: readonly Errand[]): Job[] {
    const known = new Map(this.#jobs.map((job) => [job.errand.key, job]));
    const next = [...errands]
      .sort((a, b) => Number(b.urgent) - Number(a.urgent))
      .map((errand): Job => {
        const before = known.get(errand.key);
        if (!before || before.errand.generation !== errand.generation) return this.#begun(errand);
        known.delete(errand.key);
        before.errand = errand;
        return before;
      });
    this.#jobs = next;
    for (const job of known.values()) this.#shelve(job);
    return [...known.values()];
  }

  #begun(errand: Errand): Job {
    const before = this.#shelf.get(errand.key);
    this.#shelf.delete(errand.key);
    const again = before?.generation === errand.generation ? before : null;
    const { trouble = null, notBefore = Number.NEGATIVE_INFINITY } = again ?? {};
    return { errand, trouble, notBefore, carriedOut: null, running: null };
  }

  #shelve({ errand, trouble, notBefore }: Job): void {
    if (!trouble) return;
    this.#shelf.set(errand.key, { generation: errand.generation, trouble, notBefore });
    const [oldest] = this.#shelf.keys();
    if (this.#shelf.size > MAX_SHELVED && oldest !== undefined) this.#shelf.delete(oldest);
  }

  /** Whether nothing is planned and nothing is remembered. */
  get isOver(): boolean {
    return this.#jobs.length === 0 && this.#shelf.size === 0 && this.#done.size === 0;
  }

  /** It was carried out. Remembered where carrying it out again at once would be a loop. */
  remove(job: Job, remember: boolean, now: Ms): void {
    this.#jobs = this.#jobs.filter((one) => one !== job);
    if (!remember) return;
    const { key } = job.errand;
    const times = (this.#done.get(key)?.times ?? 0) + 1;
    this.#done.delete(key);
    this.#done.set(key, { times, at: now });
    const [oldest] = this.#done.keys();
    if (this.#done.size > MAX_SHELVED && oldest !== undefined) this.#done.delete(oldest);
  }

  /** Delays an operation that was carried out lately. */
  pause(job: Job, backoff: Backoff, now: Ms): void {
    for (const [key, { at }] of this.#done) if (now - at > REMEMBERED_MS) this.#done.delete(key);
    const done = this.#done.get(job.errand.key);
    if (done) job.notBefore = Math.max(job.notBefore, done.at + backoffMs(backoff, done.times));
  }

  has(job: Job): boolean {
    return this.#jobs.includes(job);
  }

  /** The next operation that may start: one at a time, urgent ones at once. */
  next(now: Ms): Job | undefined {
    const busy = this.#jobs.some((job) => job.running);
    return this.#jobs.find((job) => !job.running && job.notBefore <= now && (job.errand.urgent || !busy));
  }

  /** When the next waiting operation may start. */
  wakeAt(): Ms | null {
    const waiting = this.#jobs.filter((job) => !job.running).map((job) => job.notBefore);
    return waiting.length === 0 ? null : Math.min(...waiting);
  }
}

/** Operations by how they stand: running, waiting for their turn or time, failed and retried later. */
export interface Queue {
  readonly running: number;
  readonly waiting: number;
  readonly retrying: number;
}

export function queueOf(jobs: Iterable<Job>): Queue {
  const queue = { running: 0, waiting: 0, retrying: 0 };
  for (const job of jobs) queue[job.running ? 'running' : job.trouble ? 'retrying' : 'waiting']++;
  return queue;
}

/** The current trouble of a subject. */
export const troubleIn = (lineup: Lineup | undefined): Trouble | null =>
  lineup?.jobs.find((job) => job.trouble)?.trouble ?? null;

interface Resource {
  readonly running: Set<Job>;
  /** Subjects that wait for a place. */
  readonly waiting: Set<Subject>;
  failures: number;
  heldUntil: Ms;
}

/** Per resource: operations in progress, subjects that wait, and until when it must not be called. */
export class Resources {
  readonly #all = new Map<string, Resource>();

  #of(resource: string): Resource {
    const found = this.#all.get(resource);
    if (found) return found;
    const made: Resource = {
      running: new Set(),
      waiting: new Set(),
      failures: 0,
      heldUntil: Number.NEGATIVE_INFINITY,
    };
    this.#all.set(resource, made);
    return made;
  }

  /** `at`: by the clock of this process. */
  mayBegin(resource: string, width: number, at: Ms): boolean {
    const { running } = this.#of(resource);
    if (running.size < width) return true;
    return [...running].filter((job) => at < job.running!.placeUntil).length < width;
  }
  /** Until when it must not be called. */
  heldUntil(resource: string): Ms {
    return this.#of(resource).heldUntil;
  }
  begin(resource: string, job: Job): void {
    this.#of(resource).running.add(job);
  }
  await(resource: string, subject: Subject): void {
    this.#of(resource).waiting.add(subject);
  }
  /** An operation ended: returns the subjects that are next, or all of them if nothing is in progress. */
  end(resource: string, job: Job): Subject[] {
    const one = this.#of(resource);
    one.running.delete(job);
    return this.#turnOf(one);
  }
  #turnOf(one: Resource): Subject[] {
    const next = [...one.waiting].slice(0, one.running.size === 0 ? undefined : NEXT);
    for (const subject of next) one.waiting.delete(subject);
    return next;
  }
  /** Subjects that are next because an operation in progress lost its place. */
  inTurn(): Subject[] {
    return [...this.#all.values()].flatMap((one) => (one.waiting.size > 0 ? this.#turnOf(one) : []));
  }
  answered(resource: string): void {
    const one = this.#of(resource);
    one.failures = 0;
    one.heldUntil = Number.NEGATIVE_INFINITY;
  }
  refused(resource: string, until: (failures: number) => Ms): void {
    const one = this.#of(resource);
    one.failures++;
    one.heldUntil = until(one.failures);
  }
}

export interface Troubled {
  readonly subject: Subject;
  readonly trouble: Trouble;
}
