import type { Revision } from '../delivery/events.ts';
import type { Problem } from '../kit/problem.ts';
import type { Commit } from './commits.ts';

/** What the repository asks for at one commit. A lane with a broken file is left out, with its problem. */
export interface DesiredState {
  /** One commit, or one of each branch. */
  readonly commit: string;
  readonly lanes: ReadonlyMap<string, Revision>;
  readonly problems: readonly Problem[];
  /** Where each branch stands. */
  readonly heads?: ReadonlyMap<string, string>;
}

/** The desired-state repository. Null: it cannot be read now. */
export interface DesiredPort {
  read(): Promise<DesiredState | null>;
}

export interface Commits {
  readonly commits: readonly Commit[];
  /** The branch was pushed by force: what stood there before is no ancestor of what stands there now. */
  readonly rewritten: boolean;
}

/** The repository with its history, and a way to say that something happened there. */
export interface DesiredRepository extends DesiredPort {
  /** What came after a commit of a branch, oldest first. Null: it cannot be read. */
  since(branch: string, before: string, after: string): Promise<Commits | null>;
  /** Somebody says that something was pushed: it is looked at once. */
  hint(): void;
}
