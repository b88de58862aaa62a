import { createRoute } from '@hono/zod-openapi';
import * as schemas from '../../api/pipeline.ts';
import { type App, type AppParts, json, needs, problem, problemAnswer } from '../http.ts';

/** Where each version is, and what waits for what. */
export function pipelineRoutes(app: App, parts: AppParts): void {
  const pipeline = createRoute({
    method: 'get',
    path: '/api/v1/pipeline',
    responses: {
      200: json(schemas.pipelineSchema, 'Every service in every environment, in promotion order.'),
    },
  });
  app.openapi(pipeline, (c) =>
    c.json(
      schemas.pipelineAnswer(
        parts.promoter?.pipelines(parts.now()) ?? [],
        parts.promoter?.proposals() ?? [],
        parts.now(),
      ),
      200,
    ),
  );

  const promote = createRoute({
    method: 'post',
    path: '/api/v1/promotions',
    middleware: [needs(parts, 'operate')] as const,
    request: {
      body: { content: { 'application/json': { schema: schemas.promotionRequestSchema } }, required: true },
    },
    responses: {
      201: json(schemas.promotionAnswerSchema, 'The pull request; the gate decides whether it may merge.'),
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
      409: problemAnswer,
    },
  });
  app.openapi(promote, async (c) => {
    if (!parts.promoter)
      return problem(
        c,
        404,
        'No forge',
        'no forge is declared',
        'declare spec.forge in the Platform',
      ) as never;
    const { service, environment } = c.req.valid('json');
    const made = await parts.promoter.promote(service, environment, c.get('actor'), parts.now());
    return made.ok
      ? c.json({ schema: 'sluice.dev/promotion/v1' as const, number: made.value }, 201)
      : (problem(c, 409, 'Nothing is promoted', made.error, 'see sluice status --pipeline') as never);
  });
}
