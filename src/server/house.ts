import { explainRelease } from '../api/explain.ts';
import { endSentence } from '../api/sentences.ts';
import { byUrgency, type LaneSummary, laneSummary, overviewSentence, releaseView } from '../api/views.ts';
import { laneOfRelease, type PastRelease, releasesOf } from '../controller/history.ts';
import type { Controller, LaneView } from '../controller/loop.ts';
import type { SloStatuses } from '../controller/slo-statuses.ts';
import type { Platform } from '../declaration/platform.ts';
import { answerFor } from '../delivery/answer.ts';
import { evidenceOf } from '../delivery/assess.ts';
import { problemLine } from '../kit/problem.ts';
import type { LedgerPort } from '../ledger/port.ts';

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
  readonly ledger: LedgerPort;
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
  const { platform, controller, ledger } = parts;

  async function past(id: string): Promise<PastRelease | undefined> {
    const lane = laneOfRelease(id);
    if (!lane) return undefined;
    return releasesOf(lane, await ledger.read({ subject: lane })).find((p) => p.release.id === id);
  }

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
        ledger: await ledger.head(),
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
      const found = await past(id);
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
      const all = await Promise.all(
        controller.lanes().map(async ({ state }) =>
          releasesOf(state.lane, await ledger.read({ subject: state.lane })).map(({ release }) => {
            const [service, environment] = state.lane.split('/') as [string, string];
            const { id, target, openedAt, endedAt, cause, blamed } = release;
            const name = `${service} ${target.version} in ${environment}`;
            const sentence = cause ? endSentence(name, release) : `${name} is on its way.`;
            return {
              id,
              service,
              environment,
              version: target.version,
              openedAt,
              endedAt,
              cause,
              blamed,
              sentence,
            };
          }),
        ),
      );
      return {
        schema: 'sluice.dev/releases/v1',
        releases: all.flat().sort((a, b) => b.openedAt - a.openedAt),
      };
    },
    async explain(id) {
      const found = await past(id);
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
