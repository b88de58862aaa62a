import { ok } from '../../../kit/result.ts';
import {
  type Author,
  type CheckReport,
  type ForgeResult,
  outcomeMark,
  type Posted,
  type PullRequest,
  postNeeded,
} from '../../forge.ts';
import { type Identity, isSame } from './identity.ts';

/** The author named by an answer, if any. */
type Named = Author | null | undefined;
/** Hears of somebody else's post before ours takes its place: should that answer be lost, it is known. */
type Tell = (foreign: Posted['foreign']) => void;

/** The current status under a name, whoever posted it. */
interface StandingStatus {
  readonly creator?: Named;
  readonly state: string;
  readonly description: string | null;
}

/** How one forge reads and posts the status of a report. */
export interface StatusCalls {
  /** The newest of the report's name: the one that merges are decided by. */
  newest(): ForgeResult<StandingStatus | null>;
  post(): ForgeResult<{ readonly creator?: Named }>;
}

/** A status holds its key and time at the end of its description: a forge keeps nothing else beside it. */
const markIn = (description: string | null): string | null =>
  /\[(\d+ \S+)\]$/.exec(description ?? '')?.[1] ?? null;

/** Posts the status of a report where it is needed, over whatever somebody else posted. */
export async function postStatus(
  { identity, now }: { readonly identity: Identity; now(): number },
  calls: StatusCalls,
  report: CheckReport,
  tell: Tell,
): ForgeResult<Posted['post']> {
  const me = await identity.me();
  if (!me.ok) return me;
  const found = await calls.newest();
  if (!found.ok) return found;
  const standing = found.value;
  const ours = isSame(standing?.creator, me.value);
  const kept = standing && { ours, state: standing.state, mark: markIn(standing.description) };
  const needed = postNeeded(kept, report, now());
  if (needed !== 'post') return ok(needed);
  const foreign = standing && { by: standing.creator?.login ?? 'somebody', state: standing.state };
  if (me.value && !ours) tell(foreign);
  const done = await calls.post();
  if (!done.ok) return done;
  identity.learn(done.value.creator);
  if (!me.value && !isSame(standing?.creator, done.value.creator ?? null)) tell(foreign);
  return ok('posted');
}

interface StandingComment {
  readonly id: number;
  readonly body?: string | undefined;
  readonly user?: Named;
}

/** How one forge reads and writes the comments of a pull request. */
interface CommentCalls {
  all(): ForgeResult<readonly StandingComment[]>;
  edit(id: number): ForgeResult<unknown>;
  add(): ForgeResult<{ readonly user?: Named }>;
}

/** Brings the comment of ours that begins with `mark` up to date, unless it `says` so already. */
export async function keepComment(
  identity: Identity,
  calls: CommentCalls,
  mark: string,
  says: (body: string) => boolean,
): ForgeResult<null> {
  const me = await identity.me();
  if (!me.ok) return me;
  const found = await calls.all();
  if (!found.ok) return found;
  const mine = found.value.find((c) => isSame(c.user, me.value) && c.body?.startsWith(mark));
  if (mine?.body && says(mine.body)) return ok(null);
  if (mine) {
    const edited = await calls.edit(mine.id);
    return edited.ok ? ok(null) : edited;
  }
  const made = await calls.add();
  if (!made.ok) return made;
  identity.learn(made.value.user);
  return ok(null);
}

/** The steps of a report on one forge; each is tried again as a whole, since it begins by reading what stands. */
interface ReportSteps {
  check(tell: Tell): ForgeResult<Posted['post']>;
  /** `mark` says which outcome the comment tells of. */
  comment(mark: string): ForgeResult<null>;
}

/**
 * What the gate says of a pull request: a check, and one comment beside it, which may fail by itself. What was decided of
 * an older head, or of a merge group, stands at its commit alone: the comment is that of the head.
 */
export async function postReport(
  { check, comment }: ReportSteps,
  pull: PullRequest,
  report: CheckReport,
): ForgeResult<Posted> {
  let foreign: Posted['foreign'] = null;
  const posted = await check((found) => {
    foreign ??= found;
  });
  if (!posted.ok) return posted;
  if (posted.value === 'superseded' || report.headSha !== pull.head.sha)
    return ok({ post: posted.value, foreign, untold: null });
  const told = await comment(outcomeMark(report));
  return ok({ post: posted.value, foreign, untold: told.ok ? null : told.error });
}
