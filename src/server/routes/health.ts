import { type AppParts, type HttpApp, problem } from '../http.ts';

/** Whether it lives, whether it may be asked for decisions, and its own metrics. */
export function healthRoutes(app: HttpApp, parts: Pick<AppParts, 'unready' | 'warnings' | 'metrics'>): void {
  app.get('/healthz', (c) => c.json({ ok: true }));
  app.get('/readyz', (c) => {
    const why = parts.unready();
    const warnings = parts.warnings?.() ?? [];
    return why
      ? problem(c, 503, 'Not ready', why, 'see the log')
      : c.json({ ok: true, ...(warnings.length > 0 ? { warnings } : {}) });
  });
  app.get('/metrics', async (c) =>
    c.body(await parts.metrics.text(), 200, { 'content-type': parts.metrics.contentType }),
  );
}
