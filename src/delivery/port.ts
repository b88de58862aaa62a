import type { ReleaseEffect, Revision } from './events.ts';

/** The observed state of one lane at the edge. */
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
  /** What keeps the canary from running that is not its own doing. */
  readonly hindered?: string;
  /** The delivering tool was told to stop the canary, and may not have processed it yet. */
  readonly aborted?: boolean;
  /** Ascending weights of the delivering tool's own steps; left out: those of the declaration. */
  readonly steps?: readonly number[];
  /** Those of them at which it waits for Sluice's verdict. */
  readonly asks?: readonly number[];
  /** Those of them before which it waits for something else than us, for as long as that takes. */
  readonly waits?: readonly number[];
  /** At full traffic it can be set back to the weight before, and waits there for Sluice's verdict once more. */
  readonly returns?: true;
  /** All traffic is switched at once; what served before still runs only while the delivering tool waits. */
  readonly blueGreen?: true;
  /** How what serves as stable came to do so, where no pass of ours made it so. */
  readonly finished?: 'by hand' | 'own steps';
  /** What the stable revision is, where whoever delivers can tell. */
  readonly serves?: Revision;
  /** Whoever delivers has stopped the canary by itself, or somebody did it there. */
  readonly stopped?: StoppedThere | undefined;
}

export interface StoppedThere {
  /**
   * What stopped it: the burn rates, our own verdict, an analysis of its own, one that could not be measured, its
   * progress deadline, or a person.
   */
  readonly by: 'burn' | 'verdict' | 'analysis' | 'unmeasured' | 'deadline' | 'hand';
  readonly note: string;
}

export type Probe = 'done' | 'absent' | 'unknown';

/** Where versions run and traffic is split. Every call is bounded in time; `apply` may be repeated. */
export interface DeliveryPort {
  /** `target`: the revision a release is about, which may run without traffic yet, or still. */
  observe(lane: string, target: string | null): Promise<Delivery>;
  apply(effect: ReleaseEffect): Promise<void>;
  probe(effect: ReleaseEffect): Promise<Probe>;
}
