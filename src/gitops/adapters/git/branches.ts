import type { Revision } from '../../../delivery/events.ts';
import { laneName } from '../../../kit/lane.ts';
import type { Problem } from '../../../kit/problem.ts';
import { messageOf } from '../../../kit/result.ts';
import { DESIRED_LIMITS, desiredPath, ENVIRONMENTS } from '../../desired.ts';
import { isUnreadable, misplaced, type ReadLane, readLane, unreadable } from './lane-files.ts';
import { filesAt, type TreeFile, textsOf } from './objects.ts';
import { commitAt } from './program.ts';

/** A service in an environment, and the branch that says what runs there. */
export interface LaneNames {
  readonly service: string;
  readonly environment: string;
  readonly branch: string;
  /** The service does not run there: a file of it is a problem, and asks for nothing. */
  readonly elsewhere?: true;
}

/** A branch as it was read last. */
interface BranchState {
  readonly head: string;
  /** By lane. */
  readonly read: ReadonlyMap<string, ReadLane>;
  readonly lanes: ReadonlyMap<string, Revision>;
  readonly problems: readonly Problem[];
}

/** What the parts of one repository share. */
export interface GitState {
  readonly repository: string;
  readonly lanes: readonly LaneNames[];
  /** Every branch as it was read last. */
  readonly last: Map<string, BranchState>;
}

const GONE = 'BRANCH_GONE';
/** Files are parsed so many at a time; between them others have their turn. */
const PARSED_AT_ONCE = 50;

function branchState(head: string, read: ReadonlyMap<string, ReadLane>): BranchState {
  const all = [...read];
  return {
    head,
    read,
    lanes: new Map(all.flatMap(([lane, { asked }]) => (asked ? [[lane, asked] as const] : []))),
    problems: all.flatMap(([, { problems }]) => problems),
  };
}

const isKnown = (known: ReadLane | undefined, file: TreeFile): boolean =>
  known?.object === file.object && !file.link;

/** The objects that are to be read: what is far too large for a desired state is not even fetched. */
const wantedOf = (files: readonly TreeFile[]): string[] => [
  ...new Set(files.filter((f) => f.size <= DESIRED_LIMITS.size && !f.link).map((f) => f.object)),
];

interface LaneFile {
  readonly names: LaneNames;
  readonly lane: string;
  readonly file: TreeFile;
}

async function laneFiles({ repository, lanes }: GitState, branch: string, head: string): Promise<LaneFile[]> {
  const files = new Map((await filesAt(repository, head, ENVIRONMENTS)).map((f) => [f.path, f]));
  return lanes
    .filter((l) => l.branch === branch)
    .flatMap((names) => {
      const file = files.get(desiredPath(names.environment, names.service));
      return file ? [{ names, lane: laneName(names.service, names.environment), file }] : [];
    });
}

/** Every lane of a branch at a commit: one call lists the files, one more reads those that changed. */
async function readAt(
  state: GitState,
  branch: string,
  head: string,
  known: BranchState | undefined,
): Promise<BranchState> {
  const mine = await laneFiles(state, branch, head);
  const changed = mine.filter(
    ({ names, lane, file }) => !names.elsewhere && !isKnown(known?.read.get(lane), file),
  );
  const wanted = wantedOf(changed.map(({ file }) => file));
  const texts = await textsOf(state.repository, wanted).catch(
    (thrown: unknown) => new Error(messageOf(thrown)),
  );
  const read = new Map<string, ReadLane>();
  let parsed = 0;
  for (const { names, lane, file } of mine) {
    const before = known?.read.get(lane);
    if (names.elsewhere) read.set(lane, misplaced(file, names));
    else if (before && isKnown(before, file)) read.set(lane, before);
    else {
      read.set(lane, readLane(file, names.service, texts, before));
      if (++parsed % PARSED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return branchState(head, read);
}

/** A deleted branch changes nothing: its last desired state stays, with a problem. */
async function branchNow(state: GitState, branch: string): Promise<BranchState | null> {
  const known = state.last.get(branch);
  const head = await commitAt(state.repository, `refs/heads/${branch}`);
  if (head === null) {
    const message = `there is no branch ${branch}; its last desired state remains in effect`;
    const gone: Problem = { code: GONE, file: branch, line: 1, path: '', message };
    return known ? { ...known, problems: [gone] } : null;
  }
  if (known?.head === head && !known.problems.some(isUnreadable)) return known;
  const read = await readAt(state, branch, head, known);
  state.last.set(branch, read);
  return read;
}

/** A branch that cannot be read affects no other: its last desired state stays, with a problem. */
export async function readBranch(state: GitState, branch: string): Promise<BranchState | null> {
  try {
    return await branchNow(state, branch);
  } catch (thrown) {
    const known = state.last.get(branch);
    const problem = unreadable(branch, `the branch cannot be read now: ${messageOf(thrown)}`);
    return known ? { ...known, problems: [...known.problems, problem] } : null;
  }
}
