import { UNCLEAR_HOLD } from '../delivery/machine.ts';
import { covers } from '../governance/facts.ts';
import { compareText } from '../kit/order.ts';
import { humanSpan } from '../kit/time.ts';
import { burnFires } from '../runtime/burn.ts';
import type { LaneSummary } from './lane.ts';

/** Why a lane is worth attention. One lane may have several reasons; `fine` has none of the others. */
export const ATTENTION = ['needs', 'burning', 'frozen', 'moving', 'fine'] as const;
export type Attention = (typeof ATTENTION)[number];

/** What the five counts are called. */
export const ATTENTION_WORDS = {
  needs: 'need you',
  burning: 'burning or spent',
  frozen: 'frozen',
  moving: 'in progress',
  fine: 'fine',
} as const satisfies Record<Attention, string>;

/** A freeze that is active now, as the overview answers it. Times in milliseconds since 1970. */
export interface ActiveFreeze {
  readonly id: string;
  readonly scope: { readonly environment: string; readonly service: string };
  readonly scopeText: string;
  /** Null: until its cause is gone. */
  readonly until: number | null;
  readonly reason: string;
}

/** Whether every request of its budget is spent. */
export const isSpent = (lane: LaneSummary): boolean =>
  lane.slos.some((s) => s.budgetLeft !== null && s.budgetLeft <= 0);

/** Whether its declared burn rule fires. */
export const isBurning = (lane: LaneSummary): boolean =>
  lane.slos.some((s) => burnFires({ fast: s.burnFast, slow: s.burnSlow }, lane.thresholds));

/** The least that any of its SLOs has left of its budget; null: none is known. */
export function leastLeft(lane: LaneSummary): number | null {
  const known = lane.slos.flatMap((s) => (s.budgetLeft === null ? [] : [s.budgetLeft]));
  return known.length > 0 ? Math.min(...known) : null;
}

/** The freeze that covers a lane and lasts longest; null: none. */
export function freezeOf(lane: LaneSummary, freezes: readonly ActiveFreeze[]): ActiveFreeze | null {
  const end = (f: ActiveFreeze) => f.until ?? Number.MAX_VALUE;
  const mine = freezes.filter((f) => covers(f.scope, lane.environment, lane.service));
  return mine.reduce<ActiveFreeze | null>((most, f) => (most && end(most) >= end(f) ? most : f), null);
}

const needsSomebody = (lane: LaneSummary): boolean =>
  lane.held ||
  lane.paused ||
  lane.state === 'Degraded' ||
  lane.trouble !== null ||
  lane.hold?.id === UNCLEAR_HOLD;

const isMoving = (lane: LaneSummary): boolean => lane.family !== 'at rest' || lane.waiting !== null;

/** Everything that makes a lane worth attention, the most urgent first. */
export function attentionOf(lane: LaneSummary, freezes: readonly ActiveFreeze[]): readonly Attention[] {
  const found: Attention[] = [];
  if (needsSomebody(lane)) found.push('needs');
  if (isBurning(lane) || isSpent(lane)) found.push('burning');
  if (freezeOf(lane, freezes)) found.push('frozen');
  if (isMoving(lane)) found.push('moving');
  return found.length > 0 ? found : ['fine'];
}

/** Trouble on top: held, rolled back, burning, frozen, waiting, moving, and last what is fine. */
export function urgency(lane: LaneSummary, freezes: readonly ActiveFreeze[] = []): number {
  if (lane.held) return 0;
  if (lane.family === 'stopped' || lane.hold?.id === UNCLEAR_HOLD) return 1;
  if (isBurning(lane) || isSpent(lane) || lane.trouble) return 2;
  if (lane.paused) return 3;
  if (lane.waiting) return 4;
  if (lane.family === 'healing') return 5;
  if (lane.family !== 'at rest') return 6;
  return freezeOf(lane, freezes) ? 7 : 8;
}
const MOVING = 6;

/** The most urgent first; then by name. */
export const byUrgency = (a: LaneSummary, b: LaneSummary): number =>
  urgency(a) - urgency(b) || compareText(a.service, b.service) || compareText(a.environment, b.environment);

/** Lanes that need somebody or burn, the most urgent first: each has a sentence that says so. */
export const urgentLanes = (lanes: readonly LaneSummary[]): readonly LaneSummary[] =>
  lanes.filter((l) => needsSomebody(l) || isBurning(l) || isSpent(l)).toSorted(byUrgency);

