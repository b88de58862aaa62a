import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Measured } from './metrics/measured.ts';

/** Whatever no route of ours answers: pages, what is passed on, what is not there. */
const OTHER = 'other';

/**
 * Times every answer by the route that gave it. The path that was asked is in no label: there are as many routes as are
 * declared, whoever asks for what.
 */
export const measureAnswers =
  (metrics: Pick<Measured, 'answered'>): MiddlewareHandler =>
  async (c, next) => {
    const begun = performance.now();
    await next();
    const route = matchedRoutes(c).findLast(({ path }) => !path.includes('*'))?.path ?? OTHER;
    const tookMs = performance.now() - begun;
    metrics.answered({ route, method: c.req.method, status: c.res.status, tookMs });
  };
