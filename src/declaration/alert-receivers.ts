import { ALERT_DEFAULTS } from './defaults.ts';
import type { Alerting, Receiver } from './platform.ts';
import type { PlatformDocument } from './schema.ts';

type AlertsInput = NonNullable<PlatformDocument['spec']['alerts']>;

function compileReceiver(r: AlertsInput['receivers'][number]): Receiver {
  const base = { name: r.name, sendResolved: r.sendResolved };
  if (r.webhook) return { ...base, to: { kind: 'webhook', url: r.webhook.url } };
  if (r.slack)
    return { ...base, to: { kind: 'slack', channel: r.slack.channel, apiUrlFile: r.slack.apiUrl.file } };
  if (r.pagerDuty) return { ...base, to: { kind: 'pagerduty', routingKeyFile: r.pagerDuty.routingKey.file } };
  const { to, from, smarthost, username, password } = r.email!;
  return {
    ...base,
    to: {
      kind: 'email',
      to,
      from,
      smarthost,
      username: username ?? null,
      passwordFile: password?.file ?? null,
    },
  };
}

/** What Alertmanager is given: receivers, routes, thresholds. */
export function compileAlerts(a: AlertsInput | undefined): Alerting {
  return {
    webhook: a?.webhook ?? null,
    runbook: a?.runbook ?? null,
    ladder: a?.ladder ?? true,
    minBad: a?.minBad ?? ALERT_DEFAULTS.minBad,
    labels: a?.labels ?? {},
    receivers: (a?.receivers ?? []).map(compileReceiver),
    routes: (a?.routes ?? []).map((r) => ({
      receiver: r.receiver,
      severity: r.severity ?? null,
      environments: r.environments ?? null,
      services: r.services ?? null,
    })),
  };
}
