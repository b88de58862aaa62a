/** What a schema says of a place in its values. Schemas are read by their form: nothing here knows their library. */

interface Def {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly items?: readonly unknown[];
  readonly options?: readonly unknown[];
  readonly innerType?: unknown;
  readonly in?: unknown;
  readonly left?: unknown;
  readonly right?: unknown;
  readonly getter?: () => unknown;
}

const defOf = (schema: unknown): Def | undefined => (schema as { readonly def?: Def } | undefined)?.def;

/** A schema without what is wrapped around it; every alternative of a union. Nested deeper than this is nobody's. */
function plain(schema: unknown, depth = 0): Def[] {
  const def = defOf(schema);
  if (!def || depth > 16) return [];
  const inside = [
    def.innerType ?? def.in,
    def.getter?.(),
    def.left,
    def.right,
    ...(def.options ?? []),
  ].filter((one) => one !== undefined);
  return inside.length === 0 ? [def] : inside.flatMap((one) => plain(one, depth + 1));
}

const step = (def: Def, part: PropertyKey): unknown =>
  typeof part === 'number'
    ? (def.element ?? def.items?.[part])
    : def.shape && Object.hasOwn(def.shape, part)
      ? def.shape[String(part)]
      : def.valueType;

/** Names of the fields that a schema knows at a path; none: there is no object, or any name is good. */
export function fieldsAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  let at = plain(schema);
  for (const part of path) at = at.flatMap((def) => plain(step(def, part)));
  return [...new Set(at.flatMap((def) => Object.keys(def.shape ?? {})))];
}

/** What is at a path of a value; undefined: nothing. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}
