import { existsSync } from 'node:fs';
import { serveStatic } from '@hono/node-server/serve-static';
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import * as schemas from '../api/schemas.ts';
import type { Controller } from '../controller/loop.ts';
import { type Actor, may, type Scope } from '../kit/actor.ts';
import { messageOf } from '../kit/result.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { verifyChain } from '../ledger/record.ts';
import { foreignRequest, type Tokens } from './auth.ts';
import type { House } from './house.ts';
import type { ServerMetrics } from './metrics.ts';

export interface AppParts {
  readonly house: House;
  readonly controller: Controller;
  readonly ledger: LedgerPort;
  readonly tokens: Tokens;
  readonly metrics: ServerMetrics;
  /** Null: everything is well. Otherwise why this server must not be asked for decisions. */
  unready(): string | null;
  readonly consoleDir: string | null;
  readonly alertmanagerToken: string;
  readonly allowedHosts: readonly string[];
  onAlerts(body: unknown): Promise<void>;
  now(): number;
  newId(): string;
}

type Variables = { Variables: { actor: Actor } };

const MAX_BODY = 1 << 20;
const MAX_PAGE = 1_000;
const HEARTBEAT_MS = 10_000;
const MAX_QUEUED_EVENTS = 1_000;

const problem = (
  c: Context,
  status: 400 | 401 | 403 | 404 | 409 | 413 | 503,
  title: string,
  detail: string,
  next?: string,
) =>
  c.body(JSON.stringify({ type: 'about:blank', title, status, detail, ...(next ? { next } : {}) }), status, {
    'content-type': 'application/problem+json',
  });

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
const problemAnswer = {
  description: 'A problem (RFC 9457).',
  content: { 'application/problem+json': { schema: schemas.problemSchema } },
};

