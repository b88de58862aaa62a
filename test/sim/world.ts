import type { ReleaseEffect, Revision } from '../../src/delivery/events.ts';
import type { Delivery, DeliveryPort, Probe } from '../../src/delivery/port.ts';
import { revisionOf } from '../../src/gitops/desired.ts';
import type { DesiredPort, DesiredState } from '../../src/gitops/port.ts';
import { type Random, seededRandom } from '../../src/kit/random.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { simulatedClock } from '../../src/kit/time.ts';
import type { LedgerPort } from '../../src/ledger/port.ts';
import type { MetricsPort, Sample, Series } from '../../src/runtime/port.ts';

/** Thrown in place of a SIGKILL; nothing after it runs. */
export class Killed extends Error {
  constructor(where: string) {
    super(`killed ${where}`);
    this.name = 'Killed';
  }
}

/** How a version behaves in the simulated world. */
export interface Behaviour {
  readonly errorRate: number;
  readonly crashOnStart?: boolean;
  /** Milliseconds after its start at which the process ends. */
  readonly crashAfterMs?: number;
  /** Milliseconds after its start at which it begins to fail. */
  readonly failsAfterMs?: number;
  readonly readyAfterMs?: number;
}

export interface WorldOptions {
  readonly seed: number;
  readonly rps: number;
  readonly scrapeMs: number;
  readonly objective: number;
  readonly lane: string;
  readonly slo: string;
  /** Chance that one scrape of one target is lost. */
  readonly scrapeLoss?: number;
  readonly burnThresholds?: { fast: number; slow: number };
}

interface Process {
  readonly revision: string;
  readonly startedAt: number;
  behaviour: Behaviour;
  total: number;
  good: number;
  nextScrape: number;
  exited: boolean;
}

interface Stored {
  readonly labels: Record<string, string>;
  readonly samples: Sample[];
}

export const digestFor = (version: string): string =>
  `sha256:${[...version]
    .map((c) => c.charCodeAt(0).toString(16))
    .join('')
    .padEnd(64, '0')
    .slice(0, 64)}`;

export const revisionFor = (version: string): Revision =>
  revisionOf({ version, digest: digestFor(version), config: {} });

const START = 1_700_000_000_000;

