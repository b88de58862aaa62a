import type { Platform, Slo } from '../declaration/platform.ts';
import type { Problem } from '../kit/problem.ts';
import { formatDuration } from '../kit/time.ts';
import { errorBudget, reachable } from './budget.ts';
import { briefWindows, LADDER, WINDOWS, windowOf } from './series.ts';

const problem = (code: string, path: string, message: string, next: string): Problem => ({
  code,
  file: '',
  line: 1,
  path,
  message,
  next,
});

function never(slo: Slo, threshold: number, whose: string, next: string): Problem {
  const most = Number((1 / errorBudget(slo.objective)).toPrecision(4));
  return problem(
    'UNREACHABLE_THRESHOLD',
    `slo ${slo.name}`,
    `its burn rate is at most ${most} (1 / budget), so ${whose} threshold ${threshold} can never be met`,
    next,
  );
}

const raise = (threshold: number): string =>
  `raise the objective above ${Number((1 - 1 / threshold).toPrecision(4))}`;

/** Thresholds of the environments: those of ours where no Platform declares any. */
const pairs = (platform: Platform): Problem[] =>
  platform.slos.flatMap((slo) =>
    platform.environments
      .filter((e) => !reachable(slo.objective, e.burn.fast.threshold))
      .map((e) => {
        const { threshold } = e.burn.fast;
        const lower = e.name
          ? ', or lower burn.fast.threshold'
          : ', or declare a Platform with a lower burn.fast.threshold';
        return never(slo, threshold, e.name ? `${e.name}'s fast` : 'the fast', raise(threshold) + lower);
      }),
  );

const policies = (platform: Platform): Problem[] =>
  platform.slos.flatMap((slo) =>
    slo.conditions
      .filter((c) => c.op.startsWith('>') && !reachable(slo.objective, c.threshold))
      .map((c) => never(slo, c.threshold, `policy ${c.policy}'s`, 'lower the threshold of the condition')),
  );

const ladder = (platform: Platform): Problem[] =>
  (platform.alerts.ladder ? platform.slos : []).flatMap((slo) =>
    LADDER.filter((step) => !reachable(slo.objective, step.threshold)).map((step) =>
      never(
        slo,
        step.threshold,
        `the ladder's ${step.long}/${step.short}`,
        `that alert is left out; ${raise(step.threshold)} to have it`,
      ),
    ),
  );

const standsAlone = (platform: Platform): boolean => platform.environments[0]?.name === '';

/** What works, and not as somebody may expect: said at validate, and no reason to refuse. */
export const adviseRuntime = (platform: Platform): Problem[] => [
  ...(standsAlone(platform) ? pairs(platform) : []),
  ...ladder(platform),
];

function unrecordedWindows(platform: Platform): Problem[] {
  return platform.slos.flatMap((slo) =>
    slo.conditions
      .filter((c) => windowOf(c.windowMs) === undefined)
      .map((c) =>
        problem(
          'UNRECORDED_WINDOW',
          `slo ${slo.name}`,
          `policy ${c.policy} looks back ${formatDuration(c.windowMs)}, which is not recorded`,
          `expected one of ${WINDOWS.join(', ')}`,
        ),
      ),
  );
}

/** A slice has to hold at least two samples: else its rate is nothing, and every slice would be absent. */
function shortSlices(platform: Platform): Problem[] {
  return platform.slos.flatMap((slo) => {
    const { budgeting, indicator } = slo;
    if (budgeting.kind === 'occurrences' || indicator.kind !== 'counters') return [];
    return platform.environments
      .filter((e) => budgeting.sliceMs < 2 * e.prometheus.scrapeIntervalMs)
      .map((e) =>
        problem(
          'SLICE_LENGTH',
          `slo ${slo.name}`,
          `a slice of ${formatDuration(budgeting.sliceMs)} holds fewer than two scrapes of ${formatDuration(e.prometheus.scrapeIntervalMs)}`,
          'lengthen timeSliceWindow, or scrape more often',
        ),
      );
  });
}

/** Windows shorter than a tile count requests; slices of time do not fit into them. */
function briefSlices(platform: Platform): Problem[] {
  const brief = platform.environments.find((e) => briefWindows(e).length > 0);
  if (!brief) return [];
  return platform.slos
    .filter((slo) => slo.budgeting.kind !== 'occurrences')
    .map((slo) =>
      problem(
        'BRIEF_WINDOW',
        `slo ${slo.name}`,
        `it counts slices of time, and ${brief.name} declares windows of ${briefWindows(brief).map(formatDuration).join(', ')}`,
        'count requests (Occurrences), or keep to 5m and 1h there',
      ),
    );
}

/** What would render, and never work. */
export const checkRuntime = (platform: Platform): Problem[] => [
  ...(standsAlone(platform) ? [] : pairs(platform)),
  ...policies(platform),
  ...unrecordedWindows(platform),
  ...shortSlices(platform),
  ...briefSlices(platform),
];
