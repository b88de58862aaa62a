import { existsSync } from 'node:fs';
import { serveStatic } from '@hono/node-server/serve-static';
import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { messageOf } from '../kit/result.ts';
import { foreignRequest } from './auth.ts';
import { answerHead } from './head.ts';
import { type App, type AppParts, problem, type Variables } from './http.ts';
import { auditRoutes } from './routes/audit.ts';
import { budgetRoutes } from './routes/budgets.ts';
import { governanceRoutes } from './routes/governance.ts';
import { healthRoutes } from './routes/health.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { orderRoutes } from './routes/orders.ts';
import { pipelineRoutes } from './routes/pipeline.ts';
import { pullRoutes } from './routes/pulls.ts';
import { releaseRoutes } from './routes/releases.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { streamRoutes } from './routes/stream.ts';
import { webhookRoutes } from './routes/webhooks.ts';

const MAX_BODY = 1 << 20;
/** Asked by kubelet and Prometheus by the address of the pod; they hold nothing that is worth a stolen name. */
const BY_ANY_NAME: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** Refuses foreign hosts and origins, bounds what is read, and says what browsers may do with answers. */
function guard(app: App, parts: Pick<AppParts, 'allowedHosts'>): void {
  app.use('*', async (c, next) => {
    const { path } = c.req;
    const refused = BY_ANY_NAME.includes(path)
      ? undefined
      : foreignRequest(c.req.header('host'), c.req.header('origin'), parts.allowedHosts);
    if (refused) return problem(c, 403, 'Forbidden', refused, 'use the address that the server printed');
    await next();
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header(
      'content-security-policy',
      "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
    );
  });
  app.use('*', answerHead);
  app.use(
    '*',
    bodyLimit({
      maxSize: MAX_BODY,
      onError: (c) => problem(c, 413, 'Too large', `more than ${MAX_BODY} bytes`),
    }),
  );
}

/** Problems instead of stack traces, wherever they come from. */
export function endings(app: App): void {
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
}

export function consoleFiles(app: App, directory: string | null): void {
  if (!directory || !existsSync(directory)) return;
  app.use('/assets/*', serveStatic({ root: directory }));
  app.get('*', serveStatic({ root: directory, path: 'index.html' }));
}

/** A router that refuses strangers, and says what is wrong with a question. */
export function newApp(parts: Pick<AppParts, 'allowedHosts'>): App {
  const app: App = new OpenAPIHono<Variables>({
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
  guard(app, parts);
  return app;
}

/** The HTTP contract over the house. */
export function createApp(parts: AppParts): App {
  const app = newApp(parts);
  healthRoutes(app, parts);
  releaseRoutes(app, parts);
  ledgerRoutes(app, parts);
  orderRoutes(app, parts);
  budgetRoutes(app, parts);
  governanceRoutes(app, parts);
  pullRoutes(app, parts);
  pipelineRoutes(app, parts);
  auditRoutes(app, parts);
  signInRoutes(app, parts);
  streamRoutes(app, parts);
  webhookRoutes(app, parts);
  endings(app);
  consoleFiles(app, parts.consoleDir);
  return app;
}
