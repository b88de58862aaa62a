import type { Revision } from '../delivery/events.ts';
import type { Problem } from '../kit/problem.ts';
import type { Commit } from './commits.ts';

/** The desired state at one commit. A lane with an invalid file is left out, with its problem. */
export interface DesiredState {
  /** One commit, or one of each branch. */
  readonly commit: string;
  readonly lanes: ReadonlyMap<string, Revision>;
  readonly problems: readonly Problem[];
  /** The head of each branch. */
  readonly heads?: ReadonlyMap<string, string>;
}

/** The desired-state repository. Null: it cannot be read now. */
export interface DesiredPort {
  read(): Promise<DesiredState | null>;
}

export interface Commits {
  readonly commits: readonly Commit[];
  /** The branch was force-pushed: its earlier head is not an ancestor of the current one. */
  readonly rewritten: boolean;
}

/** The repository with its history, and a way to say that something happened there. */
export interface DesiredRepository extends DesiredPort {
  /** What came after a commit of a branch, oldest first. Null: it cannot be read. */
  since(branch: string, before: string, after: string): Promise<Commits | null>;
  /** Takes a hint that something was pushed: the repository is read at once. */
  hint(): void;
}