/** Routes of the HTTP contract over the house; nothing here decides anything. */
export function createApp(parts: AppParts): OpenAPIHono<Variables> {
  const app = new OpenAPIHono<Variables>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const issue = result.error.issues[0];
      return problem(
        c,
        400,
        'Bad request',
        `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as expected'}`,
        'see /openapi.json',
      );
    },
  });

  app.use('*', async (c, next) => {
    const refused = foreignRequest(c.req.header('host'), c.req.header('origin'), parts.allowedHosts);
    if (refused) return problem(c, 403, 'Forbidden', refused, 'use the address that the server printed');
    await next();
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header(
      'content-security-policy',
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    );
  });
  app.use(
    '*',
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (c) => problem(c, 413, 'Too large', `more than ${MAX_BODY} bytes`),
    }),
  );

  const needs =
    (scope: Scope): MiddlewareHandler<Variables> =>
    async (c, next) => {
      const secret = c.req.header('authorization')?.replace(/^Bearer /, '');
      const actor = parts.tokens.whose(secret);
      if (!actor)
        return problem(
          c,
          401,
          'Who is asking?',
          'a valid token is needed',
          'send Authorization: Bearer …; make one with `sluice token create`',
        );
      if (!may(actor, scope))
        return problem(
          c,
          403,
          'Not allowed',
          `${actor.id} lacks the scope "${scope}"`,
          'ask for a token with that scope',
        );
      c.set('actor', actor);
      await next();
    };

  app.get('/healthz', (c) => c.json({ ok: true }));
  app.get('/readyz', (c) => {
    const why = parts.unready();
    return why ? problem(c, 503, 'Not ready', why) : c.json({ ok: true });
  });
  app.get('/metrics', async (c) =>
    c.body(await parts.metrics.text(), 200, { 'content-type': parts.metrics.contentType }),
  );

  const overview = createRoute({
    method: 'get',
    path: '/api/v1/overview',
    responses: { 200: json(schemas.overviewSchema, 'Every service in every environment, trouble first.') },
  });
  app.openapi(overview, async (c) =>
    c.json((await parts.house.overview()) as z.infer<typeof schemas.overviewSchema>, 200),
  );

  const releases = createRoute({
    method: 'get',
    path: '/api/v1/releases',
    responses: { 200: json(schemas.releaseListSchema, 'All releases, newest first.') },
  });
  app.openapi(releases, async (c) =>
    c.json((await parts.house.releases()) as z.infer<typeof schemas.releaseListSchema>, 200),
  );

  const release = createRoute({
    method: 'get',
    path: '/api/v1/releases/{id}',
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(schemas.releaseSchema, 'One release.'), 404: problemAnswer },
  });
  app.openapi(release, async (c) => {
    const found = await parts.house.release(c.req.valid('param').id);
    if (!found)
      return problem(c, 404, 'No such release', c.req.valid('param').id, 'see /api/v1/releases') as never;
    return c.json(found as z.infer<typeof schemas.releaseSchema>, 200);
  });

  const explanation = createRoute({
    method: 'get',
    path: '/api/v1/releases/{id}/explanation',
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(schemas.explanationSchema, 'Why it ended as it did.'), 404: problemAnswer },
  });
  app.openapi(explanation, async (c) => {
    const { id } = c.req.valid('param');
    const lines = await parts.house.explain(id);
    if (!lines) return problem(c, 404, 'No such release', id, 'see /api/v1/releases') as never;
    return c.json({ schema: 'sluice.dev/explanation/v1' as const, release: id, lines }, 200);
  });

  const verdict = createRoute({
    method: 'get',
    path: '/api/v1/verdict',
    request: {
      query: z.object({
        service: z.string(),
        environment: z.string(),
        revision: z.string(),
        step: z.coerce.number().int().nonnegative().default(0),
        phase: z.enum(['start', 'step']).default('step'),
      }),
    },
    responses: {
      200: json(
        schemas.verdictSchema,
        'Pass, fail or inconclusive, with reasons; never another status for a question that can be read.',
      ),
      400: problemAnswer,
    },
  });
  app.openapi(verdict, (c) =>
    c.json(parts.house.verdict(c.req.valid('query')) as z.infer<typeof schemas.verdictSchema>, 200),
  );

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

  const command = createRoute({
    method: 'post',
    path: '/api/v1/lanes/{environment}/{service}/commands',
    middleware: [needs('operate')] as const,
    request: {
      params: z.object({ environment: z.string(), service: z.string() }),
      headers: z.object({ 'idempotency-key': z.string().min(1).max(200).optional() }),
      body: { content: { 'application/json': { schema: schemas.commandSchema } }, required: true },
    },
    responses: {
      202: json(schemas.commandAnswerSchema, 'Recorded; the next look carries it out.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
      404: problemAnswer,
    },
  });
  app.openapi(command, async (c) => {
    const { environment, service } = c.req.valid('param');
    const body = c.req.valid('json');
    const lane = `${service}/${environment}`;
    const lanes = parts.controller.lanes().map((v) => v.state.lane);
    if (!lanes.includes(lane))
      return problem(c, 404, 'No such lane', lane, `known: ${lanes.join(', ')}`) as never;
    const id = c.req.valid('header')['idempotency-key'] ?? parts.newId();
    const earlier = (await parts.ledger.read({ subject: lane, type: 'command.accepted' })).find(
      (r) => (r.data as { id: string }).id === id,
    );
    const record =
      earlier ?? (await parts.controller.command(lane, body.command, body.reason, c.get('actor'), id));
    const done = record.data as { command: typeof body.command };
    return c.json(
      { schema: 'sluice.dev/command/v1' as const, id, lane, command: done.command, seq: record.seq },
      202,
    );
  });

  const token = createRoute({
    method: 'post',
    path: '/api/v1/tokens',
    middleware: [needs('admin')] as const,
    request: {
      body: { content: { 'application/json': { schema: schemas.tokenRequestSchema } }, required: true },
    },
    responses: {
      201: json(schemas.tokenAnswerSchema, 'The secret, shown once.'),
      400: problemAnswer,
      401: problemAnswer,
      403: problemAnswer,
    },
  });
  app.openapi(token, async (c) => {
    const { name, scopes } = c.req.valid('json');
    const made = await parts.tokens.create(name, scopes, c.get('actor'), parts.now());
    return c.json({ schema: 'sluice.dev/token/v1' as const, name, ...made }, 201);
  });

  app.get('/api/v1/events', (c) =>
    streamSSE(c, async (stream) => {
      const seen = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? Number.NaN);
      const queue: LedgerRecord[] = [];
      let wake: () => void = () => {};
      const stop = parts.controller.onRecords((records) => {
        queue.push(...records);
        // A reader that does not read is let go; it comes back with Last-Event-ID.
        if (queue.length > MAX_QUEUED_EVENTS) stream.abort();
        wake();
      });
      stream.onAbort(() => {
        stop();
        wake();
      });
      let last = Number.isInteger(seen) ? seen : (await parts.ledger.head()).seq;
      if (Number.isInteger(seen))
        queue.unshift(...(await parts.ledger.read({ after: seen, limit: MAX_QUEUED_EVENTS })));
      while (!stream.aborted) {
        for (let record = queue.shift(); record; record = queue.shift()) {
          if (record.seq <= last) continue;
          last = record.seq;
          const { seq, at, type, subject } = record;
          await stream.writeSSE({
            id: String(seq),
            event: 'record',
            data: JSON.stringify({ seq, at, type, subject }),
          });
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, HEARTBEAT_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        if (queue.length === 0 && !stream.aborted)
          await stream.writeSSE({ event: 'alive', data: String(parts.now()) });
      }
    }),
  );

  app.post('/webhooks/alertmanager', async (c) => {
    const secret = c.req.header('authorization')?.replace(/^Bearer /, '');
    if (secret !== parts.alertmanagerToken)
      return problem(c, 401, 'Who is asking?', 'Alertmanager sends the token of its credentials file');
    try {
      await parts.onAlerts(await c.req.json());
    } catch (thrown) {
      return problem(c, 400, 'Not an Alertmanager delivery', messageOf(thrown));
    }
    return c.json({ ok: true });
  });

  app.doc31('/openapi.json', { openapi: '3.1.0', info: { title: 'Sluice', version: '1' } });
  app.notFound((c) => problem(c, 404, 'Not found', c.req.path, 'see /openapi.json'));
  app.onError((error, c) => {
    const full = error.name === 'LedgerUnavailable';
    return problem(
      c,
      503,
      full ? 'The ledger takes no record' : 'Internal error',
      messageOf(error),
      full ? 'free the disk or make it writable; nothing was changed' : 'see the log',
    ) as never;
  });

  if (parts.consoleDir && existsSync(parts.consoleDir)) {
    app.use('/assets/*', serveStatic({ root: parts.consoleDir }));
    app.get('*', serveStatic({ root: parts.consoleDir, path: 'index.html' }));
  }
  return app;
}
