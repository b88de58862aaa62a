import type { Effect, Revision } from './events.ts';

/** What is seen of one lane, at the place where users are served. */
export interface Delivery {
  /** Revision that serves as stable, if any. */
  readonly stable: string | null;
  readonly canary: string | null;
  /** Share of requests that the edge gives to the canary, in percent, as the edge itself reports. */
  readonly weight: number;
  readonly canaryHealth: 'absent' | 'starting' | 'ready' | 'exited';
  /** The canary runs, but refuses connections: users who are sent to it see only that. */
  readonly refused?: boolean;
  /** How the canary's process ended, where it has. */
  readonly exit?: string;
  /** What the stable revision is, where whoever delivers can tell. */
  readonly serves?: Revision;
  /** Whoever delivers has stopped the canary by itself, or somebody did it there. */
  readonly stopped?: StoppedThere | undefined;
}

export interface StoppedThere {
  readonly by: 'burn' | 'verdict' | 'hand';
  readonly note: string;
}

export type Probe = 'done' | 'absent' | 'unknown';

/** Where versions run and traffic is split. Every call is bounded in time; `apply` may be repeated. */
export interface DeliveryPort {
  /** `target`: the revision a release is about, which may run without traffic yet, or still. */
  observe(lane: string, target: string | null): Promise<Delivery>;
  apply(effect: Effect): Promise<void>;
  probe(effect: Effect): Promise<Probe>;
}
