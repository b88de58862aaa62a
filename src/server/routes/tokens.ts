import { createRoute, z } from '@hono/zod-openapi';
import { grantView } from '../../api/rights.ts';
import * as schemas from '../../api/schemas.ts';
import { grantIn } from '../../kit/actor.ts';
import { didYouMean } from '../../kit/nearest.ts';
import type { TokenView } from '../auth.ts';
import { teamsOf } from '../concerns.ts';
import { type AppParts, type HttpApp, json, problem, problemAnswer } from '../http.ts';
import { needs } from '../needs.ts';

const REFUSED = { 400: problemAnswer, 401: problemAnswer, 403: problemAnswer };

const shown = (token: TokenView) => ({
  ...token,
  scopes: [...token.scopes],
  limited: token.limited.map(grantView),
});

type Request = z.infer<typeof schemas.tokenRequestSchema>;

/** Why a token cannot be limited to what is named; null: it can. A name with a slip would be a right that nobody has. */
function wrongLimit(
  parts: AppParts,
  { services = [], teams = [] }: Request,
): readonly [string, string] | null {
  const known = teamsOf(parts.platform);
  const [serviceNames, teamNames] = [
    [...known.keys()],
    [...new Set(known.values())].filter((t) => t !== null),
  ];
  const service = services.find((name) => !serviceNames.includes(name));
  if (service !== undefined) return [`no service is named "${service}"`, didYouMean(service, serviceNames)];
  const team = teams.find((name) => !teamNames.includes(name));
  return team === undefined ? null : [`no team is named "${team}"`, didYouMean(team, teamNames)];
}

function createTokenRoute(app: HttpApp, parts: AppParts): void {
  const token = createRoute({
    method: 'post',
    path: '/api/v1/tokens',
    middleware: [needs(parts, 'admin')] as const,
    request: {
      body: { content: { 'application/json': { schema: schemas.tokenRequestSchema } }, required: true },
    },
    responses: {
      201: json(schemas.tokenAnswerSchema, 'The secret, shown once.'),
      409: problemAnswer,
      ...REFUSED,
    },
  });
  app.openapi(token, async (c) => {
    const asked = c.req.valid('json');
    const { name, expires, person } = asked;
    const expiresAt = expires === undefined ? null : Date.parse(expires);
    if (expiresAt !== null && expiresAt <= parts.now())
      return problem(c, 400, 'Bad request', `${expires} is in the past`, 'give a time to come') as never;
    const taken = parts.tokens.taken(name, parts.now());
    if (taken)
      return problem(c, 409, 'Name in use', taken, 'choose another name, or revoke that one') as never;
    const wrong = wrongLimit(parts, asked);
    if (wrong) return problem(c, 400, 'No such limit', ...wrong) as never;
    const made = await parts.tokens.create(
      name,
      grantIn(asked),
      c.get('actor'),
      parts.now(),
      expiresAt,
      person,
    );
    return c.json({ schema: 'sluice.dev/token/v1' as const, name, ...made }, 201);
  });
}

/** API tokens: made, listed without their secrets, and revoked. */
export function tokenRoutes(app: HttpApp, parts: AppParts): void {
  createTokenRoute(app, parts);
  const list = createRoute({
    method: 'get',
    path: '/api/v1/tokens',
    middleware: [needs(parts, 'admin')] as const,
    responses: { 200: json(schemas.tokenListSchema, 'Every token, without its secret.'), ...REFUSED },
  });
  app.openapi(list, (c) =>
    c.json(
      { schema: 'sluice.dev/tokens/v1' as const, at: parts.now(), tokens: parts.tokens.list().map(shown) },
      200,
    ),
  );
  const revoke = createRoute({
    method: 'post',
    path: '/api/v1/tokens/{id}/revoke',
    middleware: [needs(parts, 'admin')] as const,
    request: { params: z.object({ id: z.string() }) },
    responses: {
      200: json(schemas.tokenRevokedSchema, 'Revoked; once more changes nothing.'),
      404: problemAnswer,
      ...REFUSED,
    },
  });
  app.openapi(revoke, async (c) => {
    const { id } = c.req.valid('param');
    const token = await parts.tokens.revoke(id, c.get('actor'), parts.now());
    if (!token) return problem(c, 404, 'No such token', id, 'list them with `sluice token list`') as never;
    return c.json({ schema: 'sluice.dev/token-revoked/v1' as const, token: shown(token) }, 200);
  });
}
