import { humanSpan } from '../kit/time.ts';
import type { ChartView, ReleaseView } from './views.ts';

type Side = Pick<
  ReleaseView,
  'openedAt' | 'endedAt' | 'version' | 'sentence' | 'cause' | 'totals' | 'steps' | 'charts'
>;

/** One thing about two releases, in words. */
interface ComparedRow {
  readonly name: string;
  readonly mine: string;
  readonly theirs: string;
}

const share = ({ bad, total }: { readonly bad: number; readonly total: number }): string =>
  total === 0 ? 'no requests' : `${((100 * bad) / total).toFixed(2)}% of ${total}`;

const last = (values: readonly number[] | undefined): string => values?.at(-1)?.toFixed(2) ?? 'no data';

const reached = (steps: Side['steps']): string => {
  const done = steps.filter((s) => s.status === 'done').length;
  return `${done} of ${steps.length} steps passed`;
};

/** Two releases side by side: how long, how many failed, how far the evidence went. */
export function comparedRows(mine: Side, theirs: Side): readonly ComparedRow[] {
  const took = (s: Side) => (s.endedAt === null ? 'in progress' : humanSpan(s.endedAt - s.openedAt));
  const row = (name: string, of: (s: Side) => string): ComparedRow => ({
    name,
    mine: of(mine),
    theirs: of(theirs),
  });
  const slos = mine.charts.filter((c) => theirs.charts.some((t) => t.slo === c.slo)).map((c) => c.slo);
  const chart = (s: Side, slo: string): ChartView | undefined => s.charts.find((c) => c.slo === slo);
  return [
    row('Why it ended', (s) => s.cause ?? 'it has not ended'),
    row('Duration', took),
    row('Steps', (s) => reached(s.steps)),
    row('Failed requests, new version', (s) => share(s.totals.canary)),
    row('Failed requests, stable', (s) => share(s.totals.stable)),
    ...slos.flatMap((slo) => [
      row(
        `Over budget, ${slo}`,
        (s) => `${last(chart(s, slo)?.overBudget)} of ${chart(s, slo)?.bar.toFixed(2)}`,
      ),
      row(
        `Worse than stable, ${slo}`,
        (s) => `${last(chart(s, slo)?.worseThanStable)} of ${chart(s, slo)?.bar.toFixed(2)}`,
      ),
    ]),
  ];
}

/** The release of the same lane that was opened last before this one; undefined: it is the first. */
export const predecessorOf = <T extends { readonly openedAt: number }>(
  release: { readonly openedAt: number },
  others: readonly T[],
): T | undefined =>
  others
    .filter((o) => o.openedAt < release.openedAt)
    .reduce<T | undefined>((best, o) => (best && best.openedAt >= o.openedAt ? best : o), undefined);

interface SinceStart {
  readonly slo: string;
  /** Milliseconds since each release was opened, rising. */
  readonly at: readonly number[];
  /** Percent of the new version's requests that failed until then; null: it has no point there. */
  readonly mine: readonly (number | null)[];
  readonly theirs: readonly (number | null)[];
}

/** Percent that failed up to each point. */
function running(chart: ChartView, openedAt: number): Map<number, number> {
  let [bad, total] = [0, 0];
  const points = new Map<number, number>();
  for (const [i, at] of chart.at.entries()) {
    bad += chart.canaryBad[i] ?? 0;
    total += chart.canaryTotal[i] ?? 0;
    if (total > 0) points.set(Math.max(0, at - openedAt), (100 * bad) / total);
  }
  return points;
}

/** The failures of two releases on one axis, by the time since each began; null: they share no SLO. */
export function sinceStart(mine: Side, theirs: Side): SinceStart | null {
  const chart = mine.charts.find((c) => theirs.charts.some((t) => t.slo === c.slo));
  const other = theirs.charts.find((c) => c.slo === chart?.slo);
  if (!chart || !other) return null;
  const [a, b] = [running(chart, mine.openedAt), running(other, theirs.openedAt)];
  const at = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y);
  if (at.length === 0) return null;
  return {
    slo: chart.slo,
    at,
    mine: at.map((t) => a.get(t) ?? null),
    theirs: at.map((t) => b.get(t) ?? null),
  };
}
