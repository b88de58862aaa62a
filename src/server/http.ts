import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, Next } from 'hono';
import { getCookie } from 'hono/cookie';
import * as schemas from '../api/schemas.ts';
import type { Gate } from '../controller/gate/gate.ts';
import type { FreezesAndWaivers } from '../controller/governance/governance.ts';
import type { Controller } from '../controller/loop.ts';
import type { Measures } from '../controller/measures.ts';
import type { Promoter } from '../controller/promotion/promoter.ts';
import type { SyncFollower } from '../controller/sync/sync-follower.ts';
import type { Platform } from '../declaration/platform.ts';
import type { PullRequest } from '../gitops/forge.ts';
import type { Actor } from '../kit/actor.ts';
import { didYouMean } from '../kit/nearest.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { Tokens } from './auth.ts';
import type { BudgetQueries } from './budgets.ts';
import type { GovernanceQueries } from './governance.ts';
import type { ServerMetrics } from './metrics.ts';
import type { ServerQueries } from './queries.ts';
import type { SignInDesk } from './sign-in.ts';

/** Answers to orders by who gave them and under which key: an order that comes twice is carried out once. */
export interface Answered {
  once(c: Context, actor: string, next: Next): Promise<Response | undefined>;
}

/** What the routes are served from; nothing in here decides anything. */
export interface AppParts {
  readonly queries: ServerQueries;
  readonly budgets: BudgetQueries;
  /** Says which services there are and whose they are; names of all SLOs. */
  readonly platform: Pick<Platform, 'services' | 'environments' | 'slos'>;
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
  /** Whether only this machine reaches the server: then what is read needs no token. */
  readonly openReads: boolean;
  /** What Rollouts carry who ask for a verdict; null: they are answered without. */
  readonly verdictToken: string | null;
  onAlerts(body: unknown): Promise<void>;
  readonly signIn: SignInDesk;
  /** Orders that were answered: one that comes twice is carried out once. */
  readonly answered: Answered;
  readonly governance: FreezesAndWaivers;
  readonly governanceQueries: GovernanceQueries;
  /** Null: no forge is declared. */
  readonly gate: Gate | null;
  /** Null: no forge is declared, so nothing is promoted by pull request. */
  readonly promoter: Promoter | null;
  readonly sync: SyncFollower;
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

export type Variables = {
  Variables: {
    actor: Actor;
    /** The pull request by whose commits the right to it was checked; left out: the right is for everything. */
    pull?: PullRequest;
  };
};
export type HttpApp = OpenAPIHono<Variables>;

type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 502 | 503;

/** An RFC 9457 answer: what is wrong, and what to do next. */
export const problem = (c: Context, status: ProblemStatus, title: string, detail: string, next: string) =>
  c.body(JSON.stringify({ type: 'about:blank', title, status, detail, next }), status, {
    'content-type': 'application/problem+json',
  });

/** The answer about a lane that is not declared: the one that was probably meant, else those that are. */
export const noSuchLane = (c: Context, lane: string, known: readonly string[]) =>
  problem(c, 404, 'No such lane', `${lane} is not declared`, didYouMean(lane, known));

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const problemAnswer = {
  description: 'A problem (RFC 9457).',
  content: { 'application/problem+json': { schema: schemas.problemSchema } },
};

export const SESSION_COOKIE = 'sluice_session';

/** What a request carries as its bearer token. */
export const bearerOf = (c: Context): string | undefined =>
  c.req.header('authorization')?.replace(/^Bearer /, '');

/** Whether a browser says that one of our own pages asks. Another page's is refused before: see `foreignRequest`. */
export const isOwnPage = (c: Context): boolean =>
  c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') === 'same-origin';

/**
 * Who asks: by a token of ours, by a CI system's token, or by a session of a browser. A session changes
 * something only from a page of ours: browsers say where a request comes from.
 */
export async function actorOf(
  parts: Pick<AppParts, 'tokens' | 'signIn' | 'now'>,
  c: Context,
): Promise<Actor | undefined> {
  const secret = bearerOf(c);
  if (secret !== undefined)
    return (
      parts.tokens.whose(secret, parts.now()) ??
      // A command line that signed in carries its session as a token.
      parts.signIn.actorOfSession(secret) ??
      (secret.split('.').length === 3 ? parts.signIn.actorOfToken(secret) : undefined)
    );
  const actor = parts.signIn.actorOfSession(getCookie(c, SESSION_COOKIE));
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
  return reads || isOwnPage(c) ? actor : undefined;
}
