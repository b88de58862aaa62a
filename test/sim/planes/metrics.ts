import { burnNames } from '../../../src/controller/metrics-snapshot.ts';
import {
  budgetWindowOf,
  type Environment,
  type Platform,
  type Slo,
} from '../../../src/declaration/platform.ts';
import { fail, ok, type Result } from '../../../src/kit/result.ts';
import type { MetricsFailure, MetricsPort, Sample, Series } from '../../../src/runtime/port.ts';
import { BAD_WINDOW, BUDGET_REMAINING, COVERAGE, REQUESTS_WINDOW } from '../../../src/runtime/series.ts';
import type { Life, Outside } from './outside.ts';
import type { Place, Services } from './services.ts';

/** Prometheus's answer about one SLO at one moment: all numbers are compared with it. */
export interface Told {
  readonly at: number;
  readonly requests: number;
  readonly bad: number;
  readonly fast: number | null;
  readonly slow: number | null;
}

const KEPT_TELLINGS = 200;
/** The window of a budget counts as observed for so much of it. */
const FULL_COVERAGE = 1;

/** The first sample that is later than that. */
function firstAfter(samples: readonly Sample[], at: number): number {
  let [low, high] = [0, samples.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (samples[middle]![0] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The Prometheus of one environment. */
export function createMetrics(
  platform: Platform,
  environment: Environment,
  services: Services,
  outside: Outside,
  now: () => number,
) {
  const mine = [...services.places.values()].filter((p) => p.environment === environment.name);
  const port = `metrics:${environment.name}`;
  const told = new Map<string, Told[]>();
  const labelOf = (service: string) => platform.services.find((s) => s.name === service)!.revisionLabel;

  const ratio = (place: Place, slo: Slo, spanMs: number): number | null => {
    const { requests, bad } = services.counted(place, spanMs);
    return requests === 0 ? null : bad / requests / (1 - slo.objective);
  };

  function recordedOf(slo: Slo, at: number): Series[] {
    const place = mine.find((p) => p.service === slo.service);
    if (!place) return [];
    const [fastName, slowName] = burnNames(environment);
    const fast = ratio(place, slo, environment.burn.fast.windowMs);
    const slow = ratio(place, slo, environment.burn.slow?.windowMs ?? environment.burn.fast.windowMs);
    const { requests, bad } = services.counted(place, budgetWindowOf(slo, environment));
    const list = told.get(slo.name) ?? [];
    list.push({ at, requests, bad, fast, slow });
    told.set(slo.name, list.slice(-KEPT_TELLINGS));
    const left = requests === 0 ? null : 1 - bad / (requests * (1 - slo.objective));
    const values: [string, number | null][] = [
      [fastName, fast],
      [slowName, slow],
      [BUDGET_REMAINING, left],
      [COVERAGE, FULL_COVERAGE],
      [REQUESTS_WINDOW, requests],
      [BAD_WINDOW, bad],
    ];
    return values.flatMap(([name, value]) =>
      value === null ? [] : [{ labels: { __name__: name, slo: slo.name }, samples: [[at, value]] as const }],
    );
  }

  const targets = (): Series[] =>
    mine.flatMap((place) =>
      [...place.processes.values()].map((p) => ({
        labels: { [labelOf(place.service)]: p.revision, service: place.service },
        samples: [[now(), ((p.exited ? -1 : 1) * p.scrapedAt) / 1_000]] as const,
      })),
    );

  const guards = (): Series[] =>
    mine.map((place) => ({
      labels: { sluice_guard: `${place.service}/queue` },
      samples: [[now(), place.queueDepth]] as const,
    }));

  function instant(query: string, at: number): Series[] {
    if (query.startsWith('timestamp(up')) return targets();
    if (query.startsWith('label_replace')) return guards();
    return platform.slos.flatMap((slo) => recordedOf(slo, at));
  }

  function raw(rangeMs: number, at: number): Series[] {
    return mine.flatMap((place) =>
      [...place.processes.values()].flatMap((p) =>
        (['200', '500'] as const).map((code) => {
          const all = p.samples[code];
          const labels = {
            __name__: 'http_requests_total',
            service: place.service,
            [labelOf(place.service)]: p.revision,
            code,
          };
          return { labels, samples: all.slice(firstAfter(all, at - rangeMs)) };
        }),
      ),
    );
  }

  return {
    told,
    portOf(life: Life): MetricsPort {
      type Answer = Result<readonly Series[], MetricsFailure>;
      const call = (verb: string, work: () => Series[]): Promise<Answer> =>
        outside.ask<Answer>(life, port, verb, {
          work: () => ok(work()),
          refused: ({ partial, message }) =>
            fail({ code: partial ? 'PARTIAL' : 'SOURCE_UNAVAILABLE', message }),
        });
      return {
        raw: (_selector, rangeMs, at) => call('raw', () => raw(rangeMs, at)),
        instant: (query, at) => call('instant', () => instant(query, at)),
      };
    },
    scrape() {
      for (const place of mine) services.scrape(place);
    },
  };
}
export type SimMetrics = ReturnType<typeof createMetrics>;
