import type { Ms } from '../../kit/time.ts';

interface Waking<K> {
  readonly at: Ms;
  readonly key: K;
}

/** A heap with the earliest time on top. */
class Earliest<K> {
  readonly #heap: Waking<K>[] = [];

  get top(): Waking<K> | undefined {
    return this.#heap[0];
  }

  push(one: Waking<K>): void {
    const heap = this.#heap;
    let at = heap.push(one) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (heap[above]!.at <= heap[at]!.at) return;
      [heap[above], heap[at]] = [heap[at]!, heap[above]!];
      at = above;
    }
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const least = [left, left + 1].reduce(
        (best, child) => (child < heap.length && heap[child]!.at < heap[best]!.at ? child : best),
        at,
      );
      if (least === at) return;
      [heap[least], heap[at]] = [heap[at]!, heap[least]!];
      at = least;
    }
  }
}

/** Clock corrections below this make nothing due: waiting subjects wait that much longer. */
const SET_BACK_MS = 60_000;

/**
 * Which subjects are due now, and when the others will be. Subjects that are not due cost nothing, however many there
 * are. Times are milliseconds since the epoch, by the clock that `take` is given.
 */
export class Due<K> {
  readonly #now = new Set<K>();
  readonly #times = new Map<K, Ms>();
  #earliest = new Earliest<K>();
  #askedAt = Number.NEGATIVE_INFINITY;

  /** Makes it due now, whatever it waited for. */
  mark(key: K): void {
    this.#now.add(key);
  }

  /** Sets when it becomes due; null: only when it is marked. The last call counts. */
  wakeAt(key: K, at: Ms | null): void {
    if (at === null) {
      this.#times.delete(key);
      return;
    }
    if (this.#times.get(key) === at) return;
    this.#times.set(key, at);
    this.#earliest.push({ at, key });
  }

  /** Removes it. */
  forget(key: K): void {
    this.#now.delete(key);
    this.#times.delete(key);
  }

  /** Everything that is due now, once, in the order in which it became due. A clock that was set back makes everything due. */
  take(now: Ms): K[] {
    if (this.#askedAt - now > SET_BACK_MS) {
      for (const key of this.#times.keys()) this.#now.add(key);
      this.#times.clear();
      this.#earliest = new Earliest();
    }
    this.#askedAt = now;
    for (let top = this.#earliest.top; top && top.at <= now; top = this.#earliest.top) {
      this.#earliest.pop();
      // This time was replaced by another one.
      if (this.#times.get(top.key) !== top.at) continue;
      this.#times.delete(top.key);
      this.#now.add(top.key);
    }
    const due = [...this.#now];
    this.#now.clear();
    return due;
  }

  get hasMarked(): boolean {
    return this.#now.size > 0;
  }
}
