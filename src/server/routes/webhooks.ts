import { parseForeign } from '../../kit/json.ts';
import { messageOf } from '../../kit/result.ts';
import { sameSecret } from '../auth.ts';
import { type AppParts, type HttpApp, problem } from '../http.ts';

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

const ALERTMANAGER_NEXT = 'let credentials_file of its receiver name alertmanager.token of the work folder';

const ARGO_NEXT = 'let its notification service send the token of spec.kubernetes.argoCd.webhookToken';

const stranger = (c: Parameters<typeof problem>[0], detail: string, next: string) =>
  problem(c, 401, 'Unauthorized', detail, next);

/** What others tell us: a hint each, known by its token or signature, confirmed at the source. */
export function webhookRoutes(app: HttpApp, parts: AppParts): void {
  app.post('/webhooks/alertmanager', async (c) => {
    const secret = c.req.header('authorization')?.replace(/^Bearer /, '');
    if (!secret || !sameSecret(secret, parts.alertmanagerToken))
      return stranger(c, 'Alertmanager sends the token of its credentials file', ALERTMANAGER_NEXT);
    try {
      // What alerts say is shown; one that is odd takes no other with it.
      await parts.onAlerts(parseForeign(await c.req.text()));
    } catch (thrown) {
      return problem(
        c,
        400,
        'Not an Alertmanager delivery',
        messageOf(thrown),
        'let a webhook receiver of Alertmanager send it',
      );
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
      return stranger(c, 'Argo CD sends the token of its notification service', ARGO_NEXT);
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
        return problem(
          c,
          404,
          'No such forge',
          `${kind} is not the forge that is declared`,
          'see spec.forge of the Platform',
        );
      const hint = gate.forge.hint(c.req.header(), await c.req.text());
      if (!hint.ok)
        return hint.error.code === 'UNAUTHORISED'
          ? problem(c, 401, 'Unauthorized', hint.error.message, 'see the secret of the webhook')
          : problem(c, 400, 'Not a delivery', hint.error.message, 'let the forge send it');
      if (seen(hint.value.delivery)) return c.json({ ok: true, duplicate: true });
      gate.hint(hint.value);
      if (hint.value.kind !== 'status') parts.onPush();
      return c.json({ ok: true });
    });
}
