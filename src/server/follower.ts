import type { Context, MiddlewareHandler } from 'hono';
import { request } from 'undici';
import { z } from 'zod';
import { limitedGrantSchema } from '../api/rights.ts';
import { bytesOf, textOf } from '../io/answer.ts';
import { type Actor, SCOPES } from '../kit/actor.ts';
import { parseForeign } from '../kit/json.ts';
import { messageOf } from '../kit/result.ts';
import { consoleFiles, endings, newApp } from './app.ts';
import { loadTokens } from './auth.ts';
import { type AppParts, bearerOf, type HttpApp, isOwnPage, problem } from './http.ts';
import { refusal } from './needs.ts';
import { exportGuard, readGuard } from './reads.ts';
import { healthRoutes } from './routes/health.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { noticeRoutes } from './routes/notices.ts';
import { releaseRoutes } from './routes/releases.ts';
import { streamRoutes } from './routes/stream.ts';

interface FollowerParts
  extends Pick<
    AppParts,
    | 'queries'
    | 'ledger'
    | 'controller'
    | 'now'
    | 'unready'
    | 'metrics'
    | 'consoleDir'
    | 'allowedHosts'
    | 'openReads'
    | 'verdictToken'
  > {
  /** Who leads, and where it answers; null: nobody, or at no address that is known. */
  leader(): { readonly name: string; readonly address: string | null } | null;
}

const FORWARD_TIMEOUT_MS = 10_000;
/** What a leader answers to a page of the console is far shorter; streams and exports are not passed on. */
const LONGEST_ANSWER = 64 << 20;
/** What is between two connections, and names of who asks whom. */
const NOT_PASSED = new Set([
  'host',
  'origin',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'upgrade',
]);
/** Answered from the ledger alone, whoever leads. */
const OWN = /^\/(healthz|readyz|metrics|openapi\.json|assets\/.*|api\/v1\/(verdict|ledger.*|events))?$/;
/** Answered from the ledger where nobody else can. */
const READS = /^\/api\/v1\/(overview|releases.*|notices)$/;

/** A question for a verdict on where a Rollout stands now. */
const isStanding = (c: Context): boolean =>
  c.req.path === '/api/v1/verdict' && c.req.query('phase') === 'now';

async function pass(c: Context, address: string): Promise<Response> {
  const url = new URL(c.req.url);
  const headers = Object.fromEntries(
    Object.entries(c.req.header()).filter(([name]) => !NOT_PASSED.has(name.toLowerCase())),
  );
  // Pages of elsewhere were refused here already. The leader has another name, and judges by its own.
  if (isOwnPage(c)) headers['origin'] = new URL(address).origin;
  const body = ['GET', 'HEAD'].includes(c.req.method) ? null : Buffer.from(await c.req.arrayBuffer());
  const answer = await request(`${address}${url.pathname}${url.search}`, {
    method: c.req.method as 'GET',
    headers,
    body,
    signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
  });
  const back = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value])
      if (!NOT_PASSED.has(name)) back.append(name, one);
  return new Response(await bytesOf(answer, LONGEST_ANSWER), { status: answer.statusCode, headers: back });
}

const meSchema = z.object({
  actor: z.string().nullable(),
  kind: z.enum(['person', 'machine', 'system']).nullable(),
  scopes: z.array(z.enum(SCOPES)),
  /** A leader of an earlier version knows no limits. */
  limited: z.array(limitedGrantSchema).default([]),
});

/**
 * Who asks a server that does not lead: sessions are known to the leader alone, which is asked; where none answers,
 * tokens are looked up in the ledger.
 */
const askerOf =
  ({ leader, ledger, now }: FollowerParts) =>
  async (c: Context): Promise<Actor | undefined> => {
    const { authorization, cookie } = c.req.header();
    if (authorization === undefined && cookie === undefined) return undefined;
    const address = leader()?.address;
    try {
      if (address) {
        const answer = await request(`${address}/api/v1/me`, {
          headers: { ...(authorization ? { authorization } : {}), ...(cookie ? { cookie } : {}) },
          signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS),
        });
        const { actor, kind, scopes, limited } = meSchema.parse(parseForeign(await textOf(answer)));
        return actor === null || kind === null ? undefined : { id: actor, kind, scopes, limited };
      }
    } catch {
      // It is away, or leads no more.
    }
    return (await loadTokens(ledger)).whose(bearerOf(c), now());
  };

/**
 * A server that does not lead: it follows the ledger, and gives reads and verdicts from it. Everything else is
 * passed to the leader, with whose scopes it then happens; it decides nothing itself.
 */
export function createFollowerApp(parts: FollowerParts): HttpApp {
  const app = newApp(parts);
  app.use('*', async (c, next) => {
    const { path } = c.req;
    const page = c.req.method === 'GET' && !path.startsWith('/api/') && !path.startsWith('/auth/');
    // Where a Rollout stands only the leader reads; without it such a question waits, as without an answer.
    const own = OWN.test(path) && !isStanding(c);
    if (page || own) return next();
    const leader = parts.leader();
    if (leader?.address) {
      try {
        return await pass(c, leader.address);
      } catch (thrown) {
        if (isStanding(c)) return next();
        if (c.req.method !== 'GET' || !READS.test(path))
          return problem(c, 503, 'The leader does not answer', messageOf(thrown), 'try again in a moment');
      }
    }
    if (isStanding(c) || (c.req.method === 'GET' && READS.test(path))) return next();
    const who = leader ? `${leader.name} leads, at no address that is known here` : 'there is no leader now';
    return problem(c, 503, 'On standby', `this server is a follower; ${who}`, 'try again in a moment');
  });
  const who = askerOf(parts);
  app.use('/api/*', readGuard({ ...parts, who }));
  healthRoutes(app, parts);
  releaseRoutes(app, parts);
  noticeRoutes(app, parts);
  const needsAdmin: MiddlewareHandler = async (c, next) =>
    refusal(c, await who(c), 'admin', null) ?? (await next());
  ledgerRoutes(app, { ...parts, mayExport: exportGuard(parts.openReads, needsAdmin) });
  streamRoutes(app, parts);
  endings(app);
  consoleFiles(app, parts.consoleDir);
  return app;
}
