import { stringify } from 'yaml';
import type { Environment } from '../../../declaration/platform.ts';
import { formatDuration } from '../../../kit/time.ts';

interface PrometheusPlaces {
  readonly rulesFile: string;
  /** Files in which the delivery plane lists the processes that run, with their labels. */
  readonly targetsGlob: string;
  readonly alertmanager: string | null;
  /** Where Sluice itself shows its metrics. */
  readonly sluice: string | null;
}

/** The embedded Prometheus's configuration: targets by file, so that versions come and go without a reload. */
export function renderPrometheusConfig(environment: Environment, places: PrometheusPlaces): string {
  const scrape = environment.prometheus.scrapeIntervalMs;
  const config = {
    global: {
      scrape_interval: formatDuration(scrape),
      scrape_timeout: formatDuration(Math.min(scrape, 10_000)),
      evaluation_interval: formatDuration(environment.prometheus.evaluationIntervalMs),
    },
    rule_files: [places.rulesFile],
    scrape_configs: [
      {
        job_name: 'services',
        honor_labels: false,
        file_sd_configs: [
          { files: [places.targetsGlob], refresh_interval: formatDuration(Math.max(scrape, 1_000)) },
        ],
      },
      ...(places.sluice
        ? [
            {
              job_name: 'sluice',
              // Their service and environment are those they tell about.
              honor_labels: true,
              static_configs: [{ targets: [places.sluice] }],
            },
          ]
        : []),
    ],
    ...(places.alertmanager
      ? { alerting: { alertmanagers: [{ static_configs: [{ targets: [places.alertmanager] }] }] } }
      : {}),
  };
  return stringify(config, { lineWidth: 0 });
}
