import {
  type Environment,
  type Platform,
  type PrometheusSource,
  requestsOf,
  type Service,
  strategyOf,
} from '../../../declaration/platform.ts';
import type { SecretKey } from '../../../declaration/workload-access.ts';
import { selectorText } from '../../../promql/scope.ts';
import { burnSeriesOf } from '../../../runtime/series.ts';

/** Addresses inside a cluster. */
interface ClusterPlaces {
  /** Sluice's own address; null: no verdicts are queried. */
  readonly server: string | null;
  readonly serverSecret?: SecretKey | undefined;
}

/** One header of what a Rollout asks: its value as it is, or the key of a Secret beside the Rollout that holds it. */
export interface HeaderValues {
  readonly name: string;
  readonly value?: string;
  readonly secret?: SecretKey;
}

export interface BurnValues {
  readonly series: string;
  readonly threshold: number;
}

/** What `charts/service` takes of a declaration: one service in one environment. */
export interface ServiceValues {
  readonly service: string;
  readonly environment: string;
  readonly sluice: {
    readonly server: string;
    readonly serverHeaders: readonly HeaderValues[];
    readonly prometheus: string;
    readonly prometheusHeaders: readonly HeaderValues[];
    readonly steps: readonly number[];
    readonly slos: readonly string[];
    /** Selectors of what the SLOs count, each in braces. */
    readonly series: readonly string[];
    /** Which label of the metrics tells both versions apart: its values are hashes of pod templates. */
    readonly revisionLabel: string;
    /** Which label says the version, for people to read. */
    readonly versionLabel: string;
    readonly burn: { readonly fast: BurnValues; readonly slow: BurnValues | null };
    readonly interval: string;
    readonly deadlineSeconds: number;
    /** How long answers may be missing before a waiting Rollout is aborted. */
    readonly holdSeconds: number;
  };
}

const AUTHORIZATION = 'Authorization';
const PROMETHEUS_SECRET: SecretKey = { name: 'sluice-prometheus', key: 'authorization' };

/** What has to be sent with each question to a Prometheus: by whom it is asked, and for which tenant. */
function prometheusHeaders({ auth, tenant, rolloutSecret }: PrometheusSource): HeaderValues[] {
  const secret = rolloutSecret ?? (auth ? PROMETHEUS_SECRET : null);
  return [
    ...(secret ? [{ name: AUTHORIZATION, secret }] : []),
    ...(tenant ? [{ name: tenant.header, value: tenant.value }] : []),
  ];
}

const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1_000));

export const serverHeaders = (secret: SecretKey | undefined): HeaderValues[] =>
  secret ? [{ name: AUTHORIZATION, secret }] : [];

/** All requests that the SLOs of a service count, series by series. Every metric is named inside the braces. */
function countedSeries(platform: Platform, service: Service): string[] {
  const texts = requestsOf(platform, service).map(({ metric, matchers }) =>
    selectorText({
      metric: '',
      matchers: metric === '' ? matchers : [{ label: '__name__', op: '=', value: metric }, ...matchers],
    }),
  );
  return [...new Set(texts)];
}

/** The values file of one service in one environment: the chart renders from it what `analysisTemplates` renders here. */
export function serviceValues(
  platform: Platform,
  service: Service,
  environment: Environment,
  places: ClusterPlaces,
): ServiceValues {
  const { fast, slow } = environment.burn;
  const { steps, deadlineMs, holdMs } = strategyOf(service, environment);
  const burn = ({ windowMs, threshold }: typeof fast): BurnValues => ({
    series: burnSeriesOf(windowMs),
    threshold,
  });
  return {
    service: service.name,
    environment: environment.name,
    sluice: {
      server: places.server ?? '',
      serverHeaders: serverHeaders(places.serverSecret),
      prometheus: environment.prometheus.address === 'embedded' ? '' : environment.prometheus.address,
      prometheusHeaders: prometheusHeaders(environment.prometheus),
      steps,
      slos: [...service.slos, ...service.burnSlos],
      series: countedSeries(platform, service),
      revisionLabel: service.revisionLabel,
      versionLabel: service.versionLabel,
      burn: { fast: burn(fast), slow: slow ? burn(slow) : null },
      interval: `${seconds(environment.prometheus.evaluationIntervalMs)}s`,
      deadlineSeconds: seconds(deadlineMs),
      holdSeconds: seconds(holdMs),
    },
  };
}
