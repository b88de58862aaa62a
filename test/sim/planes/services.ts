import type { Random } from '../../../src/kit/random.ts';
import type { Sample } from '../../../src/runtime/port.ts';

/** How one artefact with one configuration behaves in one environment. */
export interface Behaviour {
  readonly errorRate: number;
  /** Its process ends as soon as it starts. */
  readonly crashes?: boolean;
  /** Milliseconds after its start at which it begins to fail. */
  readonly failsAfterMs?: number;
}

interface Process {
  readonly revision: string;
  readonly startedAt: number;
  readonly behaviour: Behaviour;
  exited: boolean;
  total: number;
  good: number;
  readonly samples: { readonly '200': Sample[]; readonly '500': Sample[] };
  scrapedAt: number;
}

export interface Bucket {
  readonly at: number;
  readonly total: number;
  readonly bad: number;
}

/** One service in one environment: what runs, how traffic is split, and what was counted. */
export interface Place {
  readonly lane: string;
  readonly service: string;
  readonly environment: string;
  stable: string | null;
  canary: string | null;
  weight: number;
  readonly processes: Map<string, Process>;
  readonly buckets: Bucket[];
  total: number;
  bad: number;
  flowedAt: number;
  rps: number;
  /** An incident that hits every version. */
  sharedErrorRate: number;
  queueDepth: number;
}

/** Counts are kept for so long. */
export const KEPT_MS = 360_000;
const READY_MS = 1_500;

export interface ServicesOptions {
  readonly random: Random;
  readonly now: () => number;
  readonly lanes: readonly { readonly service: string; readonly environment: string }[];
  readonly rps: number;
  readonly behaviourOf: (lane: string, revision: string) => Behaviour;
}

/** Services under traffic. Requests are drawn on observation, for the time since the last one. */
export function createServices(options: ServicesOptions) {
  const { random, now } = options;
  const places = new Map<string, Place>(
    options.lanes.map(({ service, environment }) => {
      const lane = `${service}/${environment}`;
      const place: Place = {
        lane,
        service,
        environment,
        stable: null,
        canary: null,
        weight: 0,
        processes: new Map(),
        buckets: [],
        total: 0,
        bad: 0,
        flowedAt: now(),
        rps: options.rps,
        sharedErrorRate: 0,
        queueDepth: 1,
      };
      return [lane, place];
    }),
  );

  const errorRateOf = (place: Place, p: Process): number => {
    const { failsAfterMs, errorRate } = p.behaviour;
    const own = failsAfterMs === undefined || now() - p.startedAt >= failsAfterMs ? errorRate : 0;
    return 1 - (1 - own) * (1 - place.sharedErrorRate);
  };

  function serve(place: Place, revision: string, requests: number): void {
    const p = place.processes.get(revision);
    const bad = !p || p.exited ? requests : random.binomial(requests, errorRateOf(place, p));
    if (p && !p.exited) {
      p.total += requests;
      p.good += requests - bad;
    }
    place.total += requests;
    place.bad += bad;
  }

  /** Draws the requests since the last observation, by what is served now. */
  function flow(place: Place): void {
    const span = now() - place.flowedAt;
    if (span <= 0) return;
    place.flowedAt = now();
    // What serves users is kept alive, as a ReplicaSet would.
    if (place.stable !== null && place.processes.get(place.stable)?.exited) start(place, place.stable);
    const requests = random.poisson((place.rps * span) / 1_000);
    const toCanary = place.canary ? random.binomial(requests, place.weight / 100) : 0;
    if (place.canary && toCanary > 0) serve(place, place.canary, toCanary);
    if (place.stable) serve(place, place.stable, requests - toCanary);
  }

  function start(place: Place, revision: string): void {
    const behaviour = options.behaviourOf(place.lane, revision);
    place.processes.set(revision, {
      revision,
      startedAt: now(),
      behaviour,
      exited: behaviour.crashes === true && place.stable !== revision,
      total: 0,
      good: 0,
      samples: { '200': [], '500': [] },
      scrapedAt: 0,
    });
  }

  const keep = <T>(list: T[], fresh: (one: T) => boolean): void => {
    let old = 0;
    while (old < list.length && !fresh(list[old]!)) old++;
    if (old > 0) list.splice(0, old);
  };

  /** One scrape of everything that runs in a place. */
  function scrape(place: Place): void {
    flow(place);
    const at = now();
    place.buckets.push({ at, total: place.total, bad: place.bad });
    place.total = 0;
    place.bad = 0;
    keep(place.buckets, (b) => b.at > at - KEPT_MS);
    for (const p of place.processes.values()) {
      p.scrapedAt = at;
      if (p.exited) continue;
      p.samples['200'].push([at, p.good]);
      p.samples['500'].push([at, p.total - p.good]);
      for (const list of [p.samples['200'], p.samples['500']]) keep(list, ([t]) => t > at - KEPT_MS);
    }
  }

  return {
    places,
    flow,
    start,
    scrape,
    isReady: (p: Process): boolean => !p.exited && now() - p.startedAt >= READY_MS,
    /** Sets how traffic is split from now on. */
    route(place: Place, next: Pick<Place, 'stable' | 'canary' | 'weight'>): void {
      flow(place);
      Object.assign(place, next);
    },
    /** Requests and bad ones of the last so many milliseconds, as they were scraped. */
    counted(place: Place, spanMs: number): { requests: number; bad: number } {
      const from = now() - spanMs;
      let [requests, bad] = [0, 0];
      for (const b of place.buckets)
        if (b.at > from) {
          requests += b.total;
          bad += b.bad;
        }
      return { requests, bad };
    },
    /** A service that has been running: counted for a while, so that there is something to compare with. */
    seed(place: Place, revision: string, scrapeMs: number): void {
      start(place, revision);
      place.stable = revision;
      const p = place.processes.get(revision)!;
      const begun = now() - KEPT_MS + scrapeMs;
      for (let at = begun; at <= now(); at += scrapeMs) {
        const n = random.poisson((place.rps * scrapeMs) / 1_000);
        const bad = random.binomial(n, p.behaviour.errorRate);
        p.total += n;
        p.good += n - bad;
        place.buckets.push({ at, total: n, bad });
        p.samples['200'].push([at, p.good]);
        p.samples['500'].push([at, p.total - p.good]);
      }
      p.scrapedAt = now();
    },
  };
}
export type Services = ReturnType<typeof createServices>;
