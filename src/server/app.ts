import { existsSync } from 'node:fs';
import { serveStatic } from '@hono/node-server/serve-static';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { HTTPException } from 'hono/http-exception';
import { faultText } from '../kit/faults.ts';
import { halfCharacterIn } from '../kit/json.ts';
import { pathText } from '../kit/problem.ts';
import { messageOf } from '../kit/result.ts';
import { LedgerUnavailable } from '../ledger/port.ts';
import { foreignRequest } from './auth.ts';
import { tellDeprecated } from './deprecation.ts';
import { answerHead } from './head.ts';
import { answerHeaders } from './headers.ts';
import { type AppParts, actorOf, bearerOf, type HttpApp, problem, type Variables } from './http.ts';
import { measureAnswers } from './measuring.ts';
import { needs } from './needs.ts';
import { exportGuard, readGuard } from './reads.ts';
import { auditRoutes } from './routes/audit.ts';
import { budgetRoutes } from './routes/budgets.ts';
import { commandLineRoutes } from './routes/command-line.ts';
import { governanceRoutes } from './routes/governance.ts';
import { healthRoutes } from './routes/health.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { noticeRoutes } from './routes/notices.ts';
import { orderRoutes } from './routes/orders.ts';
import { pipelineRoutes } from './routes/pipeline.ts';
import { pullRoutes } from './routes/pulls.ts';
import { releaseRoutes } from './routes/releases.ts';
import { rollbackRoutes } from './routes/rollback.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { streamRoutes } from './routes/stream.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { webhookRoutes } from './routes/webhooks.ts';

const MAX_BODY = 1 << 20;
/** Asked by kubelet and Prometheus by the address of the pod; they hold nothing that is worth a stolen name. */
const BY_ANY_NAME: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** Refuses foreign hosts and origins, bounds what is read, and says what browsers may do with answers. */
function guard(app: HttpApp, parts: Pick<AppParts, 'allowedHosts'>): void {
  app.use('*', answerHeaders);
  app.use('*', async (c, next) => {
    const { path } = c.req;
    const refused = BY_ANY_NAME.includes(path)
      ? undefined
      : foreignRequest(c.req.header('host'), c.req.header('origin'), parts.allowedHosts);
    if (refused) return problem(c, 403, 'Forbidden', refused, 'use the address that the server printed');
    await next();
  });
  app.use('*', answerHead);
  app.use(
    '*',
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (c) => problem(c, 413, 'Too large', `more than ${MAX_BODY} bytes`, 'send less'),
    }),
  );
  app.use('/api/*', wholeTexts);
  // An overview of a fleet is 150 KB of the same names again and again. Streams are left as they are.
  app.use('/api/*', compress());
}

/** What cannot be recorded is refused before anything is done about it. */
const wholeTexts: MiddlewareHandler = async (c, next) => {
  if (c.req.method === 'GET') return next();
  const found = halfCharacterIn(await c.req.text());
  if (!found) return next();
  const where = pathText(found.path);
  return problem(c, 400, 'Bad request', `${where}: ${found.message}`, 'send whole characters, as UTF-8');
};

/** Problems instead of stack traces, wherever they come from. */
export function endings(app: HttpApp): void {
  app.doc31('/openapi.json', { openapi: '3.1.0', info: { title: 'Sluice', version: '1' } });
  app.notFound((c) => problem(c, 404, 'Not found', c.req.path, 'see /openapi.json'));
  app.onError((error, c) => {
    if (error instanceof HTTPException)
      return problem(
        c,
        error.status === 415 ? 415 : 400,
        'Bad request',
        messageOf(error),
        'see /openapi.json',
      ) as never;
    const ledger = error instanceof LedgerUnavailable ? error : null;
    return problem(
      c,
      503,
      ledger === null
        ? 'Internal error'
        : ledger.code === 'LEDGER_DAMAGED'
          ? 'The ledger is damaged'
          : 'The ledger takes no record',
      messageOf(error),
      ledger?.next ?? 'see the log',
    ) as never;
  });
}

/** What lies below these is asked by programs: a page would be no answer. */
const NO_PAGE = /^\/(?:api|assets|auth|webhooks)\//;
/** The name of an asset has the digest of what is in it: it never changes. */
const IMMUTABLE = 'public, max-age=31536000, immutable';

export function consoleFiles(app: HttpApp, directory: string | null): void {
  if (!directory || !existsSync(directory)) return;
  app.use('/assets/*', async (c, next) => {
    await next();
    if (c.res.status === 200) c.header('cache-control', IMMUTABLE);
  });
  app.use('/assets/*', serveStatic({ root: directory, precompressed: true }));
  const page = serveStatic({ root: directory, path: 'index.html', precompressed: true });
  app.get('*', (c, next) => {
    // An asset that is gone is no page: a browser would run it as a script.
    if (NO_PAGE.test(c.req.path)) return next();
    c.header('cache-control', 'no-cache');
    return page(c, next);
  });
}

/** A router that refuses strangers, and says what is wrong with a question. */
export function newApp(parts: Pick<AppParts, 'allowedHosts'> & Partial<Pick<AppParts, 'metrics'>>): HttpApp {
  const app: HttpApp = new OpenAPIHono<Variables>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      const { data: value } = result as { readonly data?: unknown };
      return problem(c, 400, 'Bad request', faultText(result.error.issues, { value }), 'see /openapi.json');
    },
  });
  if (parts.metrics) app.use('*', measureAnswers(parts.metrics));
  guard(app, parts);
  return app;
}

/** The HTTP contract over the queries. */
export function createApp(parts: AppParts): HttpApp {
  const app = newApp(parts);
  const guard = readGuard({
    ...parts,
    who: (c) => actorOf(parts, c),
    ended: (c) => parts.tokens.ended(bearerOf(c), parts.now()),
  });
  tellDeprecated(app);
  app.use('/api/*', guard);
  healthRoutes(app, parts);
  releaseRoutes(app, parts);
  noticeRoutes(app, parts);
  ledgerRoutes(app, { ...parts, mayExport: exportGuard(parts.openReads, needs(parts, 'admin')) });
  orderRoutes(app, parts);
  tokenRoutes(app, parts);
  budgetRoutes(app, parts);
  governanceRoutes(app, parts);
  pullRoutes(app, parts);
  pipelineRoutes(app, parts);
  rollbackRoutes(app, parts);
  auditRoutes(app, parts);
  signInRoutes(app, parts);
  commandLineRoutes(app, parts);
  streamRoutes(app, parts);
  webhookRoutes(app, parts);
  endings(app);
  consoleFiles(app, parts.consoleDir);
  return app;
}
