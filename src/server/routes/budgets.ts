import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/budgets.ts';
import { didYouMean } from '../../kit/nearest.ts';
import type { Adjustment } from '../../runtime/budget.ts';
import { ofSlo } from '../concerns.ts';
import { type AppParts, type HttpApp, json, problem, problemAnswer } from '../http.ts';
import { needs } from '../needs.ts';

const number = z.coerce.number().positive().optional();

const sloNames = ({ platform }: AppParts): string[] => platform.slos.map((slo) => slo.name);

const params = z.object({ environment: z.string(), slo: z.string() });

function viewRoutes(app: HttpApp, parts: AppParts): void {
  const list = createRoute({
    method: 'get',
    path: '/api/v1/budgets',
    responses: { 200: json(schemas.budgetListSchema, 'Every SLO in every environment, worst first.') },
  });
  app.openapi(list, async (c) => c.json(await parts.budgets.list(), 200));

  const detail = createRoute({
    method: 'get',
    path: '/api/v1/budgets/{environment}/{slo}',
    request: { params },
    responses: {
      200: json(schemas.budgetDetailSchema, 'Burn-down of the error budget, and what spent it.'),
      404: problemAnswer,
    },
  });
  app.openapi(detail, async (c) => {
    const { environment, slo } = c.req.valid('param');
    const found = await parts.budgets.detail(environment, slo);
    if (!found)
      return problem(
        c,
        404,
        'No such SLO',
        `${slo} in ${environment}`,
        didYouMean(slo, sloNames(parts)),
      ) as never;
    return c.json(found, 200);
  });
}

function adjustRoute(app: HttpApp, parts: AppParts): void {
  const adjust = createRoute({
    method: 'post',
    path: '/api/v1/budgets/{environment}/{slo}/adjustments',
    middleware: [needs(parts, 'waive', (c) => ofSlo(parts.platform, c.req.param('slo') ?? ''))] as const,
    request: {
      params,
      headers: z.object({ 'idempotency-key': z.string().min(1).max(200).optional() }),
      body: { content: { 'application/json': { schema: schemas.adjustmentRequestSchema } }, required: true },
    },
    responses: {
      201: json(schemas.adjustmentAnswerSchema, 'Recorded: bad requests of that time do not count.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
    },
  });
  app.openapi(adjust, async (c) => {
    const { environment, slo } = c.req.valid('param');
    const { from, to, ongoing = false, reason, approver } = c.req.valid('json');
    const id = c.req.valid('header')['idempotency-key'] ?? parts.newId();
    const wanted = { id, fromMs: Date.parse(from), toMs: Date.parse(to), ongoing, reason, approver };
    const done = await parts.budgets.adjust(environment, slo, wanted, c.get('actor'));
    if (!done.ok)
      return problem(c, 400, 'Nothing was excluded', done.error.message, done.error.next) as never;
    const { seq, data } = done.value;
    const { fromMs, toMs, requests, bad } = data as Pick<Adjustment, 'fromMs' | 'toMs' | 'requests' | 'bad'>;
    return c.json({ schema: 'sluice.dev/adjustment/v1' as const, id, seq, fromMs, toMs, requests, bad }, 201);
  });
}

function replayRoute(app: HttpApp, parts: AppParts): void {
  const replay = createRoute({
    method: 'get',
    path: '/api/v1/replay',
    request: {
      query: z.object({
        tolerance: number,
        detect: number,
        alpha: number,
        beta: number,
        rho: number,
        minBad: number,
        edition: z
          .enum(['1', '2'])
          .transform((e): 1 | 2 => (e === '1' ? 1 : 2))
          .optional(),
        objective: number,
        from: z.coerce.number().default(0),
        to: z.coerce.number().default(Number.MAX_SAFE_INTEGER),
      }),
    },
    responses: { 200: json(schemas.replaySchema, 'Every past release, judged again.'), 400: problemAnswer },
  });
  app.openapi(replay, async (c) => {
    const { from, to, objective, ...evidence } = c.req.valid('query');
    const given = Object.fromEntries(Object.entries(evidence).filter(([, v]) => v !== undefined));
    const objectives =
      objective === undefined ? {} : Object.fromEntries(sloNames(parts).map((slo) => [slo, objective]));
    const answer = await parts.budgets.replay({ evidence: given, objectives }, from, to);
    if (!answer.ok) return problem(c, 400, 'No such rule', answer.error, 'see docs/judge.md') as never;
    return c.json(answer.value, 200);
  });
}

/** Budgets, what spent them, what was excluded; and what another rule would have done. */
export function budgetRoutes(app: HttpApp, parts: AppParts): void {
  viewRoutes(app, parts);
  adjustRoute(app, parts);
  replayRoute(app, parts);
}
