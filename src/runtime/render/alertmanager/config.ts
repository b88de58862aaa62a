import { stringify } from 'yaml';

export interface AlertmanagerPlaces {
  /** Our own webhook, and the file that holds the token it asks for. */
  readonly webhook: string;
  readonly credentialsFile: string;
  /** A further webhook that the declaration names. */
  readonly declared: string | null;
}

/** Routes every alert of ours to our webhook, grouped by service and environment. */
export function renderAlertmanagerConfig(places: AlertmanagerPlaces): string {
  const sluice = {
    url: places.webhook,
    send_resolved: true,
    http_config: { authorization: { type: 'Bearer', credentials_file: places.credentialsFile } },
  };
  const receivers = [
    { name: 'sluice', webhook_configs: [sluice] },
    ...(places.declared
      ? [{ name: 'declared', webhook_configs: [{ url: places.declared, send_resolved: true }] }]
      : []),
  ];
  const route = {
    receiver: 'sluice',
    group_by: ['alertname', 'service', 'environment'],
    group_wait: '1s',
    group_interval: '10s',
    repeat_interval: '1h',
    ...(places.declared
      ? { routes: [{ receiver: 'sluice', continue: true }, { receiver: 'declared' }] }
      : {}),
  };
  return stringify({ route, receivers }, { lineWidth: 0 });
}
