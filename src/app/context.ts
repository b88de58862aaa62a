import type { Io } from '../cli/io.ts';
import type { Tracing } from '../controller/flow/tracing.ts';
import type { Clock } from '../kit/time.ts';
import type { ChainWatch } from '../ledger/guarded.ts';
import type { Measured } from '../server/metrics/measured.ts';
import type { WiringContext } from '../wiring/context.ts';
import type { Log } from '../wiring/log.ts';
import type { Wiring } from '../wiring/wiring.ts';
import type { Health } from './health.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Listener } from './listener.ts';
import type { LogSubjects } from './log-subjects.ts';

/** What every part of a starting server shares. */
export interface AppContext extends WiringContext {
  readonly io: Io;
  /** The time by which everything is decided: no jump of the machine's clock. */
  readonly clock: Clock;
  readonly wiring: Wiring;
  readonly log: Log;
  /** What lines of the log are about. */
  readonly subjects: LogSubjects;
  readonly lifecycle: Lifecycle;
  readonly health: Health;
  readonly chain: ChainWatch;
  /** What this process counts of itself. */
  readonly measured: Measured;
  /** Where what it does is told as traces. */
  readonly tracing: Tracing;
  readonly listener: Listener;
  readonly allowedHosts: readonly string[];
  /** Whether only this machine reaches the server: then what is read needs no token. */
  readonly openReads: boolean;
  /** Aborts when the server is to end: on a signal, or when another server leads. */
  readonly ending: AbortSignal;
  /** Whether another server has taken over what this one ran. */
  lost(): boolean;
}
