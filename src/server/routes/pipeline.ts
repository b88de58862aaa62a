import { createRoute, z } from '@hono/zod-openapi';
import { recordedSchema } from '../../api/governance.ts';
import * as schemas from '../../api/pipeline.ts';
import { MEASURED_MS } from '../../controller/measures.ts';
import { decisionSentence } from '../../governance/words.ts';
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
  app.openapi(pipeline, (c) => {
    const now = parts.now();
    return c.json(
      schemas.pipelineAnswer(parts.promoter?.pipelines(now) ?? [], parts.promoter?.proposals() ?? [], now, {
        sync: (lane) => parts.sync.of(lane),
        gate: (number) => {
          const decision = parts.gate?.pulls().find((p) => p.pull.number === number)?.decision;
          return decision && !decision.allow ? decisionSentence(decision) : null;
        },
        lane: (name) => parts.controller.lanes().find((v) => v.state.lane === name)?.state,
      }),
      200,
    );
  });

  const measures = createRoute({
    method: 'get',
    path: '/api/v1/measures',
    responses: { 200: json(schemas.measuresSchema, "DORA's four, where users are, over thirty days.") },
  });
  app.openapi(measures, (c) => {
    const now = parts.now();
    const lanes = parts.controller.lanes();
    const services = [...new Set(lanes.map((v) => v.service.name))];
    const of = (service: string | null) => parts.measures(service, now, MEASURED_MS);
    const each = services.map((service) => ({ service, measures: of(service) }));
    return c.json(schemas.measuresAnswer(of(null), each, parts.lastEnvironments, MEASURED_MS, now), 200);
  });

  const lift = createRoute({
    method: 'post',
    path: '/api/v1/lanes/{environment}/{service}/lift',
    // It lowers safety: what failed may be tried on users again.
    middleware: [needs(parts, 'waive')] as const,
    request: {
      params: z.object({ environment: z.string(), service: z.string() }),
      body: { content: { 'application/json': { schema: schemas.liftRequestSchema } }, required: true },
    },
    responses: {
      201: json(recordedSchema, 'It may be tried again.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
      409: problemAnswer,
    },
  });
  app.openapi(lift, async (c) => {
    const { environment, service } = c.req.valid('param');
    const { digest, reason } = c.req.valid('json');
    const name = `${service}/${environment}`;
    const lane = parts.controller.lanes().find((v) => v.state.lane === name)?.state;
    if (!lane) return problem(c, 404, 'No such lane', `${name} is not declared`) as never;
    if (!lane.rejected.some((r) => r.digest === digest)) {
      const known = lane.rejected.map((r) => `${r.version ?? ''} ${r.digest}`).join(', ') || 'none';
      return problem(
        c,
        409,
        'Not condemned',
        `${digest} is not refused in ${name}; refused: ${known}`,
      ) as never;
    }
    const event = { type: 'lane.lifted' as const, data: { digest, reason } };
    const { seq } = await parts.controller.record(name, event, c.get('actor'));
    return c.json({ schema: 'sluice.dev/recorded/v1' as const, id: digest, seq }, 201);
  });

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
