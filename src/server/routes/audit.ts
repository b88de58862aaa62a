import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/governance.ts';
import { type AppParts, type HttpApp, json, problem, problemAnswer } from '../http.ts';

const DECISION_NEXT = 'see sluice ledger list --type gate.decided';

function searchRoute(app: HttpApp, parts: AppParts): void {
  const { governanceQueries: queries } = parts;
  const search = createRoute({
    method: 'get',
    path: '/api/v1/audit',
    request: {
      query: z.object({
        service: z.string().optional(),
        environment: z.string().optional(),
        actor: z.string().optional(),
        decision: z.string().optional(),
        type: z.string().optional(),
        text: z.string().max(200).optional(),
        from: z.coerce.number().optional(),
        to: z.coerce.number().optional(),
        before: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().positive().max(500).default(100),
      }),
    },
    responses: { 200: json(schemas.auditSchema, 'Records that match, newest first.'), 400: problemAnswer },
  });
  app.openapi(search, async (c) => {
    const { before, limit, ...query } = c.req.valid('query');
    return c.json(await queries.audit(query, before, limit), 200);
  });
}

function explainRoute(app: HttpApp, parts: AppParts): void {
  const { governanceQueries: queries } = parts;
  const params = z.object({ id: z.string() });
  const explain = createRoute({
    method: 'get',
    path: '/api/v1/decisions/{id}/explanation',
    request: { params },
    responses: {
      200: json(
        z.object({
          schema: z.literal('sluice.dev/explanation/v1'),
          decision: z.string(),
          lines: z.array(z.string()),
        }),
        'Explanation of the decision.',
      ),
      404: problemAnswer,
    },
  });
  app.openapi(explain, async (c) => {
    const { id } = c.req.valid('param');
    const lines = await queries.explain(id);
    return lines
      ? c.json({ schema: 'sluice.dev/explanation/v1' as const, decision: id, lines }, 200)
      : (problem(c, 404, 'No such decision', id, DECISION_NEXT) as never);
  });
}

function replayRoute(app: HttpApp, parts: AppParts): void {
  const { governanceQueries: queries } = parts;
  app.get('/api/v1/decisions/:id/replay', async (c) => {
    const id = c.req.param('id');
    const replayed = await queries.replay(id);
    if (!('missing' in replayed)) return c.json(replayed);
    return replayed.missing === 'decision'
      ? problem(c, 404, 'No such decision', id, DECISION_NEXT)
      : problem(
          c,
          404,
          'No such policy',
          `the policy of ${id} was never kept in this ledger`,
          'it cannot be recomputed; its facts are in its record',
        );
  });
}

/** Who decided what, on which numbers: searched, told, and recomputed. */
export function auditRoutes(app: HttpApp, parts: AppParts): void {
  searchRoute(app, parts);
  explainRoute(app, parts);
  replayRoute(app, parts);
}
