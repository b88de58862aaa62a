import { hasScope, type TokenScope } from '../kit/actor.ts';

/** Of the answer of `/api/v1/me`, by what it is decided which orders are offered. */
export interface Offered {
  readonly actor: string | null;
  /** For everything. */
  readonly scopes: readonly string[];
  /** For the declared services that each covers, alone; a server of an earlier version says nothing of it. */
  readonly limited?: readonly { readonly scopes: readonly string[]; readonly covers: readonly string[] }[];
}

/** What an order concerns: one service, everything, or what its form is filled in with. */
export type Concern = { readonly service: string } | 'everything' | 'asked';

/** Services that somebody has a scope for, who does not have it for everything. */
export const servicesOf = (me: Offered | undefined, scope: TokenScope): readonly string[] =>
  !me?.actor || hasScope(me.scopes, scope)
    ? []
    : (me.limited ?? []).flatMap(({ scopes, covers }) => (hasScope(scopes, scope) ? covers : []));

/**
 * Whether an order is offered: to whoever is signed in with its scope for what it concerns, and to those who can give
 * a token. Somebody who is signed in without the scope is not asked for one.
 */
export function mayOrder(me: Offered | undefined, scope: TokenScope, concern: Concern): boolean {
  if (!me?.actor || hasScope(me.scopes, scope)) return true;
  const mine = servicesOf(me, scope);
  if (concern === 'asked') return mine.length > 0;
  return concern !== 'everything' && mine.includes(concern.service);
}
