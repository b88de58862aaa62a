import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/schemas.ts';
import { type AppParts, type HttpApp, json, problemAnswer } from '../http.ts';

const MOST = 200;
const AT_ONCE = 50;

/** What people are notified of. */
export function noticeRoutes(app: HttpApp, parts: Pick<AppParts, 'queries'>): void {
  const notices = createRoute({
    method: 'get',
    path: '/api/v1/notices',
    request: {
      query: z.object({
        /** `all`: routine as well, such as releases that begin and end well. */
        kinds: z.enum(['important', 'all']).default('important'),
        /** Only notices of records before this one. */
        before: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(MOST).default(AT_ONCE),
      }),
    },
    responses: {
      200: json(
        schemas.noticeListSchema,
        'What people are notified of, newest first: the newest notice of each thing, as messages word it.',
      ),
      400: problemAnswer,
    },
  });
  app.openapi(notices, (c) => {
    const { kinds, before, limit } = c.req.valid('query');
    const found = parts.queries.notices({ routine: kinds === 'all', before, limit });
    return c.json(found as z.infer<typeof schemas.noticeListSchema>, 200);
  });
}
