/** How a version differs from the one that was made of it. */
interface Later<K, V> {
  readonly next: PersistentMap<K, V>;
  readonly key: K;
  readonly had: boolean;
  readonly value: V | undefined;
}

/**
 * A map that is never changed: `with` gives another one. The newest version holds the entries; an earlier one holds
 * how it differs, and copies when it is read again. Folds keep only the newest, so that adding to a map of any size
 * costs the same. Keys stay in the order in which they first came.
 */
export class PersistentMap<K, V> implements ReadonlyMap<K, V> {
  #entries: Map<K, V> | null;
  #later: Later<K, V> | null = null;

  constructor(entries: Iterable<readonly [K, V]> = []) {
    this.#entries = new Map(entries);
  }

  /** The entries of this version; only ever changed by handing them to a newer one. */
  #own(): Map<K, V> {
    if (this.#entries) return this.#entries;
    const steps: Later<K, V>[] = [];
    let newest: PersistentMap<K, V> = this;
    while (newest.#later) {
      steps.push(newest.#later);
      newest = newest.#later.next;
    }
    const entries = new Map(newest.#entries!);
    for (const { key, had, value } of steps.reverse())
      if (had) entries.set(key, value as V);
      else entries.delete(key);
    this.#entries = entries;
    this.#later = null;
    return entries;
  }

  /** This map with one entry more, or another value in its place. */
  with(key: K, value: V): PersistentMap<K, V> {
    const entries = this.#own();
    const had = entries.has(key);
    const before = entries.get(key);
    if (had && Object.is(before, value)) return this;
    const next = new PersistentMap<K, V>();
    next.#entries = entries.set(key, value);
    this.#entries = null;
    this.#later = { next, key, had, value: before };
    return next;
  }

  /** This map without the entries that are not wanted. It copies: for limits that are met now and then. */
  filter(wanted: (key: K, value: V) => boolean): PersistentMap<K, V> {
    return new PersistentMap([...this.#own()].filter(([key, value]) => wanted(key, value)));
  }

  get size(): number {
    return this.#own().size;
  }
  get(key: K): V | undefined {
    return this.#own().get(key);
  }
  has(key: K): boolean {
    return this.#own().has(key);
  }
  // Iterators walk a copy: a newer version may be made while one is under way.
  entries(): MapIterator<[K, V]> {
    return [...this.#own()].values();
  }
  keys(): MapIterator<K> {
    return [...this.#own().keys()].values();
  }
  values(): MapIterator<V> {
    return [...this.#own().values()].values();
  }
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }
  forEach(each: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) each(value, key, this);
  }
}
