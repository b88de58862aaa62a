import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/schemas.ts';
import { type App, type AppParts, json, needs, problem, problemAnswer } from '../http.ts';

/** What changes anything: each order has an actor with the scope for it, and a reason. */
export function orderRoutes(app: App, parts: AppParts): void {
  const command = createRoute({
    method: 'post',
    path: '/api/v1/lanes/{environment}/{service}/commands',
    middleware: [needs(parts, 'operate')] as const,
    request: {
      params: z.object({ environment: z.string(), service: z.string() }),
      headers: z.object({ 'idempotency-key': z.string().min(1).max(200).optional() }),
      body: { content: { 'application/json': { schema: schemas.commandSchema } }, required: true },
    },
    responses: {
      202: json(schemas.commandAnswerSchema, 'Recorded; the next look carries it out.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
    },
  });
  app.openapi(command, async (c) => {
    const { environment, service } = c.req.valid('param');
    const body = c.req.valid('json');
    const lane = `${service}/${environment}`;
    const lanes = parts.controller.lanes().map((v) => v.state.lane);
    if (!lanes.includes(lane))
      return problem(c, 404, 'No such lane', lane, `known: ${lanes.join(', ')}`) as never;
    const id = c.req.valid('header')['idempotency-key'] ?? parts.newId();
    const earlier = (await parts.ledger.read({ subject: lane, type: 'command.accepted' })).find(
      (r) => (r.data as { id: string }).id === id,
    );
    const record =
      earlier ?? (await parts.controller.command(lane, body.command, body.reason, c.get('actor'), id));
    const done = record.data as { command: typeof body.command };
    return c.json(
      { schema: 'sluice.dev/command/v1' as const, id, lane, command: done.command, seq: record.seq },
      202,
    );
  });

  const token = createRoute({
    method: 'post',
    path: '/api/v1/tokens',
    middleware: [needs(parts, 'admin')] as const,
    request: {
      body: { content: { 'application/json': { schema: schemas.tokenRequestSchema } }, required: true },
    },
    responses: {
      201: json(schemas.tokenAnswerSchema, 'The secret, shown once.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
    },
  });
  app.openapi(token, async (c) => {
    const { name, scopes } = c.req.valid('json');
    const made = await parts.tokens.create(name, scopes, c.get('actor'), parts.now());
    return c.json({ schema: 'sluice.dev/token/v1' as const, name, ...made }, 201);
  });
}
