/** What a grown list keeps to itself: the items that it shares with the list that it grew from. */
const ITEMS = Symbol('items');

interface Grown<T> {
  readonly [ITEMS]?: T[];
}

const refuse = (): boolean => false;
const indexOf = (key: string | symbol): number =>
  typeof key === 'string' && /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1;

/** The first items of a list that others may go on adding to, as an array that cannot be changed. */
function firstOf<T>(items: T[], length: number): readonly T[] {
  const isIn = (key: string | symbol): boolean => {
    const index = indexOf(key);
    return index >= 0 && index < length;
  };
  return new Proxy<T[]>([], {
    get(target, key, receiver) {
      if (key === ITEMS) return items;
      if (key === 'length') return length;
      return indexOf(key) >= 0
        ? isIn(key)
          ? items[indexOf(key)]
          : undefined
        : (Reflect.get(target, key, receiver) as unknown);
    },
    has: (target, key) => isIn(key) || Reflect.has(target, key),
    ownKeys: () => [...Array.from({ length }, (_, i) => String(i)), 'length'],
    getOwnPropertyDescriptor(target, key) {
      if (isIn(key))
        return { value: items[indexOf(key)], writable: true, enumerable: true, configurable: true };
      const own = Reflect.getOwnPropertyDescriptor(target, key);
      return key === 'length' ? { ...own!, value: length } : own;
    },
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  });
}

/**
 * A list with more at its end; the list itself stays as it is. It costs what is added, however long the list is: both
 * share their items, and only a list that was grown from already is copied. To whoever reads it, it is an array.
 */
export function grown<T>(list: readonly T[], more: readonly T[]): readonly T[] {
  if (more.length === 0) return list;
  const shared = (list as Grown<T>)[ITEMS];
  const items = shared?.length === list.length ? shared : [...list];
  items.push(...more);
  return firstOf(items, items.length);
}
