/** What somebody may do; every mutation names the actor who asked for it. */
export const SCOPES = ['read', 'operate', 'waive', 'admin'] as const;
export type TokenScope = (typeof SCOPES)[number];

export interface Actor {
  readonly id: string;
  readonly kind: 'person' | 'machine' | 'system';
  readonly scopes: readonly TokenScope[];
  /** The person who carries this token; left out: the actor itself is one. */
  readonly person?: string;
  /** Who made this token, and who made theirs: each may know its secret. */
  readonly madeBy?: readonly string[];
}

/** Whom an order is from, as far as one person is told from another. */
interface Known {
  readonly id: string;
  readonly person?: string | undefined;
  readonly madeBy?: readonly string[] | undefined;
}

/** Whether two may be one person: a second token, or one that the first made for somebody else, is no second person. */
export function maybeSamePerson(a: Known, b: Known): boolean {
  const names = ({ id, person }: Known) => [id, person ?? id];
  const meet = (some: readonly string[], others: readonly string[]) => some.some((n) => others.includes(n));
  return meet(names(a), names(b)) || meet(a.madeBy ?? [], names(b)) || meet(b.madeBy ?? [], names(a));
}

/** The controller itself: it may act on its own verdicts and on nothing else. */
export const SYSTEM: Actor = { id: 'sluice', kind: 'system', scopes: ['read'] };

/** Whoever may do anything may read: one orders nothing that one cannot see. */
export const may = ({ scopes }: Actor, scope: TokenScope): boolean =>
  scopes.includes(scope) || scopes.includes('admin') || (scope === 'read' && scopes.length > 0);
