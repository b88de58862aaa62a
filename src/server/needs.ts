import type { Context, MiddlewareHandler } from 'hono';
import type { Platform } from '../declaration/platform.ts';
import { type Actor, grantText, hasScope, may, mayFor, type Teams, type TokenScope } from '../kit/actor.ts';
import { type Concern, teamsOf } from './concerns.ts';
import { type AppParts, actorOf, bearerOf, problem, type Variables } from './http.ts';

const unknown = (c: Context, scope: TokenScope, ended: string | null) =>
  problem(
    c,
    401,
    'Unauthorized',
    `${ended ? `${ended}; ` : ''}this needs a token with scope "${scope}"`,
    'sign in, or send Authorization: Bearer …; `sluice token create` makes a token',
  );

/** Says to whom lacks a scope for everything what they lack; undefined: they have it. */
export function refusal(c: Context, actor: Actor | undefined, scope: TokenScope, ended: string | null) {
  if (!actor) return unknown(c, scope, ended);
  if (may(actor, scope)) return undefined;
  return lacking(c, actor, scope, { all: 'this concerns no single service' }, new Map());
}

/** The service with its team, if it has one. */
const owned = (service: string, team: string | null): string =>
  `the service ${service}${team === null ? '' : ` of team ${team}`}`;

/** Whose right is missing, and what to ask for. */
function lacking(c: Context, { id, limited = [] }: Actor, scope: TokenScope, concern: Concern, teams: Teams) {
  const refuse = (detail: string, next: string) => problem(c, 403, 'Not allowed', detail, next);
  const mine = limited.filter(({ scopes }) => hasScope(scopes, scope));
  if (mine.length === 0)
    return refuse(`${id} does not have the scope "${scope}"`, 'ask for a token or a group with that scope');
  const has = `${id} has only ${mine.map(grantText).join('; ')}`;
  if ('all' in concern)
    return refuse(`${has}; ${concern.all}`, `ask for the scope "${scope}" for everything`);
  const rights = { scopes: [], limited };
  const missing = concern.services.filter((service) => !mayFor(rights, scope, [service], teams));
  const [first = ''] = missing;
  const team = teams.get(first);
  if (team === undefined)
    return refuse(
      `${has}; ${first || 'this'} is not declared`,
      'see /api/v1/me for the services that you may',
    );
  return refuse(
    `${has}, not for ${missing.map((one) => owned(one, teams.get(one) ?? null)).join(' and ')}`,
    team === null
      ? `ask for the scope "${scope}" for the service ${first}`
      : `ask team ${team}, or ask for the scope "${scope}" for team ${team}`,
  );
}

type NeedParts = Pick<AppParts, 'tokens' | 'signIn' | 'answered' | 'now'> & {
  readonly platform: Pick<Platform, 'services'>;
};

/**
 * Lets through who has the scope for what a request concerns, and says to others what they lack. Where nothing is
 * said, it concerns everything. Nothing is worked out for who has the scope for everything.
 */
export const needs =
  (
    parts: NeedParts,
    scope: TokenScope,
    concernOf?: (c: Context<Variables>) => Concern | Promise<Concern>,
  ): MiddlewareHandler<Variables> =>
  async (c, next) => {
    const actor = await actorOf(parts, c);
    if (!actor) return unknown(c, scope, parts.tokens.ended(bearerOf(c), parts.now()));
    if (!may(actor, scope)) {
      const isLimited = concernOf !== undefined && (actor.limited ?? []).length > 0;
      if (!isLimited) return refusal(c, actor, scope, null);
      const concern = await concernOf(c);
      const teams = teamsOf(parts.platform);
      const allowed = 'services' in concern && mayFor(actor, scope, concern.services, teams);
      if (!allowed) return lacking(c, actor, scope, concern, teams);
    }
    c.set('actor', actor);
    return parts.answered.once(c, actor.id, next);
  };
