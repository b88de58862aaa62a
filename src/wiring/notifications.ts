import type { Notification } from '../declaration/platform.ts';
import { mapOk, ok, type Result } from '../kit/result.ts';
import type { NotifierParts } from '../server/notify/notifier.ts';
import type { Sender } from '../server/notify/port.ts';
import type { Env, WiringContext } from './context.ts';
import { readOptionalSecret, readSecret } from './secrets.ts';

type Senders = typeof import('../server/notify/senders.ts');

/** Who tells one receiver, with its secret read; else which secret is missing. */
function openSender(senders: Senders, to: Notification['to'], env: Env): Result<Sender, string> {
  switch (to.kind) {
    case 'slack':
      return mapOk(readSecret(to.token, env), (token) => senders.slackSender({ ...to, token }));
    case 'teams':
      return mapOk(readSecret(to.url, env), (url) => senders.teamsSender({ url }));
    case 'email':
      return mapOk(readOptionalSecret(to.password, env), (password) =>
        senders.emailSender({ ...to, password }),
      );
    case 'webhook':
      return mapOk(readOptionalSecret(to.secret, env), (secret) => senders.webhookSender({ ...to, secret }));
  }
}

/** Everybody who is told, each with a sender of its kind. */
export async function openReceivers({
  platform,
  env,
}: WiringContext): Promise<Result<NotifierParts['receivers'], string>> {
  if (platform.notifications.length === 0) return ok([]);
  const senders = await import('../server/notify/senders.ts');
  const receivers: { declared: Notification; sender: Sender }[] = [];
  for (const declared of platform.notifications) {
    const sender = openSender(senders, declared.to, env);
    if (!sender.ok) return sender;
    receivers.push({ declared, sender: sender.value });
  }
  return ok(receivers);
}
