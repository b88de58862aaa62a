import type { EventData, Revision } from '../../../../src/delivery/events.ts';
import type { LedgerRecord } from '../../../../src/ledger/record.ts';
import { AFTER, CALENDAR } from '../declared.ts';
import type { Excluded } from './numbers.ts';

/** The identity of a revision, computed independently of the product: digest, configuration and chart. */
export const thingOf = ({ digest, config, chart }: Pick<Revision, 'digest' | 'config' | 'chart'>): string =>
  `${digest} ${JSON.stringify(config)} ${chart ?? ''}`;

interface Condemned {
  readonly thing: string;
  readonly digest: string;
}

/** One lane as its records tell of it. */
export interface LanePast {
  state: string;
  target: Revision | null;
  stable: Revision | null;
  readonly things: Set<string>;
  readonly revisions: Set<string>;
  readonly served: Set<string>;
  condemned: Condemned[];
  openedAt: number;
}

interface FreezePast {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly since: number;
  until: number;
}

export interface Decided {
  readonly seq: number;
  readonly at: number;
  readonly pull: number;
  readonly head: string;
  readonly base: string;
  readonly allow: boolean;
  readonly deny: readonly Told[];
  readonly recorded: readonly Told[];
  readonly validUntil: number;
  readonly now: number;
  readonly changes: readonly {
    readonly service: string;
    readonly environment: string;
    readonly to?: { readonly digest: string };
  }[];
  readonly slos: readonly SloTold[];
}
export interface Told {
  readonly code: string;
  readonly service?: string;
  readonly environment?: string;
}
interface SloTold {
  readonly slo: string;
  readonly environment: string;
  readonly left: number | null;
  readonly at: number;
  readonly error: unknown;
}

/** Records that change what gate and start gate go by. */
const GROUNDS = [
  'release.opened',
  'lane.moved',
  'lane.adopted',
  'lane.lifted',
  'freeze.set',
  'freeze.lifted',
  'freeze.moved',
];

interface DecidedData {
  readonly decision: {
    readonly allow: boolean;
    readonly deny: readonly Told[];
    readonly recorded: readonly Told[];
    readonly validUntil: number;
  };
  readonly facts: {
    readonly now: number;
    readonly pullRequest: { readonly headSha: string; readonly baseSha: string };
    readonly changes: Decided['changes'];
    readonly slos: readonly SloTold[];
  };
}

export const decidedOf = ({ seq, at, subject, data }: LedgerRecord): Decided => {
  const { decision, facts } = data as DecidedData;
  const { allow, deny, recorded, validUntil } = decision;
  const { headSha: head, baseSha: base } = facts.pullRequest;
  const { now, changes, slos } = facts;
  return {
    seq,
    at,
    pull: Number(subject.slice(5)),
    head,
    base,
    allow,
    deny,
    recorded,
    validUntil,
    now,
    changes,
    slos,
  };
};

