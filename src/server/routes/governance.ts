import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/governance.ts';
import { parseScope } from '../../governance/facts.ts';
import type { Actor } from '../../kit/actor.ts';
import { sha256 } from '../../kit/digest.ts';
import { didYouMean } from '../../kit/nearest.ts';
import type { Result } from '../../kit/result.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { inBody, ofScope, ofStanding } from '../concerns.ts';
import { type AppParts, type HttpApp, json, problem, problemAnswer } from '../http.ts';
import { needs } from '../needs.ts';

const key = z.object({ 'idempotency-key': z.string().min(1).max(200).optional() });
const named = z.object({ id: z.string().min(1).max(300) });
const answers = { 400: problemAnswer, 401: problemAnswer, 403: problemAnswer };
const body = <T extends z.ZodType>(schema: T) => ({
  content: { 'application/json': { schema } },
  required: true as const,
});
/** A name that people can say, the same for the same order. */
const nameOf = (letter: 'f' | 'w', key: string): string => `${letter}-${sha256(key).slice(0, 8)}`;

const recorded = (id: string, { seq }: LedgerRecord) => ({
  schema: 'sluice.dev/recorded/v1' as const,
  id,
  seq,
});

/** Scopes speak of what is declared: a freeze of nothing would look like one. */
const SCOPE_NEXT = 'name one of those, or * for all';

const isAt =
  (scope: { readonly service: string; readonly environment: string }) =>
  (lane: { readonly service: { readonly name: string }; readonly environment: { readonly name: string } }) =>
    lane.service.name === scope.service && lane.environment.name === scope.environment;

function wrongScope(parts: AppParts, text: string): string | null {
  const scope = parseScope(text);
  if (!scope) return `"${text}" is not a scope: expected prod, checkout/prod or *`;
  const lanes = parts.controller.lanes();
  const environments = [...new Set(lanes.map((l) => l.environment.name))];
  const services = [...new Set(lanes.map((l) => l.service.name))];
  if (scope.environment !== '*' && !environments.includes(scope.environment))
    return `no environment is named "${scope.environment}"; ${didYouMean(scope.environment, environments)}`;
  if (scope.service !== '*' && !services.includes(scope.service))
    return `no service is named "${scope.service}"; ${didYouMean(scope.service, services)}`;
  if (scope.service !== '*' && scope.environment !== '*' && !lanes.some(isAt(scope)))
    return `${scope.service} does not run in ${scope.environment}`;
  return null;
}

function listRoutes(app: HttpApp, { governanceQueries: queries }: AppParts): void {
  const freezes = createRoute({
    method: 'get',
    path: '/api/v1/freezes',
    responses: { 200: json(schemas.freezeListSchema, 'Active, scheduled and ended freezes.') },
  });
  app.openapi(freezes, (c) => c.json(queries.freezes(), 200));

  const waivers = createRoute({
    method: 'get',
    path: '/api/v1/waivers',
    responses: { 200: json(schemas.waiverListSchema, 'All waivers, newest first.') },
  });
  app.openapi(waivers, (c) => c.json(queries.waivers(), 200));
}

function freezeRoute(app: HttpApp, parts: AppParts): void {
  const { governance } = parts;
  const freeze = createRoute({
    method: 'post',
    path: '/api/v1/freezes',
    middleware: [
      needs(
        parts,
        'operate',
        inBody(schemas.freezeRequestSchema, ({ scope }) => ofScope(scope)),
      ),
    ] as const,
    request: { headers: key, body: body(schemas.freezeRequestSchema) },
    responses: { 201: json(schemas.recordedSchema, 'The freeze is active.'), ...answers },
  });
  app.openapi(freeze, async (c) => {
    const { scope, reason, until } = c.req.valid('json');
    const wrong = wrongScope(parts, scope);
    if (wrong) return problem(c, 400, 'No such scope', wrong, SCOPE_NEXT) as never;
    const id = nameOf('f', c.req.valid('header')['idempotency-key'] ?? parts.newId());
    const wanted = { id, scope: parseScope(scope)!, reason, until: Date.parse(until) };
    const done = await governance.freeze(wanted, c.get('actor'), parts.now());
    return done.ok
      ? c.json(recorded(id, done.value), 201)
      : (problem(c, 400, 'No freeze', done.error, 'see /api/v1/freezes') as never);
  });
}

function grantRoute(app: HttpApp, parts: AppParts): void {
  const { governance } = parts;
  const grant = createRoute({
    method: 'post',
    path: '/api/v1/waivers',
    middleware: [
      needs(
        parts,
        'waive',
        inBody(schemas.waiverRequestSchema, ({ scope }) => ofScope(scope)),
      ),
    ] as const,
    request: { headers: key, body: body(schemas.waiverRequestSchema) },
    responses: {
      201: json(schemas.recordedSchema, 'The waiver is valid, or waits for a second person.'),
      ...answers,
    },
  });
  app.openapi(grant, async (c) => {
    const { scope, expires, ...rest } = c.req.valid('json');
    const wrong = wrongScope(parts, scope);
    if (wrong) return problem(c, 400, 'No such scope', wrong, SCOPE_NEXT) as never;
    const id = nameOf('w', c.req.valid('header')['idempotency-key'] ?? parts.newId());
    const wanted = { ...rest, id, scope: parseScope(scope)!, expiresAt: Date.parse(expires) };
    const done = await governance.grant(wanted, c.get('actor'), parts.now());
    return done.ok
      ? c.json(recorded(id, done.value), 201)
      : (problem(c, 400, 'No waiver', done.error, 'see /api/v1/waivers') as never);
  });
}

type Order = (id: string, reason: string, actor: Actor) => Promise<Result<LedgerRecord, string>>;

/** Orders about one that is there, by path. */
const ordersOf = ({ governance, now }: AppParts): Readonly<Record<string, Order>> => ({
  '/api/v1/freezes/{id}/lift': (id, reason, actor) => governance.lift(id, reason, actor, now()),
  '/api/v1/waivers/{id}/approve': (id, reason, actor) => governance.approve(id, reason, actor, now()),
  '/api/v1/waivers/{id}/revoke': (id, reason, actor) => governance.revoke(id, reason, actor, now()),
});

function orderRoute(app: HttpApp, parts: AppParts, path: string, order: Order): void {
  const route = createRoute({
    method: 'post',
    path,
    middleware: [
      needs(
        parts,
        'waive',
        ofStanding(path.startsWith('/api/v1/freezes/') ? 'freezes' : 'waivers', () =>
          parts.governance.state(),
        ),
      ),
    ] as const,
    request: { params: named, body: body(schemas.reasonRequestSchema) },
    responses: { 200: json(schemas.recordedSchema, 'Recorded.'), ...answers, 409: problemAnswer },
  });
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const done = await order(id, c.req.valid('json').reason, c.get('actor'));
    return done.ok
      ? c.json(recorded(id, done.value), 200)
      : (problem(
          c,
          409,
          'Nothing was changed',
          done.error,
          'see /api/v1/freezes and /api/v1/waivers',
        ) as never);
  });
}

/** Freezes and waivers: what stands, and orders about it, each with an actor, a scope and a reason. */
export function governanceRoutes(app: HttpApp, parts: AppParts): void {
  listRoutes(app, parts);
  freezeRoute(app, parts);
  grantRoute(app, parts);
  for (const [path, order] of Object.entries(ordersOf(parts))) orderRoute(app, parts, path, order);
}
