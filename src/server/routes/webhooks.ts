import { messageOf } from '../../kit/result.ts';
import { sameSecret } from '../auth.ts';
import { type App, type AppParts, problem } from '../http.ts';

const MAX_DELIVERIES = 10_000;

/** Deliveries that were taken already: the same id again, whoever sends it, changes nothing. */
function seenBefore(): (id: string) => boolean {
  const seen = new Set<string>();
  return (id) => {
    if (id === '' || seen.has(id)) return id !== '';
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > MAX_DELIVERIES && oldest !== undefined) seen.delete(oldest);
    return false;
  };
}

/** What others tell us: a hint each, known by its token or signature, confirmed at the source. */
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

  app.post('/webhooks/argocd', async (c) => {
    if (parts.argoCdToken === null)
      return problem(
        c,
        404,
        'No Argo CD',
        'no token is declared for its notifications',
        'declare spec.kubernetes.argoCd.webhookToken',
      );
    const secret = c.req.header('authorization')?.replace(/^Bearer /, '');
    if (!secret || !sameSecret(secret, parts.argoCdToken))
      return problem(c, 401, 'Who is asking?', 'Argo CD sends the token of its notification service');
    // What it says is a hint: the Applications themselves are looked at.
    parts.onPush();
    await parts.onSync();
    return c.json({ ok: true });
  });

  const seen = seenBefore();
  for (const kind of ['github', 'gitea'] as const)
    app.post(`/webhooks/${kind}`, async (c) => {
      const { gate } = parts;
      if (gate?.forge.kind !== kind)
        return problem(c, 404, 'No such forge', `${kind} is not the forge that is declared`);
      const hint = gate.forge.hint(c.req.header(), await c.req.text());
      if (!hint.ok)
        return hint.error.code === 'UNAUTHORISED'
          ? problem(c, 401, 'Who is asking?', hint.error.message, 'see the secret of the webhook')
          : problem(c, 400, 'Not a delivery', hint.error.message);
      if (seen(hint.value.delivery)) return c.json({ ok: true, duplicate: true });
      gate.hint(hint.value);
      if (hint.value.kind !== 'status') parts.onPush();
      return c.json({ ok: true });
    });
}
