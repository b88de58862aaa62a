import { createRoute, z } from '@hono/zod-openapi';
import { releaseSchema } from '../../api/release-schema.ts';
import * as schemas from '../../api/schemas.ts';
import { type AppParts, type HttpApp, json, problem, problemAnswer } from '../http.ts';

function listRoutes(app: HttpApp, parts: Pick<AppParts, 'queries'>): void {
  const overview = createRoute({
    method: 'get',
    path: '/api/v1/overview',
    responses: {
      200: json(
        schemas.overviewSchema,
        'Every service in every environment, those that need attention first.',
      ),
    },
  });
  app.openapi(overview, async (c) => c.json(await parts.queries.overview(), 200));

  const releases = createRoute({
    method: 'get',
    path: '/api/v1/releases',
    responses: { 200: json(schemas.releaseListSchema, 'All releases, newest first.') },
  });
  app.openapi(releases, async (c) => c.json(await parts.queries.releases(), 200));
}

function releaseRoute(app: HttpApp, parts: Pick<AppParts, 'queries'>): void {
  const release = createRoute({
    method: 'get',
    path: '/api/v1/releases/{id}',
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(releaseSchema, 'One release.'), 404: problemAnswer },
  });
  app.openapi(release, async (c) => {
    const found = await parts.queries.release(c.req.valid('param').id);
    if (!found)
      return problem(c, 404, 'No such release', c.req.valid('param').id, 'see /api/v1/releases') as never;
    return c.json(found, 200);
  });
}

function explanationRoute(app: HttpApp, parts: Pick<AppParts, 'queries'>): void {
  const explanation = createRoute({
    method: 'get',
    path: '/api/v1/releases/{id}/explanation',
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(schemas.explanationSchema, 'Explanation of the outcome.'), 404: problemAnswer },
  });
  app.openapi(explanation, async (c) => {
    const { id } = c.req.valid('param');
    const lines = await parts.queries.explain(id);
    if (!lines) return problem(c, 404, 'No such release', id, 'see /api/v1/releases') as never;
    return c.json({ schema: 'sluice.dev/explanation/v1' as const, release: id, lines }, 200);
  });
}

function latencyRoute(app: HttpApp, parts: Pick<AppParts, 'queries'>): void {
  const latency = createRoute({
    method: 'get',
    path: '/api/v1/releases/{id}/latency',
    request: { params: z.object({ id: z.string() }) },
    responses: {
      200: json(
        schemas.latencySchema,
        'Requests of both versions by how long they took, for each SLO that is about latency; Prometheus is asked at most every 15 seconds.',
      ),
      404: problemAnswer,
    },
  });
  app.openapi(latency, async (c) => {
    const { id } = c.req.valid('param');
    const found = await parts.queries.latency(id);
    if (!found) return problem(c, 404, 'No such release', id, 'see /api/v1/releases') as never;
    return c.json(found as z.infer<typeof schemas.latencySchema>, 200);
  });
}

function verdictRoute(app: HttpApp, parts: Pick<AppParts, 'queries'>): void {
  const verdict = createRoute({
    method: 'get',
    path: '/api/v1/verdict',
    request: {
      query: z.object({
        service: z.string(),
        environment: z.string(),
        revision: z.string(),
        step: z.coerce.number().int().nonnegative().default(0),
        phase: z.enum(['start', 'step', 'now']).default('step'),
      }),
    },
    responses: {
      200: json(
        schemas.verdictSchema,
        'Pass, fail or inconclusive, with reasons; the status is 200 for every valid question.',
      ),
      400: problemAnswer,
    },
  });
  app.openapi(verdict, async (c) => c.json(await parts.queries.verdict(c.req.valid('query')), 200));
}

/** Pure reads: what runs where, one release, why it ended so, and the verdict. */
export function releaseRoutes(app: HttpApp, parts: Pick<AppParts, 'queries'>): void {
  listRoutes(app, parts);
  releaseRoute(app, parts);
  explanationRoute(app, parts);
  latencyRoute(app, parts);
  verdictRoute(app, parts);
}
