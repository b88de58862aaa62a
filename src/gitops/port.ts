import type { Revision } from '../delivery/events.ts';
import type { Problem } from '../kit/problem.ts';

/** What the repository asks for at one commit. A lane with a broken file is left out, with its problem. */
export interface DesiredState {
  readonly commit: string;
  readonly lanes: ReadonlyMap<string, Revision>;
  readonly problems: readonly Problem[];
}

/** The desired-state repository. Null: it cannot be read now. */
export interface DesiredPort {
  read(): Promise<DesiredState | null>;
}
