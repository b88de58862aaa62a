import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/schemas.ts';
import { type App, type AppParts, json, problem, problemAnswer } from '../http.ts';

/** Pure reads: what runs where, one release, why it ended so, and the verdict. */
export function releaseRoutes(app: App, parts: Pick<AppParts, 'house'>): void {
  const overview = createRoute({
    method: 'get',
    path: '/api/v1/overview',
    responses: { 200: json(schemas.overviewSchema, 'Every service in every environment, trouble first.') },
  });
  app.openapi(overview, async (c) =>
    c.json((await parts.house.overview()) as z.infer<typeof schemas.overviewSchema>, 200),
  );

  const releases = createRoute({
    method: 'get',
    path: '/api/v1/releases',
    responses: { 200: json(schemas.releaseListSchema, 'All releases, newest first.') },
  });
  app.openapi(releases, async (c) =>
    c.json((await parts.house.releases()) as z.infer<typeof schemas.releaseListSchema>, 200),
  );

  const release = createRoute({
    method: 'get',
    path: '/api/v1/releases/{id}',
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(schemas.releaseSchema, 'One release.'), 404: problemAnswer },
  });
  app.openapi(release, async (c) => {
    const found = await parts.house.release(c.req.valid('param').id);
    if (!found)
      return problem(c, 404, 'No such release', c.req.valid('param').id, 'see /api/v1/releases') as never;
    return c.json(found as z.infer<typeof schemas.releaseSchema>, 200);
  });

  const explanation = createRoute({
    method: 'get',
    path: '/api/v1/releases/{id}/explanation',
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(schemas.explanationSchema, 'Why it ended as it did.'), 404: problemAnswer },
  });
  app.openapi(explanation, async (c) => {
    const { id } = c.req.valid('param');
    const lines = await parts.house.explain(id);
    if (!lines) return problem(c, 404, 'No such release', id, 'see /api/v1/releases') as never;
    return c.json({ schema: 'sluice.dev/explanation/v1' as const, release: id, lines }, 200);
  });

  const verdict = createRoute({
    method: 'get',
    path: '/api/v1/verdict',
    request: {
      query: z.object({
        service: z.string(),
        environment: z.string(),
        revision: z.string(),
        step: z.coerce.number().int().nonnegative().default(0),
        phase: z.enum(['start', 'step']).default('step'),
      }),
    },
    responses: {
      200: json(
        schemas.verdictSchema,
        'Pass, fail or inconclusive, with reasons; never another status for a question that can be read.',
      ),
      400: problemAnswer,
    },
  });
  app.openapi(verdict, (c) =>
    c.json(parts.house.verdict(c.req.valid('query')) as z.infer<typeof schemas.verdictSchema>, 200),
  );
}