/** The state by the records so far, folded independently of the product, for the invariants. */
export function createPast() {
  const lanes = new Map<string, LanePast>();
  const freezes = new Map<string, FreezePast>();
  const excluded: Excluded[] = [];
  /** The last decision on each commit, by `pull@head`. */
  const decisions = new Map<string, Decided>();
  const passes: { readonly lane: string; readonly digest: string; readonly until: number }[] = [];
  const past = { groundsSeq: 0 };

  const laneOf = (name: string): LanePast => {
    const known = lanes.get(name) ?? {
      state: 'Idle',
      target: null,
      stable: null,
      things: new Set<string>(),
      revisions: new Set<string>(),
      served: new Set<string>(),
      condemned: [],
      openedAt: 0,
    };
    lanes.set(name, known);
    return known;
  };
  const becameStable = (lane: LanePast, stable: Revision) => {
    lane.stable = stable;
    lane.things.add(thingOf(stable));
    lane.revisions.add(stable.revision);
    lane.served.add(stable.digest);
  };

  function moved(lane: LanePast, data: EventData<'lane.moved'>): void {
    lane.state = data.to;
    if (data.from === 'Promote' && data.to === 'Stable' && lane.target) becameStable(lane, lane.target);
    if (data.to === 'Abort' && data.blamed && lane.target)
      lane.condemned.push({ thing: thingOf(lane.target), digest: lane.target.digest });
  }

  function decided(record: LedgerRecord): void {
    const one = decidedOf(record);
    decisions.set(`${one.pull}@${one.head}`, one);
    for (const r of one.allow ? one.recorded : [])
      for (const change of one.changes)
        if (
          r.code === 'FROZEN' &&
          change.to &&
          change.service === r.service &&
          change.environment === r.environment
        )
          passes.push({
            lane: `${r.service}/${r.environment}`,
            digest: change.to.digest,
            until: one.validUntil,
          });
  }

  function frozen({ type, at, subject, data }: LedgerRecord): void {
    if (type === 'freeze.set') {
      const { id, scope, until } = data as {
        id: string;
        scope: { service: string; environment: string };
        until: number;
      };
      freezes.set(id, { id, ...scope, since: at, until });
      return;
    }
    if (type === 'freeze.lifted') {
      const freeze = freezes.get((data as { id: string }).id);
      if (freeze) freeze.until = Math.min(freeze.until, at);
      return;
    }
    const { slo, cause, overruled } = data as { slo: string; cause: string | null; overruled: boolean };
    const [service, environment] = subject.split('/') as [string, string];
    const id = `auto:${slo}@${environment}`;
    const known = freezes.get(id);
    if (cause === null || overruled) freezes.delete(id);
    else
      freezes.set(id, {
        id,
        service,
        environment,
        since: known?.since ?? at,
        until: Number.POSITIVE_INFINITY,
      });
  }

  function take(record: LedgerRecord): void {
    const { type, subject, data, at, seq } = record;
    if (GROUNDS.includes(type)) past.groundsSeq = seq;
    if (type === 'release.opened') {
      const lane = laneOf(subject);
      lane.target = (data as EventData<'release.opened'>).target;
      lane.openedAt = at;
    } else if (type === 'lane.moved') moved(laneOf(subject), data as EventData<'lane.moved'>);
    else if (type === 'lane.adopted')
      becameStable(laneOf(subject), (data as EventData<'lane.adopted'>).stable);
    else if (type === 'lane.lifted') {
      const lane = laneOf(subject);
      const { digest } = data as EventData<'lane.lifted'>;
      lane.condemned = lane.condemned.filter((c) => c.digest !== digest);
    } else if (type.startsWith('freeze.')) frozen(record);
    else if (type === 'budget.adjusted')
      excluded.push({
        ...(data as Omit<Excluded, 'environment' | 'seq'>),
        environment: subject.split('/')[1]!,
        seq,
      });
    else if (type === 'gate.decided') decided(record);
  }

  return {
    lanes,
    laneOf,
    freezes,
    excluded,
    decisions,
    grounds: () => past.groundsSeq,
    take,
    /** Freezes that cover a lane and began before that moment, the calendar's included. */
    freezesOf(lane: string, at: number): string[] {
      const [service, environment] = lane.split('/') as [string, string];
      const recorded = [...freezes.values()]
        .filter(
          (f) =>
            (f.service === '*' || f.service === service) &&
            (f.environment === '*' || f.environment === environment),
        )
        .filter((f) => f.since < at && f.until > at)
        .map((f) => f.id);
      const calendar =
        (CALENDAR.environments as readonly string[]).includes(environment) &&
        CALENDAR.from < at &&
        at < CALENDAR.to;
      return [...recorded, ...(calendar ? ['the calendar'] : [])];
    },
    isPassed: (lane: string, digest: string, at: number): boolean =>
      passes.some((p) => p.lane === lane && p.digest === digest && p.until > at),
    /** Environments right before a lane in which that artefact was never stable. */
    missingBefore(lane: string, digest: string): string[] {
      const [service, environment] = lane.split('/') as [string, string];
      return laneOf(lane).served.has(digest)
        ? []
        : (AFTER[environment] ?? []).filter((e) => !laneOf(`${service}/${e}`).served.has(digest));
    },
  };
}
export type Past = ReturnType<typeof createPast>;
