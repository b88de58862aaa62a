import { stringify } from 'yaml';
import { lanesOf, servicesIn } from '../declaration/layout.ts';
import { type Environment, type Platform, strategyOf } from '../declaration/platform.ts';
import { syncToolOf } from '../declaration/syncing.ts';
import { analysisTemplates, clusterTemplates } from '../delivery/render/argo-rollouts/analysis.ts';
import { serverHeaders, serviceValues } from '../delivery/render/helm/values.ts';
import { loadPlanOf } from '../gitops/load.ts';
import { applicationSet, appProject } from '../gitops/render/argo-cd/applications.ts';
import { fluxFiles, fluxSourceFiles } from '../gitops/render/flux/files.ts';
import { k6Script } from '../gitops/render/k6/script.ts';
import { githubFiles } from '../governance/render/github-actions/workflows.ts';
import { problemLine } from '../kit/problem.ts';
import { ownSlos } from '../runtime/own-slos.ts';
import {
  hasReceivers,
  renderAlertmanagerConfig,
  renderAlertmanagerFragment,
} from '../runtime/render/alertmanager/config.ts';
import { configMap, prometheusRules, serviceMonitors } from '../runtime/render/kubernetes/resources.ts';
import { ruleGroups } from '../runtime/render/prometheus/rules.ts';
import { groupsText } from '../runtime/render/prometheus/text.ts';
import { compile } from './compile.ts';

/** What a declaration becomes: path below the output folder → text. The same declaration gives the same bytes. */
export type RenderedFiles = ReadonlyMap<string, string>;
export const FORMATS = ['files', 'kubernetes'] as const;
export type Format = (typeof FORMATS)[number];

const HEADER = '# Rendered by `sluice render` from the declaration. Change the declaration, not this file.\n';
const PLACES = {
  sluice: {
    webhook: 'http://sluice:7117/webhooks/alertmanager',
    credentialsFile: '/etc/alertmanager/sluice.token',
  },
};

/** Rules alone: the part that has to be fast, since it is most of the bytes. */
export const renderRulesFile = (platform: Platform, environment: Environment): string =>
  HEADER + groupsText(ruleGroups(platform, environment));

const FRAGMENT = `${HEADER}# No receiver is declared: this is a fragment. Take its routes and inhibitions over into your own configuration,
# and put your receivers in place of YOUR-PAGER and YOUR-TICKETS.
`;

/** A whole configuration where somebody is declared to be told; else a fragment, which routes nothing by itself. */
function alertmanager(platform: Platform, environment: Environment): { name: string; text: string } {
  if (!environment.name && !hasReceivers(platform))
    return { name: 'routes.yml', text: FRAGMENT + renderAlertmanagerFragment() };
  const places = environment.name ? PLACES : { sluice: null };
  return { name: 'alertmanager.yml', text: HEADER + renderAlertmanagerConfig(platform, environment, places) };
}

/** The SDK behind the dashboards is loaded only where some are rendered. */
const grafana = async (environment: Environment) =>
  (await import('../runtime/render/grafana/dashboards.ts')).renderGrafana(environment);

/** The load test of an environment, where one is declared. */
function k6Files(platform: Platform, environment: Environment): [string, string][] {
  const plan = loadPlanOf(platform, environment);
  return plan ? [[`${environment.name}/k6/load-test.js`, k6Script(plan)]] : [];
}

async function plainFiles(platform: Platform, environment: Environment): Promise<[string, string][]> {
  const base = environment.name ? `${environment.name}/` : '';
  const routing = alertmanager(platform, environment);
  return [
    [`${base}prometheus/rules.yml`, renderRulesFile(platform, environment)],
    [`${base}alertmanager/${routing.name}`, routing.text],
    ...k6Files(platform, environment),
    ...[...(await grafana(environment))].map(([path, text]): [string, string] => [
      `${base}grafana/${path}`,
      text,
    ]),
  ];
}

const yaml = (value: object): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

const documents = (objects: readonly object[]): string => HEADER + objects.map(yaml).join('---\n');

/** What the charts take of the declaration, service by service, and how Argo CD finds it. */
function clusterFiles(platform: Platform, environment: Environment): [string, string][] {
  const { server, serverSecret, argoCd } = platform.kubernetes;
  const services = servicesIn(platform, environment).flatMap((service): [string, string][] => {
    const values = serviceValues(platform, service, environment, { server, serverSecret });
    const templates = analysisTemplates(values).map(yaml).join('---\n');
    const base = `${environment.name}/${service.name}`;
    return [
      [`${base}/values.yaml`, HEADER + yaml(values)],
      [`${base}/analysistemplates.yaml`, HEADER + templates],
    ];
  });
  if (syncToolOf(platform, environment) === 'flux' || !argoCd) return services;
  const set = applicationSet(platform, environment, argoCd);
  return [...services, [`${environment.name}/applicationset.yaml`, HEADER + yaml(set)]];
}

const HELD_MS = 14_400_000;

