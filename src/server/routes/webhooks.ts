import { messageOf } from '../../kit/result.ts';
import { sameSecret } from '../auth.ts';
import { type App, type AppParts, problem } from '../http.ts';

/** What others tell us: a hint each, known by its token, confirmed at the source. */
export function webhookRoutes(app: App, parts: AppParts): void {
  app.post('/webhooks/alertmanager', async (c) => {
    const secret = c.req.header('authorization')?.replace(/^Bearer /, '');
    if (!secret || !sameSecret(secret, parts.alertmanagerToken))
      return problem(c, 401, 'Who is asking?', 'Alertmanager sends the token of its credentials file');
    try {
      await parts.onAlerts(await c.req.json());
    } catch (thrown) {
      return problem(c, 400, 'Not an Alertmanager delivery', messageOf(thrown));
    }
    return c.json({ ok: true });
  });
}
