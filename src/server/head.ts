import type { MiddlewareHandler } from 'hono';
import { problem } from './http.ts';

/** What a handler of ours answers: work, or a stream, that a question for headers alone must not begin. */
const HANDLED = /^\/(api|auth)\//;

/**
 * The router answers HEAD by running the handler of GET and dropping its body, so a stream would be opened that
 * nobody reads or ends. HEAD is therefore refused where a handler would run, and whatever else it opened is closed.
 */
export const answerHead: MiddlewareHandler = async (c, next) => {
  if (c.req.method !== 'HEAD') return next();
  if (HANDLED.test(c.req.path)) {
    c.header('allow', 'GET');
    return problem(c, 405, 'Method not allowed', 'HEAD is not supported here', 'send GET');
  }
  await next();
  await c.res.body?.cancel();
};
