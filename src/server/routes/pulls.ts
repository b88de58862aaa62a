import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/governance.ts';
import type { ForgeFailure } from '../../gitops/forge.ts';
import { type App, type AppParts, json, needs, problem, problemAnswer } from '../http.ts';

const numbered = z.object({ number: z.coerce.number().int().positive() });

/** Failures of a forge as answers of ours. */
const STATUS = {
  UNAUTHORISED: 502,
  FORBIDDEN: 502,
  NOT_FOUND: 404,
  INVALID: 400,
  RATE_LIMITED: 503,
  UNAVAILABLE: 502,
  REFUSED: 409,
  CONFLICT: 409,
} as const satisfies Record<ForgeFailure['code'], number>;

const NO_FORGE = ['No forge', 'no forge is declared', 'declare spec.forge in the Platform'] as const;

/** Pull requests and the decisions on them. */
export function pullRoutes(app: App, parts: AppParts): void {
  const { gate, governanceHouse: house } = parts;
  const refuse = (c: Parameters<typeof problem>[0], { code, message }: ForgeFailure) =>
    problem(c, STATUS[code], `The forge says ${code}`, message) as never;

  const list = createRoute({
    method: 'get',
    path: '/api/v1/pulls',
    responses: {
      200: json(schemas.pullListSchema, 'Every open pull request and the last ended ones, denied first.'),
    },
  });
  app.openapi(list, (c) => c.json(house.pulls(), 200));

  const one = createRoute({
    method: 'get',
    path: '/api/v1/pulls/{number}',
    request: { params: numbered },
    responses: {
      200: json(schemas.pullDetailSchema, 'One pull request with its decisions.'),
      404: problemAnswer,
    },
  });
  app.openapi(one, async (c) => {
    const { number } = c.req.valid('param');
    const found = await house.pull(number);
    return found ? c.json(found, 200) : (problem(c, 404, 'No such pull request', `#${number}`) as never);
  });

  const evaluate = createRoute({
    method: 'post',
    path: '/api/v1/pulls/{number}/evaluation',
    middleware: [needs(parts, 'operate')] as const,
    request: { params: numbered },
    responses: {
      200: json(schemas.evaluationSchema, 'Looked at now, recorded and posted.'),
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
      502: problemAnswer,
    },
  });
  app.openapi(evaluate, async (c) => {
    if (!gate) return problem(c, 404, ...NO_FORGE) as never;
    const { number } = c.req.valid('param');
    const actor = c.get('actor');
    const done = await gate.evaluate(number, `asked by ${actor.id}`, actor);
    if (!done.ok) return refuse(c, done.error);
    return c.json({ ...done.value.decision!, pullRequest: number }, 200);
  });

  const open = createRoute({
    method: 'post',
    path: '/api/v1/pulls',
    middleware: [needs(parts, 'operate')] as const,
    request: {
      body: { content: { 'application/json': { schema: schemas.pullRequestSchema } }, required: true },
    },
    responses: {
      201: json(z.object({ schema: z.literal('sluice.dev/pull-opened/v1'), number: z.number() }), 'Opened.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
      409: problemAnswer,
    },
  });
  app.openapi(open, async (c) => {
    if (gate?.forge.kind !== 'local')
      return problem(c, 404, 'Not here', 'pull requests are opened on the forge itself') as never;
    const { branch } = parts;
    const wanted = { ...c.req.valid('json'), base: branch, author: c.get('actor').id };
    const made = await gate.forge.open(wanted);
    if (!made.ok) return refuse(c, made.error);
    return c.json({ schema: 'sluice.dev/pull-opened/v1' as const, number: made.value.number }, 201);
  });

  const merge = createRoute({
    method: 'post',
    path: '/api/v1/pulls/{number}/merge',
    middleware: [needs(parts, 'operate')] as const,
    request: { params: numbered },
    responses: {
      200: json(z.object({ schema: z.literal('sluice.dev/merged/v1'), number: z.number() }), 'Merged.'),
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
      409: problemAnswer,
    },
  });
  app.openapi(merge, async (c) => {
    if (!gate) return problem(c, 404, ...NO_FORGE) as never;
    const { number } = c.req.valid('param');
    const found = await gate.forge.pull(number);
    if (!found.ok) return refuse(c, found.error);
    const merged = await gate.forge.merge(found.value);
    if (!merged.ok) return refuse(c, merged.error);
    return c.json({ schema: 'sluice.dev/merged/v1' as const, number }, 200);
  });
}
