import { type Environment, type Service, strategyOf } from '../../../declaration/platform.ts';
import { burnSeriesOf } from '../../../runtime/series.ts';

/** Where the surroundings find each other inside a cluster. */
export interface ClusterPlaces {
  /** Sluice's own address; null: nobody is asked for verdicts. */
  readonly server: string | null;
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
    readonly prometheus: string;
    readonly steps: readonly number[];
    readonly slos: readonly string[];
    /** Which label of the metrics tells both versions apart: its values are hashes of pod templates. */
    readonly revisionLabel: string;
    /** Which label says the version, for people to read. */
    readonly versionLabel: string;
    readonly burn: { readonly fast: BurnValues; readonly slow: BurnValues | null };
    readonly interval: string;
    readonly deadlineSeconds: number;
  };
}

const seconds = (ms: number): number => Math.max(1, Math.round(ms / 1_000));

/** The values file of one service in one environment: the chart renders from it what `analysisTemplates` renders here. */
export function serviceValues(
  service: Service,
  environment: Environment,
  places: ClusterPlaces,
): ServiceValues {
  const { fast, slow } = environment.burn;
  const { steps, deadlineMs } = strategyOf(service, environment);
  const burn = ({ windowMs, threshold }: typeof fast): BurnValues => ({
    series: burnSeriesOf(windowMs),
    threshold,
  });
  return {
    service: service.name,
    environment: environment.name,
    sluice: {
      server: places.server ?? '',
      prometheus: environment.prometheus.address === 'embedded' ? '' : environment.prometheus.address,
      steps,
      slos: [...service.slos, ...service.burnSlos],
      revisionLabel: service.revisionLabel,
      versionLabel: service.versionLabel,
      burn: { fast: burn(fast), slow: slow ? burn(slow) : null },
      interval: `${seconds(environment.prometheus.evaluationIntervalMs)}s`,
      deadlineSeconds: seconds(deadlineMs),
    },
  };
}
