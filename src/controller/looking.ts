import type { Environment, Platform } from '../declaration/platform.ts';
import type { Revision } from '../delivery/events.ts';
import { startable } from '../delivery/moves.ts';
import type { Baseline } from '../delivery/seen.ts';
import { within } from '../io/clock.ts';
import { messageOf } from '../kit/result.ts';
import { type Arms, armSelectors, baselineCounts, batchSelector } from '../runtime/counts.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { armsOf, type Cells, cellsOf, inFlight, type LaneCell } from './cells.ts';
import { burnOf } from './lane-look.ts';
import { lookAtMetrics, type MetricsLook, NO_LOOK } from './metrics-look.ts';

/** A look that takes longer goes on by itself: a Prometheus that hangs must not hold up an abort. */
const LOOK_PATIENCE_MS = 250;
const HISTORY_MS = 3_600_000;
const MAX_RANGE_MS = 3_600_000;
/** Looks fall due a little early rather than a whole tick late. */
const LOOK_SLACK = 0.9;

/** One look at one environment, with what lanes that would begin a release need to know. */
export interface EnvironmentLook {
  readonly look: MetricsLook;
  readonly baselines: ReadonlyMap<string, Baseline>;
}

export interface Looker {
  /** The look that fell due and arrived, if any. */
  due(environment: Environment, now: number): Promise<EnvironmentLook | null>;
  last(environment: string): MetricsLook;
  /** The next look is due at once. */
  hint(environment: string): void;
}

export interface LookerParts {
  readonly platform: Platform;
  readonly cells: Cells;
  metrics(environment: string): MetricsPort;
  wanted(cell: LaneCell): Revision | null;
  warn(details: object, message: string): void;
}

/** How far back the samples reach that some release has not counted yet. */
const rangeOf = (active: readonly LaneCell[], now: number): number => {
  const oldest = active.flatMap((cell) => {
    const release = cell.state.release;
    if (!release) return [];
    const times = Object.values(release.cursors).map(([at]) => at);
    return [times.length > 0 ? Math.max(...times) : release.openedAt];
  });
  const interval = Math.max(...active.map((cell) => cell.settings.release.intervalMs), 1);
  const span = Math.max(0, ...oldest.map((at) => now - at)) + 3 * interval;
  return Math.min(MAX_RANGE_MS, Math.ceil(span / 1_000) * 1_000);
};

/** Looks at each environment's Prometheus, at most once at a time, as often as it is scraped. */
export function createLooker(parts: LookerParts): Looker {
  const { platform, cells } = parts;
  const looks = new Map<string, MetricsLook>(platform.environments.map((e) => [e.name, NO_LOOK]));
  const looking = new Map<string, Promise<EnvironmentLook>>();
  const arrived = new Map<string, EnvironmentLook>();
  const hinted = new Set<string>();

  /** Lanes that would begin a release now, were they given a baseline. */
  const wantsBaseline = (cell: LaneCell): boolean =>
    !inFlight(cell.state) && startable(cell.state, parts.wanted(cell));

  const baselineArms = (cell: LaneCell): Arms => ({
    label: cell.service.revisionLabel,
    canary: parts.wanted(cell)?.revision ?? null,
    stable: cell.state.stable?.revision ?? null,
  });

  async function takeLook(environment: Environment, now: number): Promise<EnvironmentLook> {
    const last = looks.get(environment.name)!;
    const mine = cellsOf(cells, environment);
    const active = mine.filter((cell) => inFlight(cell.state));
    const look = await lookAtMetrics(
      parts.metrics(environment.name),
      {
        platform,
        environment,
        selectors: active.flatMap((cell) => armSelectors(cell.slis, armsOf(cell))),
        rangeMs: rangeOf(active, now),
        guards: active.flatMap((cell) =>
          cell.service.guards.map((guard) => ({ service: cell.service.name, guard })),
        ),
        revisionLabels: [...new Set(active.map((cell) => cell.service.revisionLabel))],
      },
      now,
    );
    if (look.failure && !last.failure)
      parts.warn(
        { environment: environment.name, ...look.failure },
        'Prometheus does not answer; nothing is promoted',
      );
    looks.set(environment.name, look);
    return { look, baselines: await baselines(environment, now) };
  }

  /** The look that fell due and arrived, if any: started when due, waited for a moment, taken up when it is there. */
  async function dueLook(environment: Environment, now: number): Promise<EnvironmentLook | null> {
    const { name } = environment;
    const due =
      hinted.delete(name) ||
      now - looks.get(name)!.at >= environment.prometheus.scrapeIntervalMs * LOOK_SLACK;
    if (due && !looking.has(name) && !arrived.has(name)) {
      const look = takeLook(environment, now);
      looking.set(name, look);
      void look
        .then(
          (result) => arrived.set(name, result),
          (error: unknown) => parts.warn({ environment: name, error: messageOf(error) }, 'a look failed'),
        )
        .finally(() => looking.delete(name));
    }
    const current = looking.get(name);
    if (current) await within(current, LOOK_PATIENCE_MS, 'a look').catch(() => undefined);
    // The arrival is recorded one turn after the look itself resolves.
    await Promise.resolve();
    const result = arrived.get(name) ?? null;
    arrived.delete(name);
    return result;
  }

  async function baselines(environment: Environment, now: number): Promise<Map<string, Baseline>> {
    const wanting = [...cells.values()].filter(
      (cell) => cell.environment === environment && wantsBaseline(cell),
    );
    const found = new Map<string, Baseline>();
    const look = looks.get(environment.name)!;
    if (wanting.length === 0 || look.at === 0 || look.failure) return found;
    const selectors = wanting.flatMap((cell) => armSelectors(cell.slis, baselineArms(cell)));
    const answer = await parts.metrics(environment.name).raw(batchSelector(selectors), HISTORY_MS, now);
    if (!answer.ok) return found;
    for (const cell of wanting) {
      const arms = baselineArms(cell);
      const counted = baselineCounts(answer.value, cell.slis, arms, cell.settings.release.intervalMs);
      found.set(cell.state.lane, { ...counted, target: arms.canary ?? '', burn: burnOf(cell, look) });
    }
    return found;
  }

  return {
    due: dueLook,
    last: (environment) => looks.get(environment) ?? NO_LOOK,
    hint: (environment) => void hinted.add(environment),
  };
}
