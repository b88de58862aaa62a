import { canonicalText } from '../kit/canonical.ts';
import { compareText } from '../kit/order.ts';
import type { Series } from './port.ts';

/**
 * Labels that say who scraped a target and not which one it is: two monitors of the same pods, or two Prometheus of a
 * pair whose series are not merged, differ in these alone.
 */
const WHO_SCRAPED: ReadonlySet<string> = new Set([
  'job',
  'endpoint',
  'prometheus',
  'prometheus_replica',
  'receive_replica',
  '__replica__',
]);
/** Labels that name one target: without one of them two series may be of two. */
const TARGET = ['pod', 'instance'] as const;

const isNamed = (labels: Series['labels']): boolean => TARGET.some((name) => labels[name]);

/** A series without who scraped it, as a text that no other one has. Asked of every series at every look. */
function keyOf({ labels }: Series): string {
  let key = '';
  for (const name of Object.keys(labels).sort()) {
    if (WHO_SCRAPED.has(name)) continue;
    const value = labels[name]!;
    key += `${name.length}:${name}${value.length}:${value}`;
  }
  return key;
}

interface Once {
  readonly series: readonly Series[];
  /** Series that were left out, since another one tells the same. */
  readonly leftOut: number;
}

/**
 * Every counter once, however often its target is scraped. Of several that tell the same, the same one is taken at
 * each look: by its labels, in order. Pure.
 */
export function oncePerTarget(all: readonly Series[]): Once {
  const groups = new Map<string, Series[]>();
  const rest: Series[] = [];
  for (const one of all) {
    if (!isNamed(one.labels)) {
      rest.push(one);
      continue;
    }
    const key = keyOf(one);
    const same = groups.get(key);
    if (same) same.push(one);
    else groups.set(key, [one]);
  }
  const kept = [...groups.values()].map(
    (same) => [...same].sort((a, b) => compareText(canonicalText(a.labels), canonicalText(b.labels)))[0]!,
  );
  return { series: [...rest, ...kept], leftOut: all.length - rest.length - kept.length };
}
