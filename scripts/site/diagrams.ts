import { STATES, type State, TABLE } from '../../src/delivery/machine.ts';
import { judgeTrace, traceSchema } from '../../src/delivery/trace.ts';
import {
  arrow,
  axes,
  BAD,
  box,
  FAINT,
  GOOD,
  inPlot,
  line,
  type Plot,
  type Point,
  svg,
  text,
  threshold,
} from './svg.ts';

const BOX = { width: 116, height: 44 };

/** Where each state of a release is drawn: what is judged above, what is stopped below. */
const PLACES = {
  Idle: { x: 70, y: 110 },
  Deploying: { x: 236, y: 110 },
  Canary: { x: 402, y: 110 },
  Evaluating: { x: 568, y: 110 },
  Promote: { x: 734, y: 110 },
  Stable: { x: 900, y: 110 },
  Abort: { x: 402, y: 280 },
  Rollback: { x: 568, y: 280 },
  Degraded: { x: 734, y: 280 },
  Recovery: { x: 900, y: 280 },
} as const satisfies Record<State, Point>;

/** Where a line from the middle of a box to another point leaves the box. */
function edgeOf(at: Point, towards: Point): Point {
  const dx = towards.x - at.x;
  const dy = towards.y - at.y;
  const scale = Math.min(BOX.width / 2 / Math.abs(dx || 1e-9), BOX.height / 2 / Math.abs(dy || 1e-9));
  return { x: at.x + dx * scale, y: at.y + dy * scale };
}

/** Neighbours are joined by a straight line unless there is a way back; those farther apart by an arc. */
function transition(from: State, to: State, added: boolean): string {
  const [a, b]: [Point, Point] = [PLACES[from], PLACES[to]];
  const columns = Math.abs(a.x - b.x) / 166;
  const back = TABLE.some((row) => row.from === to && row.to === from);
  const dashes = added ? 'stroke-dasharray="5 4"' : '';
  if (a.y !== b.y || columns < 1.5) return arrow(edgeOf(a, b), edgeOf(b, a), back ? 22 : 0, dashes);
  const above = a.y === PLACES.Idle.y ? -1 : 1;
  const side = (at: Point, towards: Point) => ({
    x: at.x + Math.sign(towards.x - at.x) * 24,
    y: at.y + (above * BOX.height) / 2,
  });
  return arrow(side(a, b), side(b, a), above * Math.sign(b.x - a.x) * (30 + 14 * columns), dashes);
}

const machine = (): string =>
  svg(
    970,
    350,
    'The states of a release and the transitions between them',
    ...STATES.map((state) => box(PLACES[state], BOX.width, BOX.height, [state])),
    ...TABLE.map(({ from, to, by }) => transition(from, to, by !== 'seed')),
    text({ x: 20, y: 262 }, 'solid: design', 'start', 'font-size="12"'),
    text({ x: 20, y: 282 }, 'dashed: added, with reasons', 'start', 'font-size="12"'),
  );

const flow = (): string => {
  const steps = [
    ['observe', 'counts, commits, pods'],
    ['judge', 'by budget and stable'],
    ['decide', 'one step, with reason'],
    ['record', 'append to the ledger'],
    ['act', 'traffic, Git, messages'],
  ];
  const at = (index: number): Point => ({ x: 96 + index * 192, y: 150 });
  return svg(
    960,
    250,
    'A declaration is compiled into one Platform, which configures Prometheus and drives a loop: observe, judge, decide, record, act',
    box({ x: 96, y: 40 }, 160, 52, ['declaration', 'OpenSLO and Platform']),
    box({ x: 400, y: 40 }, 160, 52, ['Platform', 'checked and frozen']),
    box({ x: 740, y: 40 }, 260, 52, ['rules, alerts, dashboards', 'Prometheus, Alertmanager, Grafana']),
    arrow({ x: 176, y: 40 }, { x: 320, y: 40 }),
    arrow({ x: 480, y: 40 }, { x: 610, y: 40 }),
    text({ x: 248, y: 28 }, 'validate', 'middle', 'font-size="12"'),
    text({ x: 545, y: 28 }, 'render', 'middle', 'font-size="12"'),
    arrow({ x: 400, y: 66 }, { x: 320, y: 124 }),
    ...steps.map((words, index) => box(at(index), 164, 52, words, index === 3 ? GOOD : undefined)),
    ...steps.slice(1).map((_, i) => arrow({ x: at(i).x + 82, y: 150 }, { x: at(i + 1).x - 82, y: 150 })),
    arrow({ x: at(4).x, y: 176 }, { x: at(0).x, y: 176 }, -90),
    text({ x: 480, y: 236 }, 'next tick', 'middle', 'font-size="12"'),
  );
};

const OBJECTIVE = 0.999;
const MINUTES = 180;
/** Share of failed requests in each minute: an outage of twelve minutes. */
const failing = (minute: number): number => (minute >= 60 && minute < 72 ? 0.05 : 0);

/** Burn rate of a window that ends at each minute, at even traffic. */
const burnRates = (window: number): number[] =>
  Array.from({ length: MINUTES + 1 }, (_, now) => {
    const minutes = Array.from({ length: window }, (_, ago) => failing(now - ago));
    return minutes.reduce((sum, share) => sum + share, 0) / window / (1 - OBJECTIVE);
  });

