/** A value and the place of its key: keys stay in the order in which they came. */
interface Entry<V> {
  readonly place: number;
  readonly value: V;
}

/** How a version differs from the one that was made of it; no entry: the key is not in it. */
interface Later<K, V> {
  readonly next: PersistentMap<K, V>;
  readonly key: K;
  readonly entry: Entry<V> | undefined;
}

/**
 * A map that is never changed: `with` and `without` give another one. The newest version holds the entries; an earlier
 * one holds how it differs, and copies when it is read again. Folds keep only the newest, so that a change costs the
 * same whatever the size of the map.
 */
export class PersistentMap<K, V> implements ReadonlyMap<K, V> {
  #entries: Map<K, Entry<V>> | null = new Map();
  #places = 0;
  #later: Later<K, V> | null = null;

  constructor(entries: Iterable<readonly [K, V]> = []) {
    for (const [key, value] of new Map(entries)) this.#entries!.set(key, { place: this.#places++, value });
  }

  /** The entries of this version; only ever changed by handing them to a newer one. */
  #own(): Map<K, Entry<V>> {
    if (this.#entries) return this.#entries;
    const steps: Later<K, V>[] = [];
    let newest: PersistentMap<K, V> = this;
    while (newest.#later) {
      steps.push(newest.#later);
      newest = newest.#later.next;
    }
    const entries = new Map(newest.#entries!);
    for (const { key, entry } of steps.reverse())
      if (entry) entries.set(key, entry);
      else entries.delete(key);
    this.#entries = new Map([...entries].sort(([, a], [, b]) => a.place - b.place));
    this.#later = null;
    return this.#entries;
  }

  /** Hands the entries on to the next version, of which this one knows how it differs. */
  #handOn(key: K, change: (entries: Map<K, Entry<V>>, place: number) => void): PersistentMap<K, V> {
    const entries = this.#own();
    const entry = entries.get(key);
    change(entries, entry?.place ?? this.#places);
    const next = new PersistentMap<K, V>();
    next.#entries = entries;
    next.#places = entry ? this.#places : this.#places + 1;
    this.#entries = null;
    this.#later = { next, key, entry };
    return next;
  }

  /** This map with one entry more, or another value in its place. */
  with(key: K, value: V): PersistentMap<K, V> {
    const entry = this.#own().get(key);
    if (entry && Object.is(entry.value, value)) return this;
    return this.#handOn(key, (entries, place) => entries.set(key, { place, value }));
  }

  /** This map without an entry. */
  without(key: K): PersistentMap<K, V> {
    return this.has(key) ? this.#handOn(key, (entries) => entries.delete(key)) : this;
  }

  /** With its key at the end, as if it had come now, and at most so many: the first ones go. */
  asNewest(key: K, value: V, limit: number): PersistentMap<K, V> {
    let next = this.without(key).with(key, value);
    while (next.size > limit) next = next.without(next.#own().keys().next().value!);
    return next;
  }

  get size(): number {
    return this.#own().size;
  }
  get(key: K): V | undefined {
    return this.#own().get(key)?.value;
  }
  has(key: K): boolean {
    return this.#own().has(key);
  }
  // Iterators walk a copy: a newer version may be made while one is under way.
  entries(): MapIterator<[K, V]> {
    return [...this.#own()].map(([key, { value }]): [K, V] => [key, value]).values();
  }
  keys(): MapIterator<K> {
    return [...this.#own().keys()].values();
  }
  values(): MapIterator<V> {
    return [...this.#own().values()].map(({ value }) => value).values();
  }
  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }
  forEach(each: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) each(value, key, this);
  }
}
