import type { Environment, Platform } from '../declaration/platform.ts';
import { renderAlertmanagerConfig } from '../runtime/render/alertmanager/config.ts';
import { renderRules } from '../runtime/render/prometheus/rules.ts';

/** What a declaration becomes: path below the output folder → text. The same declaration gives the same bytes. */
export type RenderedFiles = ReadonlyMap<string, string>;

const HEADER = '# Rendered by `sluice render` from the declaration. Change the declaration, not this file.\n';

function environmentFiles(platform: Platform, environment: Environment): [string, string][] {
  const alertmanager = renderAlertmanagerConfig({
    webhook: 'http://sluice:7117/webhooks/alertmanager',
    credentialsFile: '/etc/alertmanager/sluice.token',
    declared: platform.alerts.webhook,
  });
  return [
    [`${environment.name}/prometheus/rules.yml`, HEADER + renderRules(platform, environment)],
    [`${environment.name}/alertmanager/alertmanager.yml`, HEADER + alertmanager],
  ];
}

/** Everything that is rendered for the surroundings, environment by environment. */
export const renderAll = (platform: Platform): RenderedFiles =>
  new Map(platform.environments.flatMap((environment) => environmentFiles(platform, environment)));
