import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import * as schemas from '../api/schemas.ts';
import type { Gatekeeper } from '../controller/gate/keeper.ts';
import type { GovernanceKeeper } from '../controller/governance.ts';
import type { Controller } from '../controller/loop.ts';
import type { Measures } from '../controller/measures.ts';
import type { Promoter } from '../controller/promotion.ts';
import type { SyncKeeper } from '../controller/syncing.ts';
import { type Actor, may, type Scope } from '../kit/actor.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { Tokens } from './auth.ts';
import type { BudgetHouse } from './budgets.ts';
import type { GovernanceHouse } from './governance.ts';
import type { House } from './house.ts';
import type { ServerMetrics } from './metrics.ts';
import type { SignInDesk } from './sign-in.ts';

/** What the routes are served from; nothing in here decides anything. */
export interface AppParts {
  readonly house: House;
  readonly budgets: BudgetHouse;
  /** Names of all SLOs. */
  readonly slos: readonly string[];
  readonly controller: Controller;
  readonly ledger: LedgerPort;
  readonly tokens: Tokens;
  readonly metrics: ServerMetrics;
  /** Null: everything is well. Otherwise why this server must not be asked for decisions. */
  unready(): string | null;
  /** What a person should look at, though decisions go on. */
  warnings?(): readonly string[];
  readonly consoleDir: string | null;
  readonly alertmanagerToken: string;
  readonly allowedHosts: readonly string[];
  onAlerts(body: unknown): Promise<void>;
  readonly signIn: SignInDesk;
  readonly governance: GovernanceKeeper;
  readonly governanceHouse: GovernanceHouse;
  /** Null: no forge is declared. */
  readonly gate: Gatekeeper | null;
  /** Null: no forge is declared, so nothing is promoted by pull request. */
  readonly promoter: Promoter | null;
  readonly sync: SyncKeeper;
  measures(service: string | null, now: number, spanMs: number): Measures;
  /** Where users are: nothing comes after them. */
  readonly lastEnvironments: readonly string[];
  /** Somebody says that something was pushed. */
  onPush(): void;
  /** What Argo CD's notifications carry as bearer token; null: none are taken. */
  readonly argoCdToken: string | null;
  /** Somebody says that an Application changed: it is looked at. */
  onSync(): Promise<void>;
  /** The branch that pull requests merge into. */
  readonly branch: string;
  /** Where browsers reach this server. */
  publicUrl(): string;
  now(): number;
  newId(): string;
}

export type Variables = { Variables: { actor: Actor } };
export type App = OpenAPIHono<Variables>;

type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 502 | 503;

/** An RFC 9457 answer: what is wrong, and what to do next. */
export const problem = (c: Context, status: ProblemStatus, title: string, detail: string, next?: string) =>
  c.body(JSON.stringify({ type: 'about:blank', title, status, detail, ...(next ? { next } : {}) }), status, {
    'content-type': 'application/problem+json',
  });

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const problemAnswer = {
  description: 'A problem (RFC 9457).',
  content: { 'application/problem+json': { schema: schemas.problemSchema } },
};

export const SESSION_COOKIE = 'sluice_session';

/**
 * Who asks: by a token of ours, by a CI system's token, or by a session of a browser. A session changes
 * something only from a page of ours: browsers say where a request comes from.
 */
export async function actorOf(
  parts: Pick<AppParts, 'tokens' | 'signIn'>,
  c: Context,
): Promise<Actor | undefined> {
  const secret = c.req.header('authorization')?.replace(/^Bearer /, '');
  if (secret !== undefined)
    return (
      parts.tokens.whose(secret) ??
      (secret.split('.').length === 3 ? parts.signIn.actorOfToken(secret) : undefined)
    );
  const actor = parts.signIn.actorOfSession(getCookie(c, SESSION_COOKIE));
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
  const ours = c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') === 'same-origin';
  return reads || ours ? actor : undefined;
}

/** Lets through who has the scope, and says to others what they lack. */
export const needs =
  (parts: Pick<AppParts, 'tokens' | 'signIn'>, scope: Scope): MiddlewareHandler<Variables> =>
  async (c, next) => {
    const actor = await actorOf(parts, c);
    if (!actor)
      return problem(
        c,
        401,
        'Who is asking?',
        'a valid token or a session is needed',
        'sign in, or send Authorization: Bearer …; make one with `sluice token create`',
      );
    if (!may(actor, scope))
      return problem(
        c,
        403,
        'Not allowed',
        `${actor.id} lacks the scope "${scope}"`,
        'ask for a token or a group with that scope',
      );
    c.set('actor', actor);
    await next();
  };
