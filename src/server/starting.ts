import { type Context, Hono } from 'hono';
import { answerHeaders } from './headers.ts';
import { problem } from './http.ts';

/** Answers for a server that starts. It lives: whoever restarts what does not answer must not restart it. */
export function startingApp(): Hono {
  const app = new Hono();
  app.use('*', answerHeaders);
  app.get('/healthz', (c) => c.json({ ok: true }));
  app.all('*', (c: Context) =>
    problem(c, 503, 'Starting', 'the server is starting', 'ask again in a moment'),
  );
  return app;
}
