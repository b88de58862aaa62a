import type { Environment, Platform } from '../../declaration/platform.ts';
import type { Revision } from '../../delivery/events.ts';
import type { Baseline } from '../../delivery/observation.ts';
import { within } from '../../io/clock.ts';
import { messageOf } from '../../kit/result.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import { type MetricsSnapshot, NO_SNAPSHOT, takeMetricsSnapshot } from '../metrics-snapshot.ts';
import { readBaselines } from './baselines.ts';
import { byEnvironment, type LaneRuntime, type LaneRuntimes } from './lane-runtime.ts';
import { metricsRequest } from './metrics-request.ts';

/** A snapshot that takes longer goes on by itself: a Prometheus that hangs must not hold up an abort. */
const PATIENCE_MS = 250;
/** Snapshots fall due a little early rather than a whole tick late. */
const SLACK = 0.9;

/** What one environment's Prometheus says, with what lanes that would begin a release need to know. */
export interface EnvironmentSnapshot {
  readonly metrics: MetricsSnapshot;
  readonly baselines: ReadonlyMap<string, Baseline>;
}

export interface SnapshotReader {
  /** The snapshot that fell due and arrived; null: none did. */
  due(environment: Environment, now: number): Promise<EnvironmentSnapshot | null>;
  last(environment: string): MetricsSnapshot;
  /** The next snapshot is due at once. */
  hint(environment: string): void;
}

interface SnapshotReaderParts {
  readonly platform: Platform;
  readonly runtimes: LaneRuntimes;
  metrics(environment: string): MetricsPort;
  wanted(runtime: LaneRuntime): Revision | null;
  warn(details: object, message: string): void;
}

/** What is read of one environment. */
interface Reading {
  last: MetricsSnapshot;
  /** Under way. */
  reading: Promise<EnvironmentSnapshot> | null;
  /** There, and not taken up yet. */
  arrived: EnvironmentSnapshot | null;
  /** Somebody said that something changed. */
  hinted: boolean;
}

const unread = (): Reading => ({ last: NO_SNAPSHOT, reading: null, arrived: null, hinted: false });

function isDue(of: Reading, { prometheus }: Environment, now: number): boolean {
  const { hinted } = of;
  of.hinted = false;
  // A clock that was set back makes nothing wait until it is where it was.
  return hinted || now < of.last.at || now - of.last.at >= prometheus.scrapeIntervalMs * SLACK;
}

/** Asks each environment's Prometheus, once at a time, as often as it scrapes. */
export function createSnapshotReader(parts: SnapshotReaderParts): SnapshotReader {
  const { platform, warn } = parts;
  const readings = new Map(platform.environments.map((e) => [e.name, unread()]));
  const runtimesBy = byEnvironment(parts.runtimes);

  async function read(of: Reading, environment: Environment, now: number): Promise<EnvironmentSnapshot> {
    const { name } = environment;
    const mine = runtimesBy.get(name) ?? [];
    const port = parts.metrics(name);
    const metrics = await takeMetricsSnapshot(port, metricsRequest(platform, environment, mine, now), now);
    if (metrics.failure && !of.last.failure)
      warn({ environment: name, ...metrics.failure }, 'Prometheus does not answer; nothing is promoted');
    of.last = metrics;
    return { metrics, baselines: await readBaselines(port, mine, parts.wanted, metrics, now) };
  }

  function begin(of: Reading, environment: Environment, now: number): void {
    const reading = read(of, environment, now);
    of.reading = reading;
    void reading
      .then(
        (result) => {
          of.arrived = result;
        },
        (error: unknown) =>
          warn({ environment: environment.name, error: messageOf(error) }, 'a check failed'),
      )
      .finally(() => {
        of.reading = null;
      });
  }

  return {
    /** Begun when it is due, waited for a moment, and taken up when it is there. */
    async due(environment, now) {
      const of = readings.get(environment.name)!;
      const begins = isDue(of, environment, now) && !of.reading && !of.arrived;
      if (begins) begin(of, environment, now);
      // A result that arrives too late for this tick is used in the next one.
      if (of.reading) await within(of.reading, begins ? PATIENCE_MS : 0, 'a check').catch(() => undefined);
      await Promise.resolve();
      const { arrived } = of;
      of.arrived = null;
      return arrived;
    },
    last: (environment) => readings.get(environment)?.last ?? NO_SNAPSHOT,
    hint(environment) {
      const of = readings.get(environment);
      if (of) of.hinted = true;
    },
  };
}
