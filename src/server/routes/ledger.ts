import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import * as schemas from '../../api/schemas.ts';
import { chunksOf } from '../../ledger/history.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { taggedRecord } from '../../ledger/stored.ts';
import { type AppParts, type HttpApp, json, problemAnswer, type Variables } from '../http.ts';

const MAX_PAGE = 1_000;

/** A record as it is shown: what a token is compared with stays here. */
function withoutSecrets(record: LedgerRecord): LedgerRecord {
  if (record.type !== 'token.created') return record;
  const { hash: _, ...data } = record.data as { hash?: unknown };
  return { ...record, data };
}

function pageRoute(app: HttpApp, parts: Pick<AppParts, 'ledger'>): void {
  const page = createRoute({
    method: 'get',
    path: '/api/v1/ledger',
    request: {
      query: z.object({
        after: z.coerce.number().int().nonnegative().default(0),
        before: z.coerce.number().int().positive().optional(),
        order: z.enum(['oldest', 'newest']).default('oldest'),
        limit: z.coerce.number().int().positive().max(MAX_PAGE).default(100),
        subject: z.string().optional(),
        type: z.string().optional(),
      }),
    },
    responses: { 200: json(schemas.ledgerPageSchema, 'Records by seq.'), 400: problemAnswer },
  });
  app.openapi(page, async (c) => {
    const { after, before, order, limit, subject, type } = c.req.valid('query');
    const texts = await parts.ledger.history.page({
      limit,
      before,
      subject,
      type,
      after: order === 'oldest' ? after : undefined,
    });
    // Numbers that JSON cannot say stay tagged.
    const records = texts.map((text) => withoutSecrets(taggedRecord(text, 'the ledger')));
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
}

/** Every text exactly as it is stored, so that it can be verified elsewhere: digests of tokens are in it. */
function exportRoute(app: HttpApp, parts: LedgerParts): void {
  const whole = createRoute({
    method: 'get',
    path: '/api/v1/ledger/export',
    middleware: [parts.mayExport] as const,
    responses: {
      200: {
        description: 'Every record as it is stored, one a line.',
        content: { 'application/x-ndjson': { schema: z.string() } },
      },
      401: problemAnswer,
      403: problemAnswer,
    },
  });
  app.openapi(whole, (c) => {
    const lines = async function* () {
      const encoder = new TextEncoder();
      for await (const texts of chunksOf(parts.ledger.history))
        yield encoder.encode(texts.map((text) => `${text}\n`).join(''));
    };
    // Read as fast as it is taken; one that fails on the way breaks off, so that nobody takes it for the whole.
    return c.body(ReadableStream.from(lines()), 200, { 'content-type': 'application/x-ndjson' }) as never;
  });
}

function verifyRoute(app: HttpApp, parts: Pick<AppParts, 'ledger'>): void {
  const verify = createRoute({
    method: 'get',
    path: '/api/v1/ledger/verification',
    responses: { 200: json(schemas.verificationSchema, 'Verification of the whole chain.') },
  });
  app.openapi(verify, async (c) => {
    const result = await parts.ledger.history.verify();
    return c.json(
      { schema: 'sluice.dev/verification/v1' as const, ...result, breaks: [...result.breaks] },
      200,
    );
  });
}

interface LedgerParts extends Pick<AppParts, 'ledger'> {
  /** Lets through who may have the whole of it. */
  readonly mayExport: MiddlewareHandler<Variables>;
}

/** The ledger by pages, as it is stored, and walked: all beside the thread that decides. */
export function ledgerRoutes(app: HttpApp, parts: LedgerParts): void {
  pageRoute(app, parts);
  exportRoute(app, parts);
  verifyRoute(app, parts);
}
