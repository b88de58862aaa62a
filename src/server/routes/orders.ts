import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/schemas.ts';
import { laneName } from '../../kit/lane.ts';
import type { History } from '../../ledger/history.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { serviceInPath } from '../concerns.ts';
import { type AppParts, type HttpApp, json, noSuchLane, problemAnswer } from '../http.ts';
import { lanePages } from '../lane-records.ts';
import { needs } from '../needs.ts';

/** The order of a lane that was accepted under a key, if one was. */
async function acceptedAs(history: History, lane: string, key: string): Promise<LedgerRecord | undefined> {
  for await (const page of lanePages(history, { subject: lane, type: 'command.accepted' })) {
    const found = page.find((record) => (record.data as { id: string }).id === key);
    if (found) return found;
  }
  return undefined;
}

function commandRoute(app: HttpApp, parts: AppParts): void {
  const command = createRoute({
    method: 'post',
    path: '/api/v1/lanes/{environment}/{service}/commands',
    middleware: [needs(parts, 'operate', serviceInPath)] as const,
    request: {
      params: z.object({ environment: z.string(), service: z.string() }),
      headers: z.object({ 'idempotency-key': z.string().min(1).max(200).optional() }),
      body: { content: { 'application/json': { schema: schemas.commandSchema } }, required: true },
    },
    responses: {
      202: json(schemas.commandAnswerSchema, 'Recorded; it is carried out within one tick.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
    },
  });
  app.openapi(command, async (c) => {
    const { environment, service } = c.req.valid('param');
    const body = c.req.valid('json');
    const lane = laneName(service, environment);
    const lanes = parts.controller.lanes().map((v) => v.state.lane);
    if (!lanes.includes(lane)) return noSuchLane(c, lane, lanes) as never;
    const key = c.req.valid('header')['idempotency-key'];
    const id = key ?? parts.newId();
    const earlier = key === undefined ? undefined : await acceptedAs(parts.ledger.history, lane, key);
    const record =
      earlier ?? (await parts.controller.command(lane, body.command, body.reason, c.get('actor'), id));
    const done = record.data as { command: typeof body.command };
    return c.json(
      { schema: 'sluice.dev/command/v1' as const, id, lane, command: done.command, seq: record.seq },
      202,
    );
  });
}

/** What changes anything: each order has an actor with the scope for it, and a reason. */
export function orderRoutes(app: HttpApp, parts: AppParts): void {
  commandRoute(app, parts);
}
