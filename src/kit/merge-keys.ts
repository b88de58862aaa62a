import type { Json } from './json.ts';

const isMap = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What `<<` takes over: one mapping or several, the first of which counts; null: it is a key like others. */
function mergedFrom(value: Json | undefined): readonly { [key: string]: Json }[] | null {
  if (isMap(value)) return [value];
  return Array.isArray(value) && value.length > 0 && value.every(isMap) ? value : null;
}

/**
 * Merge keys (`<<: *base`) as YAML 1.1 has them, which Kubernetes and most tools for it read: what is written beside
 * them counts before what is taken over. Nothing grows by it: aliases are in place already.
 */
export function mergedKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(mergedKeys);
  if (!isMap(value)) return value;
  const from = mergedFrom(value['<<']);
  const own = Object.entries(value).flatMap(([key, inner]): [string, Json][] =>
    key === '<<' && from ? [] : [[key, mergedKeys(inner)]],
  );
  if (!from) return Object.fromEntries(own);
  const taken = [...from].reverse().map((one) => mergedKeys(one) as { [key: string]: Json });
  return Object.assign({}, ...taken, Object.fromEntries(own)) as Json;
}
