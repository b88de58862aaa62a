import type { Platform } from '../declaration/platform.ts';

/** Environment variables of the process, or of a test. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What every adapter is chosen by. */
export interface WiringContext {
  readonly platform: Platform;
  /** Folder of the declaration. */
  readonly directory: string;
  /** Folder that holds everything of one server: ledger, ports, data, logs. */
  readonly work: string;
  /** Root of this program: policy, console, shop. */
  readonly root: string;
  readonly env: Env;
  /** Milliseconds since the epoch. */
  now(): number;
  warn(details: object, message: string): void;
}
