import type { RunCommand } from '../declaration/platform.ts';
import type { Revision } from './events.ts';

export interface ProcessOptions {
  readonly directory: string;
  readonly environment: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values for {placeholders} of a command, beside those of the version. */
  readonly placeholders: (service: string) => Readonly<Record<string, string>>;
  readonly run: (service: string) => RunCommand | null;
}

export interface ProcessStatus {
  readonly health: 'absent' | 'starting' | 'ready' | 'exited';
  readonly port: number | null;
  /** Ready once, and refusing connections now. */
  readonly refused?: boolean;
  readonly exit?: string;
}

/** Versions that run on this machine, each as one process. */
export interface Processes {
  /** Starts a version unless it already runs; one that ended stays ended. */
  start(service: string, revision: Revision): Promise<void>;
  /** Starts a version again after it ended: what serves users is kept alive. */
  revive(service: string, revision: string): Promise<void>;
  stop(service: string, revision: string): Promise<void>;
  status(service: string, revision: string): Promise<ProcessStatus>;
  list(): readonly { service: string; revision: string }[];
  /** Starts again what an orderly end of ours stopped. */
  resumeAll(): Promise<void>;
  /** Ends every process in an orderly way; `resumeAll` brings them back. */
  stopAll(): Promise<void>;
}
