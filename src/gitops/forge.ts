import { fail, type Result } from '../kit/result.ts';

/** A pull request as any forge tells of it. */
export interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly author: string;
  readonly base: { readonly branch: string; readonly sha: string };
  readonly head: { readonly branch: string; readonly sha: string };
  /** Its head lies in another repository. */
  readonly fork: boolean;
  readonly labels: readonly string[];
  readonly draft: boolean;
  readonly state: 'open' | 'merged' | 'closed';
  readonly url: string;
  readonly openedAt: number;
}

export interface ChangedFile {
  readonly path: string;
  readonly status: 'added' | 'modified' | 'removed' | 'renamed';
  /** Where a renamed file was before. */
  readonly previous?: string;
}

export interface ChangedFiles {
  readonly files: readonly ChangedFile[];
  /** Whether these are all: a forge lists only so many. */
  readonly complete: boolean;
}

/** What is posted to a pull request: one check, one comment that is kept up to date. */
export interface CheckReport {
  readonly check: string;
  readonly headSha: string;
  readonly state: 'success' | 'failure' | 'pending';
  /** One line, 140 characters at most. */
  readonly title: string;
  /** Markdown. */
  readonly summary: string;
  /** Names the outcome: the same key needs no second post. */
  readonly key: string;
  /** An older evaluation never replaces a newer one. */
  readonly evaluatedAt: number;
  readonly annotations: readonly { readonly path: string; readonly line: number; readonly message: string }[];
  readonly detailsUrl: string | null;
}

export interface ForgeFailure {
  readonly code:
    | 'UNAUTHORISED'
    | 'FORBIDDEN'
    | 'NOT_FOUND'
    | 'INVALID'
    | 'RATE_LIMITED'
    | 'UNAVAILABLE'
    | 'REFUSED'
    | 'CONFLICT'
    | 'TOO_LARGE';
  readonly message: string;
  /** When it may be asked again, where it said so. */
  readonly retryAfterMs?: number;
}

export type ForgeResult<T> = Promise<Result<T, ForgeFailure>>;

/** Who wrote something on a forge. */
export interface Author {
  readonly id: number | null;
  readonly login: string;
}

/** The result of a report. */
export interface Posted {
  /** `superseded`: a newer one of ours is there already. */
  readonly post: 'posted' | 'unchanged' | 'superseded';
  /** The foreign post under the same name that ours replaced; null: there was none. */
  readonly foreign: { readonly by: string; readonly state: string } | null;
  /** Why its comment could not be updated; null: it was. */
  readonly untold: ForgeFailure | null;
}

export interface WantedPull {
  readonly title: string;
  readonly body: string;
  readonly base: string;
  readonly head: string;
  readonly labels: readonly string[];
  readonly author?: string;
  /** Merge by itself as soon as the required check passes. */
  readonly autoMerge?: boolean;
}

/** A branch of ours with one commit on top of the base branch, and its pull request. */
export interface WantedChange {
  readonly branch: string;
  readonly base: string;
  /** Texts by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  /** Merge by itself as soon as the required check passes. */
  readonly autoMerge: boolean;
}

/** What a webhook tells: a hint, confirmed at the source. */
export interface ForgeHint {
  /** `status`: somebody posted a check at a commit. */
  readonly kind: 'pull' | 'push' | 'merge-group' | 'status' | 'other';
  readonly pull: number | null;
  /** Of a status its commit; of a merge group the commit that would be merged, and what it would be merged into. */
  readonly headSha: string | null;
  readonly baseSha: string | null;
  readonly delivery: string;
}

