/** What lists hold, by name. A list is not changed once it was asked. */
const indices = new WeakMap<object, ReadonlyMap<string, unknown>>();

/** The first of a list that has this name. The list is walked once, however often it is asked. */
export function byName<T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined {
  let index = indices.get(all) as ReadonlyMap<string, T> | undefined;
  if (!index) {
    index = new Map([...all].reverse().map((one) => [one.name, one]));
    indices.set(all, index);
  }
  return index.get(name);
}