/** Services by their names, each with its lanes in the order in which they come. */
export const byService = (
  lanes: readonly LaneSummary[],
): readonly { readonly service: string; readonly lanes: readonly LaneSummary[] }[] =>
  [...Map.groupBy(lanes, (l) => l.service)]
    .map(([service, own]) => ({ service, lanes: own }))
    .sort((a, b) => compareText(a.service, b.service));

/** So many lanes have each reason for attention. */
type Counts = Readonly<Record<Attention, number>>;

/** Counts of what is in each list: a lane is counted in every list that has it. */
export function countsOf(lanes: readonly LaneSummary[], freezes: readonly ActiveFreeze[]): Counts {
  const counts = { needs: 0, burning: 0, frozen: 0, moving: 0, fine: 0 };
  for (const lane of lanes) for (const one of attentionOf(lane, freezes)) counts[one]++;
  return counts;
}

const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

const placeOf = ({ scope, scopeText }: ActiveFreeze): string =>
  scope.environment === '*' && scope.service === '*' ? 'Everything' : scopeText;

function frozenWords(freezes: readonly ActiveFreeze[], now: number): string[] {
  const end = (f: ActiveFreeze) => f.until ?? Number.MAX_VALUE;
  const [first] = freezes.toSorted((a, b) => end(b) - end(a));
  if (!first) return [];
  const until =
    first.until === null
      ? 'until its cause is gone'
      : `for another ${humanSpan(Math.max(0, first.until - now))}`;
  const more = freezes.length > 1 ? ` (${many(freezes.length - 1, 'more freeze', 'more freezes')})` : '';
  return [`${placeOf(first)} is frozen ${until}${more}: ${first.reason.replace(/\.$/, '')}.`];
}

/** What burns and what is spent, each with its count. */
function budgetWords(lanes: readonly LaneSummary[]): string[] {
  const burning = lanes.filter(isBurning).length;
  const spent = lanes.flatMap((l) => l.slos).filter((s) => s.budgetLeft !== null && s.budgetLeft <= 0).length;
  return [
    ...(burning > 0
      ? [
          `${many(burning, 'lane burns its error budget too fast', 'lanes burn their error budgets too fast')}.`,
        ]
      : []),
    ...(spent > 0 ? [`${many(spent, 'error budget is spent', 'error budgets are spent')}.`] : []),
  ];
}

const services = (lanes: readonly LaneSummary[]): number => new Set(lanes.map((l) => l.service)).size;
const environments = (lanes: readonly LaneSummary[]): number => new Set(lanes.map((l) => l.environment)).size;

/** Said where nothing needs anybody, burns, is spent or is in progress. */
function calmWords(lanes: readonly LaneSummary[]): string {
  const where = environments(lanes) > 1 ? ` in ${environments(lanes)} environments` : '';
  const idle = lanes.filter((l) => l.state === 'Idle').length;
  const what = environments(lanes) > 1 ? 'lanes' : 'services';
  if (idle > 0)
    return `${lanes.length - idle} of ${many(lanes.length, what.slice(0, -1), what)} are healthy; ${idle} wait for a first version.`;
  const count = services(lanes);
  const all = count === 1 ? 'The one service is' : `All ${count} services are`;
  return `${all} healthy${where}; no release is in progress.`;
}

/** What else needs somebody or is in progress, besides the lane that was told of first. */
function otherWords(lanes: readonly LaneSummary[], first: LaneSummary): string[] {
  const others = lanes.filter((l) => l !== first);
  const needs = others.filter(needsSomebody).length;
  const moving = others.filter((l) => !needsSomebody(l) && isMoving(l)).length;
  return [
    ...(needs > 0 ? [`${many(needs, 'more needs attention', 'more need attention')}.`] : []),
    ...(moving > 0 ? [`${many(moving, 'more is in progress', 'more are in progress')}.`] : []),
  ];
}

/**
 * The first sentence of the overview and of `sluice status`: the most urgent thing with its numbers, then everything
 * else that is burning, spent, frozen or in progress, counted. `freezes` null: nobody knows them here.
 */