/** A forge: read pull requests, post the gate's decision, request merges. The forge's own rules decide about merging. */
export interface ForgePort {
  readonly kind: 'local' | 'gitea' | 'github';
  pull(number: number): ForgeResult<PullRequest>;
  openPulls(): ForgeResult<readonly PullRequest[]>;
  /** The files that the head changes relative to its base, for exactly these two commits, wherever the branches are now. */
  files(pull: Pick<PullRequest, 'base' | 'head'>): ForgeResult<ChangedFiles>;
  /** A file at a commit; null: it is not there. What cannot be read is a failure, and so is more than anybody may use (TOO_LARGE). */
  text(sha: string, path: string): ForgeResult<string | null>;
  /** Paths below a folder at a commit. */
  list(sha: string, folder: string): ForgeResult<readonly string[]>;
  /** Which of these paths are symbolic links at a commit: forges differ in whether a text is then of what it leads to. */
  links(sha: string, paths: readonly string[]): ForgeResult<readonly string[]>;
  /**
   * Posts to the commit that the report names. An existing post counts only if Sluice posted it: a foreign post under
   * the same name is replaced, and named in the answer.
   */
  report(pull: PullRequest, report: CheckReport): ForgeResult<Posted>;
  /** Creates or updates the one comment per mark, also on closed pull requests. Other comments are not touched. */
  comment(pull: Pick<PullRequest, 'number'>, mark: string, text: string): ForgeResult<null>;
  open(wanted: WantedPull): ForgeResult<PullRequest>;
  /** Writes the branch and opens its pull request, or updates the open one. Idempotent. */
  propose(change: WantedChange): ForgeResult<PullRequest>;
  /** Closes a pull request, with the reason as a comment. */
  withdraw(pull: PullRequest, why: string): ForgeResult<null>;
  merge(pull: PullRequest): ForgeResult<'merged'>;
  /** Reads a delivery with a valid signature; any other is refused. */
  hint(headers: Readonly<Record<string, string | undefined>>, body: string): Result<ForgeHint, ForgeFailure>;
}

/** No file that is read of a forge is longer, in bytes: a declaration is not, and a pull request brings whatever it likes. */
export const MAX_TEXT_BYTES = 16_777_216;
export const tooLarge = (path: string, most: number): Result<never, ForgeFailure> =>
  fail({ code: 'TOO_LARGE', message: `${path} has more than ${most} bytes: it is not read` });
/** The mode of a symbolic link, as Git has it. */
export const LINK = '120000';
/** The most files of one pull request that a forge lists; a larger one is not known completely. */
export const MAX_FILES = 3_000;
/** A comment of ours carries this, so that it is found again. */
export const COMMENT_MARK = '<!-- sluice:gate -->';

/**
 * Ends a comment: the outcome that it reports. A comment with the same outcome is not edited, even if its words would
 * change: forges send a webhook for every edit, which would cause another edit.
 */
export const outcomeMark = (report: Pick<CheckReport, 'key'>): string => `<!-- ${report.key} -->`;

/** The key and time of a post, as they are kept where the forge has room for a line. */
export const postMark = (report: Pick<CheckReport, 'key' | 'evaluatedAt'>): string =>
  `${report.evaluatedAt} ${report.key}`;

/** A post under the name of our check, as the forge tells of it. */
interface StandingPost {
  /** Whether we posted it ourselves. */
  readonly ours: boolean;
  readonly state: string;
  /** Its key and time, where it has them. */
  readonly mark: string | null | undefined;
}

/** The accepted clock difference between two servers; a post further in the future is not a newer evaluation. */
const MAX_AHEAD_MS = 60_000;

/**
 * Whether a new post is needed although there is one. If two servers post at once, the newer evaluation wins. A foreign
 * post never counts, nor does another state under our key or a time in the future.
 */
export function postNeeded(
  standing: StandingPost | null,
  report: Pick<CheckReport, 'key' | 'evaluatedAt' | 'state'>,
  now: number,
): 'post' | 'unchanged' | 'superseded' {
  const match = standing?.ours ? /^(\d+) (\S+)$/.exec(standing.mark ?? '') : null;
  if (!standing || !match) return 'post';
  if (match[2] === report.key && standing.state === report.state) return 'unchanged';
  const at = Number(match[1]);
  return at > report.evaluatedAt && at <= now + MAX_AHEAD_MS ? 'superseded' : 'post';
}
