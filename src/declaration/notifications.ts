import { NOTICE_DEFAULT } from './defaults.ts';
import type { Maintenance, Notification } from './platform.ts';
import type { PlatformDocument } from './schema.ts';

export const compileMaintenance = (m: PlatformDocument['spec']['maintenance'][number]): Maintenance => ({
  fromMs: Date.parse(m.from),
  toMs: Date.parse(m.to),
  reason: m.reason,
  services: m.services ?? null,
  environments: m.environments ?? null,
});

/** One receiver of what Sluice itself tells. */
export function compileNotification(n: PlatformDocument['spec']['notifications'][number]): Notification {
  const { name } = n;
  const to = ((): Notification['to'] => {
    if (n.slack) {
      const { channel, token, address } = n.slack;
      return { kind: 'slack', channel, token: token.secretRef, address: address ?? null };
    }
    if (n.teams) return { kind: 'teams', url: n.teams.url.secretRef };
    if (n.webhook)
      return { kind: 'webhook', url: n.webhook.url, secret: n.webhook.secret?.secretRef ?? null };
    const { to, from, smarthost, username, password } = n.email!;
    return {
      kind: 'email',
      to,
      from,
      smarthost,
      username: username ?? null,
      password: password?.secretRef ?? null,
    };
  })();
  const on = n.on ?? NOTICE_DEFAULT;
  return { name, on, environments: n.environments ?? null, services: n.services ?? null, to };
}
