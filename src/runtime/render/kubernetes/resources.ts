import { stringify } from 'yaml';
import { servicesIn } from '../../../declaration/layout.ts';
import { type Environment, namespaceOf, type Platform } from '../../../declaration/platform.ts';
import { formatDuration } from '../../../kit/time.ts';
import type { RuleGroup } from '../prometheus/text.ts';

const MANAGED = { 'app.kubernetes.io/managed-by': 'sluice' };
/** A resource in etcd may hold 1.5 MiB at most; rules are split well below it. */
const MAX_RESOURCE_BYTES = 700_000;

const metadata = (environment: Environment, name: string, labels: Record<string, string> = {}): object => ({
  name: environment.name ? `${environment.name}-${name}` : name,
  labels: { ...MANAGED, ...labels },
});

function chunks(groups: readonly RuleGroup[]): RuleGroup[][] {
  const out: RuleGroup[][] = [[]];
  let size = 0;
  for (const group of groups) {
    const bytes = JSON.stringify(group).length;
    if (size > 0 && size + bytes > MAX_RESOURCE_BYTES) {
      out.push([]);
      size = 0;
    }
    out.at(-1)!.push(group);
    size += bytes;
  }
  return out;
}

/** `PrometheusRule` resources of the Prometheus operator. */
export const prometheusRules = (environment: Environment, groups: readonly RuleGroup[]): string[] =>
  chunks(groups).map((part, i) =>
    stringify(
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: metadata(environment, `sluice-rules-${i + 1}`),
        spec: {
          groups: part.map(({ queryOffset, about: _, ...group }) => ({
            ...group,
            ...(queryOffset ? { query_offset: queryOffset } : {}),
          })),
        },
      },
      { lineWidth: 0, aliasDuplicateObjects: false },
    ),
  );

/** Scrapes every service of the declaration, by the label its Service carries. */
export const serviceMonitors = (platform: Platform, environment: Environment): string[] =>
  servicesIn(platform, environment).map((service) =>
    stringify({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: metadata(environment, service.name),
      spec: {
        // Where it is applied beside the others, its service may be elsewhere.
        ...(service.namespace
          ? { namespaceSelector: { matchNames: [namespaceOf(service, environment)] } }
          : {}),
        selector: { matchLabels: { 'app.kubernetes.io/name': service.name } },
        targetLabels: [service.versionLabel],
        endpoints: [
          {
            port: 'metrics',
            path: service.run?.metrics ?? '/metrics',
            interval: formatDuration(environment.prometheus.scrapeIntervalMs),
          },
        ],
      },
    }),
  );

/** One `ConfigMap` a file: Grafana's sidecar finds dashboards by their label. */
export const configMap = (
  environment: Environment,
  name: string,
  file: string,
  text: string,
  labels: Record<string, string>,
): string =>
  stringify(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(environment, name, labels),
      data: { [file]: text },
    },
    { lineWidth: 0 },
  );
