import { createRoute, z } from '@hono/zod-openapi';
import * as schemas from '../../api/schemas.ts';
import { type LedgerRecord, verifyChain } from '../../ledger/record.ts';
import { type App, type AppParts, json, problemAnswer } from '../http.ts';

const MAX_PAGE = 1_000;

/** The ledger by pages, as it is stored, and walked. */
export function ledgerRoutes(app: App, parts: Pick<AppParts, 'ledger'>): void {
  const page = createRoute({
    method: 'get',
    path: '/api/v1/ledger',
    request: {
      query: z.object({
        after: z.coerce.number().int().nonnegative().default(0),
        limit: z.coerce.number().int().positive().max(MAX_PAGE).default(100),
        subject: z.string().optional(),
        type: z.string().optional(),
      }),
    },
    responses: { 200: json(schemas.ledgerPageSchema, 'Records by seq.'), 400: problemAnswer },
  });
  app.openapi(page, async (c) => {
    const { after, limit, subject, type } = c.req.valid('query');
    const options = { after, limit, ...(subject ? { subject } : {}), ...(type ? { type } : {}) };
    const records = (await parts.ledger.read(options)) as LedgerRecord[];
    const next = records.length === limit ? (records.at(-1)?.seq ?? null) : null;
    return c.json(
      {
        schema: 'sluice.dev/ledger/v1' as const,
        records: records as z.infer<typeof schemas.recordSchema>[],
        next,
      },
      200,
    );
  });

  app.get('/api/v1/ledger/export', async (c) => {
    const texts = await parts.ledger.texts();
    return c.body(texts.map((t) => `${t}\n`).join(''), 200, { 'content-type': 'application/x-ndjson' });
  });

  const verify = createRoute({
    method: 'get',
    path: '/api/v1/ledger/verification',
    responses: { 200: json(schemas.verificationSchema, 'The whole chain, walked.') },
  });
  app.openapi(verify, async (c) => {
    const result = verifyChain(await parts.ledger.texts());
    return c.json(
      { schema: 'sluice.dev/verification/v1' as const, ...result, breaks: [...result.breaks] },
      200,
    );
  });
}