/** Templates for every Rollout of a cluster, where there is one that is followed. */
function wholeCluster(platform: Platform): [string, string][] {
  const followed = lanesOf(platform).filter(({ environment }) => environment.delivery === 'argo-rollouts');
  if (followed.length === 0) return [];
  const { server, serverSecret } = platform.kubernetes;
  const holds = followed.map(({ service, environment }) => strategyOf(service, environment).holdMs);
  const values = {
    server,
    serverHeaders: serverHeaders(serverSecret),
    interval: '10s',
    holdSeconds: Math.ceil(Math.max(...holds, HELD_MS) / 1_000),
  };
  const text = clusterTemplates(values).map(yaml).join('---\n');
  return [['argo-rollouts/clusteranalysistemplates.yaml', HEADER + text]];
}

/** Rules, monitors and dashboards as objects of a cluster. */
async function monitoringFiles(platform: Platform, environment: Environment): Promise<[string, string][]> {
  const base = environment.name ? `${environment.name}/` : '';
  const routing = alertmanager(platform, environment);
  const rules = prometheusRules(environment, ruleGroups(platform, environment));
  const monitors = serviceMonitors(platform, environment);
  const dashboards = [...(await grafana(environment))].filter(([path]) => path.endsWith('.json'));
  return [
    ...rules.map((text, i): [string, string] => [`${base}prometheusrule-${i + 1}.yaml`, HEADER + text]),
    ...(environment.name
      ? ([[`${base}servicemonitors.yaml`, HEADER + monitors.join('---\n')]] as [string, string][])
      : []),
    [
      `${base}alertmanager-configmap.yaml`,
      HEADER + configMap(environment, 'sluice-alertmanager', routing.name, routing.text, {}),
    ],
    ...dashboards.map(([path, text]): [string, string] => {
      const file = path.split('/').at(-1)!;
      const name = `sluice-dashboard-${file.replace('.json', '')}`;
      return [
        `${base}${name}.yaml`,
        HEADER + configMap(environment, name, file, text, { grafana_dashboard: '1' }),
      ];
    }),
  ];
}

async function kubernetesFiles(platform: Platform, environment: Environment): Promise<[string, string][]> {
  const { flux } = platform.kubernetes;
  const monitoring = await monitoringFiles(platform, environment);
  const synced =
    flux && syncToolOf(platform, environment) === 'flux'
      ? fluxFiles(
          platform,
          environment,
          flux,
          monitoring.map(([path]) => path.slice(environment.name.length + 1)),
        )
      : [];
  return [
    ...(environment.name ? clusterFiles(platform, environment) : []),
    ...synced.map(([path, objects]): [string, string] => [path, documents(objects)]),
    ...monitoring,
  ];
}

/** What is applied once for all environments, so that Argo CD or Flux finds them. */
function syncFiles(platform: Platform): [string, string][] {
  const { argoCd, flux } = platform.kubernetes;
  const inFlux = platform.environments.filter((e) => syncToolOf(platform, e) === 'flux');
  const files: [string, string][] = [];
  if (argoCd && inFlux.length < platform.environments.length)
    files.push(['argo-cd/appproject.yaml', documents([appProject(platform, argoCd)])]);
  if (flux && inFlux.length > 0)
    for (const [path, objects] of fluxSourceFiles(platform, flux)) files.push([path, documents(objects)]);
  return files;
}

/**
 * Rules of Sluice's own objectives, for the Prometheus that scrapes it: declared and rendered as any other. The declaration
 * is not among them: what is rendered may lie in the folder of a declaration, and would be read as a part of it.
 */
function ownFiles(format: Format): [string, string][] {
  const compiled = compile([{ file: 'examples/sluice/slos.yaml', text: ownSlos() }], {
    platform: 'optional',
  });
  if (!compiled.ok) throw new Error(`broken invariant: own SLOs compile: ${problemLine(compiled.error[0]!)}`);
  const platform = compiled.value;
  const [environment] = platform.environments;
  const groups = ruleGroups(platform, environment!);
  return format === 'kubernetes'
    ? prometheusRules(environment!, groups).map((rule, i) => [
        `sluice/prometheusrule-${i + 1}.yaml`,
        HEADER + rule,
      ])
    : [['sluice/prometheus/rules.yml', HEADER + groupsText(groups)]];
}

/** Everything that is rendered for Prometheus, Alertmanager, Grafana and the cluster, by environment. */
export async function renderAll(
  platform: Platform,
  format: Format = 'files',
  progress: (environment: string) => void = () => {},
): Promise<RenderedFiles> {
  const files = new Map<string, string>();
  for (const environment of platform.environments) {
    progress(environment.name || platform.name);
    const made = await (format === 'kubernetes' ? kubernetesFiles : plainFiles)(platform, environment);
    for (const [path, text] of made) files.set(path, text);
  }
  if (format === 'kubernetes')
    for (const [path, text] of [...syncFiles(platform), ...wholeCluster(platform)]) files.set(path, text);
  for (const [path, text] of githubFiles(platform)) files.set(path, text);
  // Objectives alone, without a Platform: no server of Sluice is meant to run.
  if (platform.environments.some((e) => e.name !== ''))
    for (const [path, text] of ownFiles(format)) files.set(path, text);
  return files;
}
