/** A node of a syntax tree; its fields are whatever its type has. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Visits a node and everything below it, with the nodes above it, nearest last. */
export function walk(
  node: unknown,
  visit: (node: Node, above: readonly Node[]) => void,
  above: readonly Node[] = [],
): void {
  if (Array.isArray(node)) for (const one of node) walk(one, visit, above);
  if (!isNode(node)) return;
  visit(node, above);
  const path = [...above, node];
  for (const value of Object.values(node)) if (typeof value === 'object') walk(value, visit, path);
}