const burn = (): string => {
  const plot: Plot = { left: 60, top: 40, width: 700, height: 220, maxX: MINUTES, maxY: 50 };
  const short = burnRates(5);
  const long = burnRates(60);
  const pages = short.map((rate, i) => rate >= 14 && long[i]! >= 3);
  const first = pages.indexOf(true);
  const last = pages.lastIndexOf(true);
  const band = inPlot(plot, first, plot.maxY);
  return svg(
    960,
    310,
    'Burn rates of five minutes and of one hour during an outage of twelve minutes; the alert pair fires only while both are above their thresholds',
    `<rect x="${band.x}" y="${plot.top}" width="${inPlot(plot, last, 0).x - band.x}" height="${plot.height}" fill="${BAD}" opacity="0.12"/>`,
    text({ x: band.x + 4, y: plot.top - 14 }, 'the pair fires', 'start', 'font-size="12"'),
    axes(plot, ['0', '30 min', '60 min', '90 min', '120 min', '150 min', '180 min'], [0, 10, 20, 30, 40, 50]),
    threshold(plot, 14, '14: threshold for 5m'),
    threshold(plot, 3, '3: threshold for 1h'),
    line(plot, short, 1, BAD),
    line(plot, long, 1, GOOD),
    text({ x: 790, y: 60 }, '5m burn rate', 'start', `fill="${BAD}" font-weight="600"`),
    text({ x: 790, y: 84 }, '1h burn rate', 'start', `fill="${GOOD}" font-weight="600"`),
  );
};

const INTERVALS = 40;

/** What the evidence rule itself says of a canary of which 2% of the requests fail from the tenth interval on. */
function evidenceOf(canaryFails: boolean, sharedIncident: boolean) {
  const intervals = Array.from({ length: INTERVALS }, (_, i) => ({
    step: 0,
    canary: { total: 100, bad: i >= 10 && (canaryFails || sharedIncident) ? 2 : 0 },
    stable: { total: 400, bad: i >= 10 && sharedIncident ? 8 : 0 },
  }));
  const settings = { objective: OBJECTIVE, intervalSeconds: 5 };
  const history = Array.from({ length: 12 }, () => ({ total: 500, bad: 0 }));
  const judged = judgeTrace(traceSchema.parse({ settings, history, intervals }), 2);
  if (!judged.ok) throw new Error(judged.error);
  return judged.value;
}

function evidencePlot(title: string, top: number, answer: ReturnType<typeof evidenceOf>): string[] {
  const plot: Plot = { left: 60, top, width: 700, height: 150, maxX: INTERVALS, maxY: 14 };
  const fails = answer.firstFail;
  const at = fails === null ? null : inPlot(plot, fails, plot.maxY);
  return [
    text({ x: 60, y: top - 18 }, title, 'start', 'font-weight="600"'),
    axes(plot, ['0', '50 s', '100 s', '150 s', '200 s'], [0, 5, 10]),
    threshold(plot, answer.bar, 'the bar'),
    line(
      plot,
      answer.intervals.map((i) => i.overBudget),
      1,
      BAD,
    ),
    line(
      plot,
      answer.intervals.map((i) => i.worseThanStable),
      1,
      GOOD,
    ),
    ...(at
      ? [
          `<path d="M${at.x} ${top}V${top + plot.height}" stroke="${BAD}" stroke-dasharray="2 3"/>`,
          text({ x: at.x - 6, y: top + 8 }, 'rolled back', 'end', 'font-size="12"'),
        ]
      : []),
  ];
}

const evidence = (): string =>
  svg(
    960,
    470,
    'Two lines of evidence against one bar: with a bad canary both cross it, in a shared incident only one does',
    ...evidencePlot(
      'A canary that fails 2% of its requests, while stable is healthy',
      50,
      evidenceOf(true, false),
    ),
    ...evidencePlot('A shared incident: both versions fail 2%', 280, evidenceOf(false, true)),
    text({ x: 790, y: 60 }, 'over budget', 'start', `fill="${BAD}" font-weight="600"`),
    text({ x: 790, y: 84 }, 'worse than stable', 'start', `fill="${GOOD}" font-weight="600"`),
  );

const ledger = (): string => {
  const at = (index: number): Point => ({ x: 110 + index * 200, y: 60 });
  const records = ['release.looked', 'lane.moved', 'release.looked', 'lane.moved'];
  return svg(
    960,
    200,
    'Every record holds the hash of the record before it; the hash of the newest one is committed to Git as an anchor',
    ...records.map((name, i) => box(at(i), 168, 56, [`${i + 101}  ${name}`, 'content, previous hash'])),
    ...records.slice(1).map((_, i) => arrow({ x: at(i + 1).x - 84, y: 60 }, { x: at(i).x + 84, y: 60 })),
    box({ x: 710, y: 155 }, 168, 52, ['anchor in Git', 'number and hash']),
    arrow({ x: 710, y: 129 }, { x: 710, y: 88 }),
    text({ x: 812, y: 60 }, 'append only', 'start', `fill="${FAINT}" font-size="12"`),
  );
};

/** Every drawing of the documentation, by its path. They are computed from the tables and rules themselves. */
export const diagrams = (): Map<string, string> =>
  new Map(
    Object.entries({ 'release-machine': machine, flow, 'burn-rate': burn, evidence, ledger }).map(
      ([name, draw]) => [`docs/images/diagrams/${name}.svg`, draw()],
    ),
  );
