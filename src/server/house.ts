import { explainRelease } from '../api/explain.ts';
import { endSentence } from '../api/sentences.ts';
import { byUrgency, type LaneSummary, laneSummary, overviewSentence, releaseView } from '../api/views.ts';
import type { Controller, LaneView } from '../controller/loop.ts';
import type { SloStatuses } from '../controller/slo-statuses.ts';
import type { Platform } from '../declaration/platform.ts';
import { answerFor } from '../delivery/answer.ts';
import { evidenceOf } from '../delivery/assess.ts';
import { problemLine } from '../kit/problem.ts';
import type { Journal } from '../ledger/journal.ts';
import { pastReleases } from './past-releases.ts';

/** What the server and the command line ask of the house: every answer a view model of `api/`. */
export interface House {
  overview(): Promise<object>;
  release(id: string): Promise<object | undefined>;
  releases(): Promise<object>;
  explain(id: string): Promise<string[] | undefined>;
  verdict(query: VerdictQuery): object;
}

export interface VerdictQuery {
  readonly service: string;
  readonly environment: string;
  readonly revision: string;
  readonly step: number;
  readonly phase: 'start' | 'step';
}

export interface HouseParts {
  readonly platform: Platform;
  readonly controller: Controller;
  readonly journal: Journal;
  readonly statuses: SloStatuses;
  now(): number;
}

const STALE_LOOKS = 5;

function troubleOf(parts: HouseParts, environment: string): string | null {
  const look = parts.controller.metrics(environment);
  if (look.failure) return `Prometheus of ${environment} does not answer (${look.failure.message}).`;
  const every =
    parts.platform.environments.find((e) => e.name === environment)?.prometheus.scrapeIntervalMs ?? 5_000;
  const late = parts.now() - look.at;
  return look.at > 0 && late > Math.max(15_000, STALE_LOOKS * every)
    ? `Prometheus of ${environment} was last seen ${Math.round(late / 1_000)} s ago.`
    : null;
}

function summaryOf(parts: HouseParts, view: LaneView): LaneSummary {
  const { service, environment, state, evidence, settings, delivery } = view;
  return laneSummary({
    lane: state,
    mode: environment.mode,
    evidence,
    weight: delivery?.weight ?? null,
    slos: service.slos.map((slo) => parts.statuses.of(slo, environment.name)),
    thresholds: settings.burn,
    trouble: troubleOf(parts, environment.name),
    now: parts.now(),
  });
}

const troubleLine = (lane: string, { message, failures }: NonNullable<LaneView['trouble']>): string =>
  `${lane}: it could not be looked at (${message}; ${failures} ${failures === 1 ? 'time' : 'times'} in a row); it is tried again`;

export function createHouseViews(parts: HouseParts): House {
  const { platform, controller, journal } = parts;
  const past = pastReleases(journal);

  return {
    async overview() {
      const lanes = controller
        .lanes()
        .map((view) => summaryOf(parts, view))
        .sort(byUrgency);
      return {
        schema: 'sluice.dev/overview/v1',
        platform: platform.name,
        sentence: overviewSentence(lanes),
        at: parts.now(),
        ledger: journal.position(),
        problems: [
          ...(controller.desired()?.problems ?? []).map(problemLine),
          ...controller
            .lanes()
            .flatMap(({ state, trouble }) => (trouble ? [troubleLine(state.lane, trouble)] : [])),
        ],
        lanes,
      };
    },
    async release(id) {
      const found = await past.find(id);
      if (!found) return undefined;
      const live = controller.lanes().find((view) => view.state.release?.id === id);
      const lane = live?.state ?? found.lane;
      const release = live?.state.release ?? found.release;
      const budgets = live ? summaryOf(parts, live).slos.map((s) => s.budgetLeft) : [];
      const known = budgets.filter((b) => b !== null);
      const left = known.length > 0 ? Math.min(...known) : null;
      return {
        schema: 'sluice.dev/release/v1',
        ...releaseView(lane, release, evidenceOf(release), found.records, left, parts.now()),
        trouble: live ? troubleOf(parts, live.environment.name) : null,
        weight: live?.delivery?.weight ?? 0,
      };
    },
    async releases() {
      const releases = past.list().map(({ id, lane, version, openedAt, blamed, ...ending }) => {
        const [service, environment] = lane.split('/') as [string, string];
        const name = `${service} ${version} in ${environment}`;
        const sentence = ending.cause ? endSentence(name, ending) : `${name} is on its way.`;
        const { endedAt, cause } = ending;
        return { id, service, environment, version, openedAt, endedAt, cause, blamed, sentence };
      });
      return {
        schema: 'sluice.dev/releases/v1',
        releases: releases.sort((a, b) => b.openedAt - a.openedAt),
        leftOut: past.leftOut(),
      };
    },
    async explain(id) {
      const found = await past.find(id);
      return found && explainRelease(found.lane.lane, found.release, found.records);
    },
    verdict({ service, environment, ...question }) {
      const view = controller.lanes().find((v) => v.state.lane === `${service}/${environment}`);
      const release = view?.state.release;
      const { verdict, reasons } = view
        ? answerFor(view.state, view.wanted, question)
        : { verdict: 'inconclusive', reasons: ['UNKNOWN_RELEASE'] };
      return {
        schema: 'sluice.dev/verdict/v1',
        verdict,
        reasons,
        release: release?.id ?? null,
        step: question.step,
        numbers: release?.verdict?.numbers ?? [],
        nextLookAt: parts.now() + (view?.settings.release.intervalMs ?? 5_000),
      };
    },
  };
}
