import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import * as schemas from '../../api/governance.ts';
import type { ForgeFailure } from '../../gitops/forge.ts';
import { ok } from '../../kit/result.ts';
import { type Concern, inBody, ofPull, UNSAID } from '../concerns.ts';
import { type AppParts, type HttpApp, json, problem, problemAnswer, type Variables } from '../http.ts';
import { needs } from '../needs.ts';

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
  TOO_LARGE: 409,
} as const satisfies Record<ForgeFailure['code'], number>;

const NO_FORGE = ['No forge', 'no forge is declared', 'declare spec.forge in the Platform'] as const;

/** What helps where the forge refuses, by what it says. */
const FORGE_NEXT = {
  UNAVAILABLE: 'ask again once the forge answers',
  RATE_LIMITED: 'ask again later',
} as const satisfies Partial<Record<ForgeFailure['code'], string>>;

/** What one that is there changes, by the commits that it has now: the order is about exactly those. */
const ofNumber =
  ({ gate, platform }: AppParts) =>
  async (c: Context<Variables>): Promise<Concern> => {
    const number = Number(c.req.param('number'));
    if (!gate || !Number.isSafeInteger(number)) return UNSAID;
    const found = await gate.forge.pull(number);
    if (!found.ok) return { all: `#${number}: ${found.error.message}` };
    c.set('pull', found.value);
    return ofPull(gate.forge, platform, found.value);
  };

/** What a branch would change. What merges by itself merges whatever the branch has by then. */
const ofBranch = ({ gate, platform, branch }: AppParts) =>
  inBody(schemas.pullRequestSchema, ({ head, autoMerge }): Concern | Promise<Concern> => {
    if (gate?.forge.kind !== 'local') return UNSAID;
    if (autoMerge) return { all: 'it would merge by itself, with whatever its branch has by then' };
    const at = (name: string) => ({ branch: name, sha: `refs/heads/${name}` });
    return ofPull(gate.forge, platform, { base: at(branch), head: at(head) });
  });

type Refused = Parameters<typeof problem>[0];

const refuse = (c: Refused, { code, message }: ForgeFailure) =>
  problem(
    c,
    STATUS[code],
    `The forge says ${code}`,
    message,
    FORGE_NEXT[code as keyof typeof FORGE_NEXT] ?? 'see the pull request on the forge',
  ) as never;

function listRoutes(app: HttpApp, { governanceQueries: queries }: AppParts): void {
  const list = createRoute({
    method: 'get',
    path: '/api/v1/pulls',
    responses: {
      200: json(
        schemas.pullListSchema,
        'Every open pull request and the most recently closed ones, denied first.',
      ),
    },
  });
  app.openapi(list, (c) => c.json(queries.pulls(), 200));

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
    const found = await queries.pull(number);
    return found
      ? c.json(found, 200)
      : (problem(c, 404, 'No such pull request', `#${number}`, 'see /api/v1/pulls') as never);
  });
}

function evaluateRoute(app: HttpApp, parts: AppParts): void {
  const evaluate = createRoute({
    method: 'post',
    path: '/api/v1/pulls/{number}/evaluation',
    middleware: [needs(parts, 'operate', ofNumber(parts))] as const,
    request: { params: numbered },
    responses: {
      200: json(schemas.evaluationSchema, 'Evaluated now, recorded and posted.'),
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
      502: problemAnswer,
    },
  });
  app.openapi(evaluate, async (c) => {
    const { gate } = parts;
    if (!gate) return problem(c, 404, ...NO_FORGE) as never;
    const { number } = c.req.valid('param');
    const actor = c.get('actor');
    const done = await gate.evaluate(number, `asked by ${actor.id}`, actor);
    if (!done.ok) return refuse(c, done.error);
    return c.json({ ...done.value.decision!, pullRequest: number }, 200);
  });
}

/** Pull requests of a local forge, which has no pages of its own. */
function openRoute(app: HttpApp, parts: AppParts): void {
  const open = createRoute({
    method: 'post',
    path: '/api/v1/pulls',
    middleware: [needs(parts, 'operate', ofBranch(parts))] as const,
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
    const { branch, gate } = parts;
    if (gate?.forge.kind !== 'local')
      return problem(
        c,
        404,
        'Not here',
        'pull requests are opened on the forge itself',
        'open it there',
      ) as never;
    const wanted = { ...c.req.valid('json'), base: branch, author: c.get('actor').id };
    const made = await gate.forge.open(wanted);
    if (!made.ok) return refuse(c, made.error);
    return c.json({ schema: 'sluice.dev/pull-opened/v1' as const, number: made.value.number }, 201);
  });
}

function mergeRoute(app: HttpApp, parts: AppParts): void {
  const merge = createRoute({
    method: 'post',
    path: '/api/v1/pulls/{number}/merge',
    middleware: [needs(parts, 'operate', ofNumber(parts))] as const,
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
    const { gate } = parts;
    if (!gate) return problem(c, 404, ...NO_FORGE) as never;
    const { number } = c.req.valid('param');
    // Of whoever may not everything, the commits that their right was checked for: what came since is refused.
    const checked = c.get('pull');
    const found = checked ? ok(checked) : await gate.forge.pull(number);
    if (!found.ok) return refuse(c, found.error);
    const merged = await gate.forge.merge(found.value);
    if (!merged.ok) return refuse(c, merged.error);
    return c.json({ schema: 'sluice.dev/merged/v1' as const, number }, 200);
  });
}

/** Pull requests and the decisions on them. */
export function pullRoutes(app: HttpApp, parts: AppParts): void {
  listRoutes(app, parts);
  evaluateRoute(app, parts);
  openRoute(app, parts);
  mergeRoute(app, parts);
}
