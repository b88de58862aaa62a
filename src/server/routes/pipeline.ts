import { createRoute, z } from '@hono/zod-openapi';
import { recordedSchema } from '../../api/governance.ts';
import * as schemas from '../../api/pipeline.ts';
import { MEASURED_MS } from '../../controller/measures.ts';
import { decisionSentence } from '../../governance/decision-text.ts';
import { laneName } from '../../kit/lane.ts';
import { inBody, serviceInPath } from '../concerns.ts';
import { type AppParts, type HttpApp, json, noSuchLane, problem, problemAnswer } from '../http.ts';
import { needs } from '../needs.ts';

function pipelineRoute(app: HttpApp, parts: AppParts): void {
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
        lane: (name) => parts.controller.states.get(name),
      }),
      200,
    );
  });
}

function measuresRoute(app: HttpApp, parts: AppParts): void {
  const measures = createRoute({
    method: 'get',
    path: '/api/v1/measures',
    responses: {
      200: json(schemas.measuresSchema, 'The four DORA metrics of the last environments, over thirty days.'),
    },
  });
  app.openapi(measures, (c) => {
    const now = parts.now();
    // A service that does not run where users are has nothing to measure there.
    const lanes = parts.controller.lanes().filter((v) => parts.lastEnvironments.includes(v.environment.name));
    const services = [...new Set(lanes.map((v) => v.service.name))];
    const of = (service: string | null) => parts.measures(service, now, MEASURED_MS);
    const each = services.map((service) => ({ service, measures: of(service) }));
    return c.json(schemas.measuresAnswer(of(null), each, parts.lastEnvironments, MEASURED_MS, now), 200);
  });
}

/** Takes a digest off the refused ones of a lane. */
function liftRoute(app: HttpApp, parts: AppParts): void {
  const lift = createRoute({
    method: 'post',
    path: '/api/v1/lanes/{environment}/{service}/lift',
    // It lowers safety: what failed may be tried on users again.
    middleware: [needs(parts, 'waive', serviceInPath)] as const,
    request: {
      params: z.object({ environment: z.string(), service: z.string() }),
      body: { content: { 'application/json': { schema: schemas.liftRequestSchema } }, required: true },
    },
    responses: {
      201: json(recordedSchema, 'It may be released again.'),
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
    const name = laneName(service, environment);
    const lane = parts.controller.states.get(name);
    if (!lane)
      return noSuchLane(
        c,
        name,
        parts.controller.lanes().map((v) => v.state.lane),
      ) as never;
    if (!lane.rejected.some((r) => r.digest === digest)) {
      const known = lane.rejected.map((r) => `${r.version ?? ''} ${r.digest}`).join(', ') || 'none';
      return problem(
        c,
        409,
        'Not rejected',
        `${digest} is not refused in ${name}; refused: ${known}`,
        'name one of those digests',
      ) as never;
    }
    const event = { type: 'lane.lifted' as const, data: { digest, reason } };
    const { seq } = await parts.controller.record(name, event, c.get('actor'));
    return c.json({ schema: 'sluice.dev/recorded/v1' as const, id: digest, seq }, 201);
  });
}

function promoteRoute(app: HttpApp, parts: AppParts): void {
  const promote = createRoute({
    method: 'post',
    path: '/api/v1/promotions',
    middleware: [
      needs(
        parts,
        'operate',
        inBody(schemas.promotionRequestSchema, ({ service }) => ({ services: [service] })),
      ),
    ] as const,
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

/** Where each version is, and what waits for what. */
export function pipelineRoutes(app: HttpApp, parts: AppParts): void {
  pipelineRoute(app, parts);
  measuresRoute(app, parts);
  liftRoute(app, parts);
  promoteRoute(app, parts);
}