export function fleetSentence(
  lanes: readonly LaneSummary[],
  freezes: readonly ActiveFreeze[] | null,
  now: number,
): string {
  if (lanes.length === 0) return 'Nothing is declared yet. Run sluice init for a working example.';
  const frozen = frozenWords(freezes ?? [], now);
  const first = lanes.toSorted(byUrgency)[0]!;
  const trouble = lanes.find((lane) => lane.trouble);
  const told = trouble ?? (urgency(first) <= MOVING ? first : null);
  const head = trouble
    ? `${trouble.trouble} Nothing is promoted meanwhile.`
    : told
      ? told.sentence
      : frozen.length > 0
        ? null
        : calmWords(lanes);
  // A source that does not answer troubles all of its lanes: it is told once.
  const others = trouble ? [] : told ? otherWords(lanes, told) : [];
  const calm = head === null ? [calmWords(lanes)] : [];
  return [...(head === null ? [] : [head]), ...others, ...budgetWords(lanes), ...frozen, ...calm].join(' ');
}

/** What of the fleet is shown; nothing given: all of it. */
interface FleetScope {
  readonly environment?: string | undefined;
  readonly team?: string | undefined;
  readonly attention?: Attention | undefined;
  /** Part of the name of a service. */
  readonly text?: string | undefined;
}

/** One service in one environment: a cell of the grid. */
export interface FleetCell {
  readonly lane: LaneSummary;
  readonly attention: readonly Attention[];
  readonly freeze: ActiveFreeze | null;
  /** Whether the chosen filter is about it. */
  readonly matches: boolean;
}

/** One service: a row of the grid. */
export interface FleetRow {
  readonly service: string;
  /** The most urgent of its lanes; 0 is held. */
  readonly urgency: number;
  readonly fine: boolean;
  readonly cells: Readonly<Record<string, FleetCell>>;
}

/** Everything the overview shows. */
export interface Fleet {
  readonly sentence: string;
  readonly counts: Counts;
  /** Lanes in the scope; the counts are of these. */
  readonly lanes: number;
  readonly environments: readonly string[];
  /** Rows that match the filter, trouble on top. */
  readonly rows: readonly FleetRow[];
  /** Lanes that match the filter: what the chosen count counted. */
  readonly matching: number;
}

function rowOf(
  service: string,
  lanes: readonly LaneSummary[],
  freezes: readonly ActiveFreeze[],
  wanted: Attention | undefined,
): FleetRow {
  const cells = lanes.map((lane): FleetCell => {
    const attention = attentionOf(lane, freezes);
    const matches = wanted === undefined || attention.includes(wanted);
    return { lane, attention, freeze: freezeOf(lane, freezes), matches };
  });
  return {
    service,
    urgency: Math.min(...lanes.map((lane) => urgency(lane, freezes))),
    fine: cells.every((c) => c.attention[0] === 'fine'),
    cells: Object.fromEntries(cells.map((c) => [c.lane.environment, c])),
  };
}

/** What a fleet is shown from, as the overview answers it. */
export interface FleetFacts {
  readonly lanes: readonly LaneSummary[];
  /** Freezes that are active; null: they are not known. */
  readonly freezes: readonly ActiveFreeze[] | null;
  /** Names of environments in promotion order. */
  readonly environments: readonly string[];
  /** Who owns a service, where somebody is named. */
  readonly teams: Readonly<Record<string, string>>;
}

/** The overview of a fleet, from the rows that the server sends: the same for every reader. */
export function fleetView(
  { lanes: all, freezes, environments: declared, teams }: FleetFacts,
  scope: FleetScope,
  now: number,
): Fleet {
  const known = freezes ?? [];
  const text = scope.text?.toLowerCase() ?? '';
  const lanes = all.filter(
    (l) =>
      (scope.environment === undefined || l.environment === scope.environment) &&
      (scope.team === undefined || teams[l.service] === scope.team) &&
      (text === '' || l.service.toLowerCase().includes(text)),
  );
  const byService = Map.groupBy(lanes, (l) => l.service);
  const rows = [...byService]
    .map(([service, own]) => rowOf(service, own, known, scope.attention))
    .filter((row) => Object.values(row.cells).some((c) => c.matches))
    .sort((a, b) => a.urgency - b.urgency || compareText(a.service, b.service));
  return {
    sentence: fleetSentence(all, freezes, now),
    counts: countsOf(lanes, known),
    lanes: lanes.length,
    environments: declared.filter((e) => lanes.some((l) => l.environment === e)),
    rows,
    matching: rows.reduce((sum, r) => sum + Object.values(r.cells).filter((c) => c.matches).length, 0),
  };
}

/** What is frozen, in a few words for a label; null: nothing is. */
export function freezeSummary(freezes: readonly ActiveFreeze[]): string | null {
  const [first] = freezes;
  if (!first) return null;
  return freezes.length === 1 ? `${placeOf(first)} frozen` : `${freezes.length} freezes`;
}
