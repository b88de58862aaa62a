import { createRoute, z } from '@hono/zod-openapi';
import { rollbackAnswerSchema, rollbackRequestSchema } from '../../api/pipeline.ts';
import type { LaneView } from '../../controller/loop.ts';
import { upcast } from '../../delivery/event-versions.ts';
import type { Event, Revision } from '../../delivery/events.ts';
import type { Lane } from '../../delivery/lane.ts';
import { isInProgress, returnIn } from '../../delivery/rollback-order.ts';
import { isRelease } from '../../delivery/transitions.ts';
import type { Actor } from '../../kit/actor.ts';
import { laneName } from '../../kit/lane.ts';
import { ok } from '../../kit/result.ts';
import type { History } from '../../ledger/history.ts';
import { serviceInPath } from '../concerns.ts';
import { type AppParts, type HttpApp, json, noSuchLane, problem, problemAnswer } from '../http.ts';
import { laneRecords } from '../lane-records.ts';
import { needs } from '../needs.ts';

type ReturnedEvent = Extract<Event, { type: 'lane.returned' }>;

/** Every version of a lane that its records name, the oldest first. */
async function versionsOf(history: History, lane: string): Promise<Revision[]> {
  const types = ['release.opened', 'lane.adopted'] as const;
  const found = await Promise.all(types.map((type) => laneRecords(history, { subject: lane, type })));
  return found
    .flat()
    .sort((a, b) => a.seq - b.seq)
    .flatMap((record) => {
      const { type, data } = upcast(record.type, record.v, record.data);
      if (type === 'release.opened') return data.from ? [data.from, data.target] : [data.target];
      return type === 'lane.adopted' ? [data.stable] : [];
    });
}

/** On one machine we move traffic; a Rollout is told by Git, except that a release on its way is stopped at once. */
const isAtOnce = ({ settings, state }: LaneView): boolean => !settings.followed || isRelease(state.state);

interface Order {
  readonly lane: Lane;
  readonly to: string | null;
  readonly reason: string;
  /** What the order is known by: one that was recorded under it is answered, and not given again. */
  readonly id: string;
}

/** What users leave and return to, on record; or why they cannot. */
async function returnedAs(parts: AppParts, { lane, to, reason, id }: Order, actor: Actor) {
  const { history } = parts.ledger;
  const earlier = (await laneRecords(history, { subject: lane.lane, type: 'lane.returned' })).find(
    ({ cause }) => cause === id,
  );
  if (earlier) {
    const { data } = upcast(earlier.type, earlier.v, earlier.data) as ReturnedEvent;
    return ok({ seq: earlier.seq, ...data });
  }
  // What stops a release on its way does not wait for the past to be read.
  const known = isInProgress(lane) ? [] : await versionsOf(history, lane.lane);
  const event = returnIn(lane, to, known, reason);
  if (!event.ok) return event;
  const { seq } = await parts.controller.record(lane.lane, event.value, actor, id);
  if (isRelease(lane.state)) await parts.controller.command(lane.lane, 'abort', reason, actor, id);
  return ok({ seq, ...event.value.data });
}

/** A person returns users to a version that was good: past steps and freezes, with the reason on record. */
export function rollbackRoutes(app: HttpApp, parts: AppParts): void {
  const rollback = createRoute({
    method: 'post',
    path: '/api/v1/lanes/{environment}/{service}/rollback',
    middleware: [needs(parts, 'operate', serviceInPath)] as const,
    request: {
      params: z.object({ environment: z.string(), service: z.string() }),
      headers: z.object({ 'idempotency-key': z.string().min(1).max(200).optional() }),
      body: { content: { 'application/json': { schema: rollbackRequestSchema } }, required: true },
    },
    responses: {
      202: json(
        rollbackAnswerSchema,
        'Recorded; it is carried out within one tick, and a pull request reverts Git.',
      ),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
      409: problemAnswer,
    },
  });
  app.openapi(rollback, async (c) => {
    const { environment, service } = c.req.valid('param');
    const { to, reason } = c.req.valid('json');
    const name = laneName(service, environment);
    const view = parts.controller.lanes().find((v) => v.state.lane === name);
    if (!view)
      return noSuchLane(
        c,
        name,
        parts.controller.lanes().map((v) => v.state.lane),
      ) as never;
    const id = c.req.valid('header')['idempotency-key'] ?? parts.newId();
    const order = { lane: view.state, to: to ?? null, reason, id };
    const recorded = await returnedAs(parts, order, c.get('actor'));
    if (!recorded.ok)
      return problem(c, 409, 'Nothing to return to', recorded.error.why, recorded.error.next) as never;
    const atOnce = isAtOnce(view);
    const { seq, from, to: good } = recorded.value;
    const answer = {
      schema: 'sluice.dev/rollback/v1' as const,
      seq,
      from: from.version,
      to: good.version,
      atOnce,
    };
    return c.json(answer, 202);
  });
}
