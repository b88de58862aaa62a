/** What somebody may do; every mutation names the actor who asked for it. */
export const SCOPES = ['read', 'operate', 'waive', 'admin'] as const;
export type TokenScope = (typeof SCOPES)[number];

export interface Actor {
  readonly id: string;
  readonly kind: 'person' | 'machine' | 'system';
  readonly scopes: readonly TokenScope[];
}

/** The controller itself: it may act on its own verdicts and on nothing else. */
export const SYSTEM: Actor = { id: 'sluice', kind: 'system', scopes: ['read'] };

export const may = (actor: Actor, scope: TokenScope): boolean =>
  actor.scopes.includes(scope) || actor.scopes.includes('admin');
