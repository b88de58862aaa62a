import type { SimTime } from './time.ts';

/**
 * What may go wrong with an external system. `down`: no answer at once. `hang`: none for half a minute. `slow`: a late one.
 * `limited`: refused, and told when to ask again. `lost`: it is done and the answer is lost. `stale`: told as it was.
 * `partial`: it answers, and says that something is missing.
 */
export type FaultKind = 'down' | 'hang' | 'slow' | 'limited' | 'lost' | 'stale' | 'throws' | 'partial';

interface Fault {
  readonly kind: FaultKind;
  readonly since: number;
  readonly until: number;
}

/** One run of the server: after a kill its calls have no effect. */
export interface Life {
  dead: boolean;
}

export type KillKind = 'append' | 'effect';
interface KillPoint {
  readonly kind: KillKind;
  readonly after: boolean;
  left: number;
}

const HANGS_MS = 30_000;
const SLOW_MS = 4_000;
const HEARD_MS = 1_000;
/** More calls than this at one moment mean a loop without a pause. A full world makes a few dozen. */
const MOST_AT_ONE_MOMENT = 2_000;
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export interface Refusal {
  readonly code: 'UNAVAILABLE' | 'RATE_LIMITED';
  readonly message: string;
  readonly retryAfterMs?: number;
  /** It answered, and said itself that something is missing. */
  readonly partial?: true;
}

export interface AskOptions<T> {
  /** Other names under which faults are looked for: a lane, a commit. */
  readonly also?: readonly string[];
  /** It changes something outside. */
  readonly changes?: boolean;
  readonly work: () => T;
  readonly refused: (why: Refusal) => T;
}

/** Everything between the product and the fakes: faults, lost answers, kills, and the count of every call. */
export function createOutside(time: SimTime) {
  const faults = new Map<string, Fault>();
  /** When those ended that are forgotten. */
  const ended = new Map<string, number>();
  const calls = new Map<string, number>();
  /** Until when a port said not to be asked again, whom it told, and who asked all the same. */
  const limits = new Map<string, { readonly at: number; readonly until: number; readonly told: Life }>();
  const impatient: string[] = [];
  /** Names of systems that lost answers. */
  const lost = new Set<string>();
  let kill: KillPoint | null = null;
  let kills = 0;
  let onKill: () => void = () => undefined;

  const count = (name: string) => calls.set(name, (calls.get(name) ?? 0) + 1);
  const faultOf = (names: readonly string[]): Fault | null => {
    for (const name of names) {
      const fault = faults.get(name);
      if (fault && fault.until > time.now()) return fault;
    }
    return null;
  };
  let moment = { at: 0, calls: 0 };
  /** Counts the calls of one moment; past the limit nobody is answered any more, or time would not go on. */
  function isOverrun(name: string): boolean {
    if (moment.at !== time.now()) moment = { at: time.now(), calls: 0 };
    moment.calls++;
    if (moment.calls === MOST_AT_ONE_MOMENT)
      impatient.push(`${name}, and ${MOST_AT_ONE_MOMENT} calls at one moment`);
    return moment.calls >= MOST_AT_ONE_MOMENT;
  }
  const later = (ms: number): Promise<void> => new Promise((resolve) => time.at(time.now() + ms, resolve));

  /** Whether the server is killed here; then nothing after it runs. */
  function mayKill(life: Life, kind: KillKind, after: boolean): boolean {
    if (life.dead) return true;
    if (!kill || kill.kind !== kind || kill.after !== after || kill.left-- > 0) return false;
    kill = null;
    kills++;
    life.dead = true;
    time.dropServer();
    onKill();
    return true;
  }

  async function answerUnder<T>(fault: Fault, port: string, life: Life, options: AskOptions<T>): Promise<T> {
    const { work, refused } = options;
    const gone = { code: 'UNAVAILABLE', message: 'connection reset' } as const;
    if (fault.kind === 'throws') throw new Error(`${port} broke`);
    if (fault.kind === 'down') return refused({ ...gone, message: 'connection refused' });
    if (fault.kind === 'partial')
      return refused({ ...gone, message: 'one of two shards answered', partial: true });
    if (fault.kind === 'limited') {
      const retryAfterMs = fault.until - time.now();
      limits.set(port, { at: time.now(), until: fault.until, told: life });
      return refused({ code: 'RATE_LIMITED', message: 'slow down', retryAfterMs });
    }
    if (fault.kind === 'hang') {
      await later(Math.min(HANGS_MS, fault.until - time.now()));
      return refused({ ...gone, message: 'no answer within 30 s' });
    }
    if (fault.kind === 'slow') await later(SLOW_MS);
    const answer = work();
    if (fault.kind !== 'lost') return answer;
    lost.add(port);
    return refused(gone);
  }

  return {
    calls,
    impatient,
    lost,
    /** For how long nobody has had to wait any more. */
    freeFor: (port: string): number =>
      Math.max(0, time.now() - (limits.get(port)?.until ?? Number.NEGATIVE_INFINITY)),
    kills: () => kills,
    onKill(listener: () => void) {
      onKill = listener;
    },
    killAt(kind: KillKind, after: boolean, left: number) {
      kill = { kind, after, left };
    },
    mayKill,
    never,
    later,
    fault(name: string, kind: FaultKind, ms: number) {
      faults.set(name, { kind, since: time.now(), until: time.now() + ms });
    },
    heal: () => {
      for (const [name, { until }] of faults) ended.set(name, Math.min(until, time.now()));
      faults.clear();
      kill = null;
    },
    faultOf: (...names: string[]) => faultOf(names),
    /** For how long none of these has been broken. */
    wellFor(...names: string[]): number {
      const ends = names.map(
        (name) => faults.get(name)?.until ?? ended.get(name) ?? Number.NEGATIVE_INFINITY,
      );
      return Math.max(0, time.now() - Math.max(...ends));
    },
    /** Names of what is broken now. */
    broken: (): string[] => [...faults].filter(([, f]) => f.until > time.now()).map(([name]) => name),
    /** One call of the product to the outside, as it comes out there and then. */
    async ask<T>(life: Life, port: string, verb: string, options: AskOptions<T>): Promise<T> {
      if (life.dead) return never();
      count(`${port}.${verb}`);
      if (isOverrun(`${port}.${verb}`)) return never();
      const limit = limits.get(port);
      // What was asked for at the same moment could not know.
      if (limit && limit.told === life && time.now() >= limit.at + HEARD_MS && time.now() < limit.until)
        impatient.push(`${port}.${verb} ${limit.until - time.now()} ms before its time`);
      if (options.changes && mayKill(life, 'effect', false)) return never();
      const fault = faultOf([...(options.also ?? []), port]);
      const answer = fault ? await answerUnder(fault, port, life, options) : options.work();
      if (life.dead || (options.changes && mayKill(life, 'effect', true))) return never();
      return answer;
    },
  };
}
export type Outside = ReturnType<typeof createOutside>;
