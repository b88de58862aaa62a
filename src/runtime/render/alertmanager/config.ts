import { stringify } from 'yaml';
import type { Environment, Platform, Receiver, Route } from '../../../declaration/platform.ts';
import { escapeRegex } from '../../../promql/scope.ts';
import { CANARY_ALERT } from '../../series.ts';

interface AlertmanagerPlaces {
  /** Our own webhook, and the file that holds the token it asks for. Null: no server of ours listens. */
  readonly sluice: { readonly webhook: string; readonly credentialsFile: string } | null;
}

const GROUP_BY = ['alertname', 'service', 'environment'];
const SAME_SLO = ['service', 'slo', 'environment'];

/**
 * Silences of one alert by another. A page says more than a ticket; a canary's own alert says more than its service's.
 * Alerts may be named and graded by whoever declares them: what they are says the label `sluice_alert`.
 */
const INHIBITION = [
  {
    source_matchers: ['sluice_alert=~"(burn|ladder)-page"'],
    target_matchers: ['sluice_alert=~".*-ticket"'],
    equal: SAME_SLO,
  },
  {
    source_matchers: ['sluice_alert="burn-page"'],
    target_matchers: ['sluice_alert="ladder-page"'],
    equal: [...SAME_SLO, 'long_window'],
  },
  {
    source_matchers: [`alertname="${CANARY_ALERT}"`],
    target_matchers: ['sluice_alert=~"(burn|ladder|group)-.*"'],
    equal: ['service', 'environment'],
  },
];

function receiverOf({ name, sendResolved, to }: Receiver): object {
  const send_resolved = sendResolved;
  switch (to.kind) {
    case 'webhook':
      return { name, webhook_configs: [{ url: to.url, send_resolved }] };
    case 'slack':
      return {
        name,
        slack_configs: [
          {
            channel: to.channel,
            api_url_file: to.apiUrlFile,
            send_resolved,
            title:
              '{{ .CommonLabels.alertname }}: {{ .CommonLabels.service }} {{ .CommonLabels.environment }}',
            title_link: '{{ .CommonAnnotations.runbook_url }}',
            text: '{{ range .Alerts }}{{ .Annotations.summary }}. Error budget remaining: {{ .Annotations.budget_left }}\n{{ end }}',
          },
        ],
      };
    case 'pagerduty':
      return {
        name,
        pagerduty_configs: [
          {
            routing_key_file: to.routingKeyFile,
            send_resolved,
            severity: '{{ if eq .CommonLabels.severity "page" }}critical{{ else }}warning{{ end }}',
            description: '{{ .CommonAnnotations.summary }}',
            details: {
              budget_left: '{{ .CommonAnnotations.budget_left }}',
              runbook: '{{ .CommonAnnotations.runbook_url }}',
            },
          },
        ],
      };
    case 'email':
      return {
        name,
        email_configs: [
          {
            to: to.to,
            from: to.from,
            smarthost: to.smarthost,
            send_resolved,
            ...(to.username ? { auth_username: to.username } : {}),
            ...(to.passwordFile ? { auth_password_file: to.passwordFile } : {}),
          },
        ],
      };
  }
}

const oneOf = (label: string, values: readonly string[] | null): string[] =>
  values ? [`${label}=~"${values.join('|')}"`] : [];

/** The label severity of pages (or tickets): as SLOs declare it, and as it is otherwise. */
const severitiesOf = (platform: Platform, which: 'page' | 'ticket'): string => {
  const words = [...new Set([which, ...platform.slos.map((s) => s.alerting[which].severity)])].sort();
  return words.length === 1
    ? `severity="${which}"`
    : `severity=~${JSON.stringify(words.map(escapeRegex).join('|'))}`;
};

/** Routes are tried in order, and every one that fits is taken. */
const routeOf =
  (platform: Platform) =>
  (route: Route): object => ({
    receiver: route.receiver,
    matchers: [
      ...(route.severity ? [severitiesOf(platform, route.severity)] : []),
      ...oneOf('environment', route.environments),
      ...oneOf('service', route.services),
    ],
    continue: true,
  });

/** Alerts of an OpenSLO policy carry the names of its targets. */
const targetRoute = ({ name }: Receiver): object => ({
  receiver: name,
  matchers: [`notify=~"(.*,)?${name}(,.*)?"`],
  continue: true,
});

const reaches = (environment: Environment) => (route: Route) =>
  route.environments === null || environment.name === '' || route.environments.includes(environment.name);

/** Whether anybody is declared who would be told. */
export const hasReceivers = ({ alerts }: Platform): boolean =>
  alerts.webhook !== null || alerts.receivers.length > 0;

/**
 * For an Alertmanager that somebody has already: routes and inhibitions to take over, each with the receiver left to
 * fill in. A configuration of our own would send pages to nobody, since nobody is declared.
 */
export const renderAlertmanagerFragment = (): string =>
  stringify(
    {
      route: {
        routes: [
          {
            receiver: 'YOUR-PAGER',
            matchers: ['sluice_alert=~".*-page"'],
            group_by: GROUP_BY,
            continue: true,
          },
          {
            receiver: 'YOUR-TICKETS',
            matchers: ['sluice_alert=~".*-ticket|no-data"'],
            group_by: GROUP_BY,
            continue: true,
          },
        ],
      },
      inhibit_rules: INHIBITION,
    },
    { lineWidth: 0 },
  );

/** Everything an Alertmanager needs for one environment: receivers, routes, grouping, inhibition. */
export function renderAlertmanagerConfig(
  platform: Platform,
  environment: Environment,
  places: AlertmanagerPlaces,
): string {
  const { alerts } = platform;
  const targeted = new Set(platform.slos.flatMap((s) => s.conditions.flatMap((c) => c.targets)));
  const sluice = places.sluice && {
    url: places.sluice.webhook,
    send_resolved: true,
    http_config: { authorization: { type: 'Bearer', credentials_file: places.sluice.credentialsFile } },
  };
  const receivers: object[] = [
    sluice ? { name: 'sluice', webhook_configs: [sluice] } : { name: 'sluice' },
    ...(alerts.webhook
      ? [{ name: 'declared', webhook_configs: [{ url: alerts.webhook, send_resolved: true }] }]
      : []),
    ...alerts.receivers.map(receiverOf),
  ];
  const routes: object[] = [
    { receiver: 'sluice', continue: true },
    ...(alerts.webhook ? [{ receiver: 'declared', continue: true }] : []),
    ...alerts.receivers.filter((r) => targeted.has(r.name)).map(targetRoute),
    ...alerts.routes.filter(reaches(environment)).map(routeOf(platform)),
  ];
  const route = {
    receiver: 'sluice',
    group_by: GROUP_BY,
    group_wait: '1s',
    group_interval: '10s',
    repeat_interval: '1h',
    ...(routes.length > 1 ? { routes } : {}),
  };
  return stringify({ route, inhibit_rules: INHIBITION, receivers }, { lineWidth: 0 });
}