/** One service in one environment, its users, its Prometheus and its edge: all fake, all seeded. */
export function createWorld(options: WorldOptions) {
  const random: Random = seededRandom(options.seed);
  const clock = simulatedClock(START);
  const processes = new Map<string, Process>();
  const series = new Map<string, Stored>();
  const behaviours = new Map<string, Behaviour>();
  const buckets: { at: number; total: number; bad: number }[] = [];
  const scrapes = new Map<string, { readonly at: number; readonly up: boolean }>();
  const starts = new Map<string, number>();
  let edge: { stable: string | null; canary: string | null; weight: number } = {
    stable: null,
    canary: null,
    weight: 0,
  };
  const hidden = new Set<string>();
  const mute = new Set<string>();
  const refusing = new Set<string>();
  let rps = options.rps;
  let metricsDown = false;
  let desiredDown = false;
  let sharedErrorRate = 0;
  let wanted: Revision | null = null;
  let commit = 0;
  let highestGeneration = 0;
  let killAt: { kind: 'append' | 'effect'; after: boolean; countdown: number } | null = null;
  const stats = {
    requests: 0,
    failed: 0,
    canaryRequests: 0,
    canaryFailed: 0,
    lastCanaryRequestAt: 0,
    kills: 0,
  };

  const mayKill = (kind: 'append' | 'effect', after: boolean): void => {
    if (!killAt || killAt.kind !== kind || killAt.after !== after) return;
    if (killAt.countdown-- > 0) return;
    killAt = null;
    stats.kills++;
    throw new Killed(`${after ? 'after' : 'before'} an ${kind}`);
  };

  const start = (revision: string): void => {
    const behaviour = behaviours.get(revision) ?? { errorRate: 0 };
    processes.set(revision, {
      revision,
      startedAt: clock.now(),
      behaviour,
      total: 0,
      good: 0,
      nextScrape: clock.now() + Math.floor(random.next() * options.scrapeMs),
      exited: behaviour.crashOnStart ?? false,
    });
  };

  const errorRateOf = (p: Process): number => {
    const failing =
      p.behaviour.failsAfterMs === undefined || clock.now() - p.startedAt >= p.behaviour.failsAfterMs;
    const own = failing ? p.behaviour.errorRate : 0;
    return 1 - (1 - own) * (1 - sharedErrorRate);
  };

  const serve = (revision: string | null, requests: number, isCanary: boolean): void => {
    const p = revision ? processes.get(revision) : undefined;
    const failed = !p || p.exited ? requests : random.binomial(requests, errorRateOf(p));
    if (p && !p.exited) {
      p.total += requests;
      p.good += requests - failed;
    }
    stats.requests += requests;
    stats.failed += failed;
    const bucket = buckets.at(-1)!;
    bucket.total += requests;
    bucket.bad += failed;
    if (isCanary && requests > 0) {
      stats.canaryRequests += requests;
      stats.canaryFailed += failed;
      stats.lastCanaryRequestAt = clock.now();
    }
  };

  const store = (p: Process, at: number): void => {
    const answers = !p.exited && !mute.has(p.revision);
    scrapes.set(p.revision, { at, up: answers });
    if (!answers) return;
    for (const code of ['200', '500']) {
      const labels = {
        __name__: 'http_requests_total',
        service: options.lane.split('/')[0]!,
        revision: p.revision,
        code,
      };
      const key = `${p.revision}/${code}`;
      const stored: Stored = series.get(key) ?? { labels, samples: [] };
      stored.samples.push([at, code === '200' ? p.good : p.total - p.good]);
      if (stored.samples.length > 5_000) stored.samples.splice(0, 1_000);
      series.set(key, stored);
    }
  };

  /** Advances the world by `ms`, in steps that are short enough for its scrapes. */
  const advance = (ms: number): void => {
    const dt = Math.min(ms, Math.max(100, options.scrapeMs / 5));
    for (let left = ms; left > 0; left -= dt) {
      clock.advance(Math.min(dt, left));
      const now = clock.now();
      buckets.push({ at: now, total: 0, bad: 0 });
      while (buckets[0] && buckets[0].at < now - 3_600_000) buckets.shift();
      for (const p of processes.values())
        if (p.behaviour.crashAfterMs !== undefined && now - p.startedAt >= p.behaviour.crashAfterMs)
          p.exited = true;
      const requests = random.poisson((rps * Math.min(dt, left)) / 1_000);
      const toCanary = edge.canary ? random.binomial(requests, edge.weight / 100) : 0;
      if (edge.canary) serve(edge.canary, toCanary, true);
      if (edge.stable) serve(edge.stable, requests - toCanary, false);
      if (metricsDown) continue;
      for (const p of processes.values())
        while (p.nextScrape <= now) {
          if (!hidden.has(p.revision) && !random.chance(options.scrapeLoss ?? 0)) store(p, p.nextScrape);
          p.nextScrape += options.scrapeMs;
        }
    }
  };

  const counted = (windowMs: number): { total: number; bad: number } => {
    let total = 0;
    let bad = 0;
    for (const bucket of buckets)
      if (bucket.at > clock.now() - windowMs) {
        total += bucket.total;
        bad += bucket.bad;
      }
    return { total, bad };
  };
  const burn = (windowMs: number): number | null => {
    const { total, bad } = counted(windowMs);
    return total === 0 ? null : bad / total / (1 - options.objective);
  };
  /** Whether some process was scraped all that time. */
  const present = (windowMs: number): boolean =>
    [...processes.values()].some((p) => {
      const from = clock.now() - windowMs;
      const samples = series.get(`${p.revision}/200`)?.samples.filter(([at]) => at > from) ?? [];
      return samples.length >= (0.9 * windowMs) / options.scrapeMs;
    });

  const down = () => fail({ code: 'SOURCE_UNAVAILABLE' as const, message: 'connection refused' });
  const metrics: MetricsPort = {
    raw: async (_selector, rangeMs, at) =>
      metricsDown
        ? down()
        : ok(
            [...series.values()].map((s) => ({
              labels: s.labels,
              samples: s.samples.filter(([t]) => t > at - rangeMs && t <= at),
            })),
          ),
    instant: async (query, at) => {
      if (metricsDown) return down();
      if (query.startsWith('timestamp(up'))
        return ok(
          [...scrapes].map(
            ([revision, { at: scrapedAt, up }]): Series => ({
              labels: { revision },
              samples: [[at, ((up ? 1 : -1) * scrapedAt) / 1_000]],
            }),
          ),
        );
      const one = (labels: Record<string, string>, value: number): Series[] => [
        { labels: { slo: options.slo, ...labels }, samples: [[at, value]] },
      ];
      if (query.includes('count_over_time')) return ok(present(3_600_000) ? one({}, 60) : []);
      const windows: [string, number][] = [
        ['slo:burn_rate_5m', 300_000],
        ['slo:burn_rate_1h', 3_600_000],
      ];
      const asked = one({ __name__: 'slo:requests:increase1h' }, counted(3_600_000).total);
      const burns = windows.flatMap(([name, window]): Series[] => {
        const value = burn(window);
        return value === null ? [] : one({ __name__: name }, value);
      });
      return ok([...burns, ...asked]);
    },
  };

  const delivery: DeliveryPort = {
    observe: async (_lane, target): Promise<Delivery> => {
      // What serves users is kept alive, as a ReplicaSet would.
      const serving = edge.stable === null ? undefined : processes.get(edge.stable);
      if (serving?.exited) start(serving.revision);
      const seen = target !== null && target !== edge.stable ? processes.get(target) : undefined;
      const ready = seen && clock.now() - seen.startedAt >= (seen.behaviour.readyAfterMs ?? 500);
      return {
        stable: edge.stable,
        canary: seen?.revision ?? null,
        weight: edge.canary ? edge.weight : 0,
        ...(seen && refusing.has(seen.revision) ? { refused: true } : {}),
        canaryHealth: !seen ? 'absent' : seen.exited ? 'exited' : ready ? 'ready' : 'starting',
      };
    },
    probe: async (effect): Promise<Probe> => (isDone(effect) ? 'done' : 'absent'),
    apply: async (effect) => {
      mayKill('effect', false);
      if (effect.generation < highestGeneration) return;
      highestGeneration = effect.generation;
      carryOut(effect);
      mayKill('effect', true);
    },
  };

  const isDone = ({ kind, revision, weight }: ReleaseEffect): boolean => {
    if (kind === 'start') return processes.has(revision);
    if (kind === 'step') return edge.canary === revision && edge.weight === weight;
    if (kind === 'abort') return edge.canary !== revision;
    if (kind === 'promote') return edge.stable === revision && edge.canary === null;
    return !processes.has(revision);
  };

  const carryOut = ({ id, kind, revision, weight }: ReleaseEffect): void => {
    starts.set(id, (starts.get(id) ?? 0) + 1);
    if (kind === 'start') start(revision);
    else if (kind === 'step') edge = { ...edge, canary: revision, weight };
    else if (kind === 'abort') edge = { ...edge, canary: null, weight: 0 };
    else if (kind === 'promote') edge = { stable: revision, canary: null, weight: 0 };
    else processes.delete(revision);
  };

  const desired: DesiredPort = {
    read: async (): Promise<DesiredState | null> =>
      desiredDown
        ? null
        : {
            commit: `commit-${commit}`,
            lanes: new Map(wanted ? [[options.lane, wanted]] : []),
            problems: [],
          },
  };

  /** A ledger that may kill its writer before or after an append. */
  const killable = (ledger: LedgerPort): LedgerPort => ({
    ...ledger,
    append: async (entries) => {
      mayKill('append', false);
      const records = await ledger.append(entries);
      mayKill('append', true);
      return records;
    },
  });

  return {
    clock,
    random,
    metrics,
    delivery,
    desired,
    killable,
    stats,
    starts,
    advance,
    edge: () => edge,
    processes: () => [...processes.values()],
    burn,
    push(version: string, behaviour: Behaviour) {
      const revision = revisionFor(version);
      behaviours.set(revision.revision, behaviour);
      wanted = revision;
      commit++;
      return revision;
    },
    /** A commit that removes the file. */
    pushNothing() {
      wanted = null;
      commit++;
    },
    /** The same version with other settings. */
    pushConfig(version: string, config: Record<string, unknown>, behaviour: Behaviour) {
      const revision = revisionOf({ version, digest: digestFor(version), config });
      behaviours.set(revision.revision, behaviour);
      wanted = revision;
      commit++;
      return revision;
    },
    setRps: (value: number) => {
      rps = value;
    },
    /** Its targets are scraped no more, while it goes on serving. */
    hideFromMetrics: (revision: string, value: boolean) => {
      if (value) hidden.add(revision);
      else hidden.delete(revision);
    },
    /** Its targets answer no scrape, while it goes on serving. */
    muteScrapes: (revision: string, value: boolean) => {
      if (value) mute.add(revision);
      else mute.delete(revision);
    },
    refuse: (revision: string) => refusing.add(revision),
    startByHand: (revision: string) => start(revision),
    setMetricsDown: (value: boolean) => {
      metricsDown = value;
    },
    setDesiredDown: (value: boolean) => {
      desiredDown = value;
    },
    setSharedErrorRate: (value: number) => {
      sharedErrorRate = value;
    },
    setEdge: (next: typeof edge) => {
      edge = next;
    },
    /** Ends crash loops; failing versions keep failing. */
    endCrashes: () => {
      for (const [revision, { crashAfterMs: _, ...rest }] of behaviours) behaviours.set(revision, rest);
      for (const p of processes.values()) p.behaviour = behaviours.get(p.revision) ?? p.behaviour;
    },
    stopProcess: (revision: string) => {
      const p = processes.get(revision);
      if (p) p.exited = true;
    },
    killAt: (kind: 'append' | 'effect', after: boolean, countdown: number) => {
      killAt = { kind, after, countdown };
    },
    /** Steady traffic on a stable version, with an hour of history in "Prometheus". */
    seedHistory(version: string, errorRate: number, hours = 1) {
      const revision = revisionFor(version);
      behaviours.set(revision.revision, { errorRate });
      const now = clock.now();
      const stepMs = options.scrapeMs;
      const p: Process = {
        revision: revision.revision,
        startedAt: now - hours * 3_600_000,
        behaviour: { errorRate },
        total: 0,
        good: 0,
        nextScrape: now + 1,
        exited: false,
      };
      processes.set(revision.revision, p);
      for (let at = now - hours * 3_600_000; at <= now; at += stepMs) {
        const n = random.poisson((options.rps * stepMs) / 1_000);
        const bad = random.binomial(n, errorRate);
        p.total += n;
        p.good += n - bad;
        buckets.push({ at, total: n, bad });
        store(p, at);
      }
      return revision;
    },
  };
}
export type World = ReturnType<typeof createWorld>;
