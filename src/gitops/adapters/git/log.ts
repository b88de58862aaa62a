import type { Revision } from '../../../delivery/events.ts';
import { laneName } from '../../../kit/lane.ts';
import type { Commit } from '../../commits.ts';
import { desiredPath, parseDesired } from '../../desired.ts';
import type { Commits } from '../../port.ts';
import type { GitState, LaneNames } from './branches.ts';
import { textsOf } from './objects.ts';
import { git, isBelow } from './program.ts';

/** More commits between two looks are not told one by one. */
const MAX_COMMITS = 200;
const FORMAT = '--format=%H%x00%P%x00%an%x00%at%x00%s';

const askedIn = (text: string | undefined, { service, environment }: LaneNames): Revision | null => {
  const parsed = text === undefined ? null : parseDesired(desiredPath(environment, service), text, service);
  return parsed?.ok ? parsed.value : null;
};

/** Paths that a commit changed. A merge is what it brings to the branch that it was made on. */
async function changedPaths(
  repository: string,
  sha: string,
  parent: string | undefined,
): Promise<ReadonlySet<string>> {
  const changed = parent
    ? await git(repository, ['diff-tree', '-r', '--no-commit-id', '--name-only', parent, sha])
    : await git(repository, ['ls-tree', '-r', '--name-only', sha]);
  return new Set(changed.split('\n'));
}

type Sides = Commit['sides'];

/** What a commit asks for in each lane that it touches, and what was asked for before it. */
async function sidesOf(
  repository: string,
  touched: readonly LaneNames[],
  sha: string,
  parent: string | undefined,
): Promise<Sides> {
  const nameAt = (commit: string, l: LaneNames) => `${commit}:${desiredPath(l.environment, l.service)}`;
  const names = touched.flatMap((l) => [nameAt(sha, l), ...(parent ? [nameAt(parent, l)] : [])]);
  const texts = await textsOf(repository, names);
  return new Map(
    touched.map((l) => [
      laneName(l.service, l.environment),
      {
        base: parent ? askedIn(texts.get(nameAt(parent, l)), l) : null,
        head: askedIn(texts.get(nameAt(sha, l)), l),
      },
    ]),
  );
}

async function commitOf(
  { repository, lanes }: GitState,
  branch: string,
  line: string,
  direct: ReadonlySet<string>,
): Promise<Commit> {
  const [sha, parents, author, at, subject] = line.split('\0') as [string, string, string, string, string];
  const parent = parents.split(' ')[0];
  const paths = await changedPaths(repository, sha, parent);
  const touched = lanes.filter(
    (l) => !l.elsewhere && l.branch === branch && paths.has(desiredPath(l.environment, l.service)),
  );
  const sides = await sidesOf(repository, touched, sha, parent);
  const merge = parents.includes(' ');
  return { sha, branch, author, at: Number(at) * 1_000, subject, merge, onto: direct.has(sha), sides };
}

/** What came after a commit of a branch, oldest first; throws where it cannot be read. */
export async function commitsBetween(
  state: GitState,
  branch: string,
  before: string,
  after: string,
): Promise<Commits> {
  const { repository } = state;
  const range = [`${before}..${after}`, `--max-count=${MAX_COMMITS}`];
  const text = await git(repository, ['log', '--topo-order', FORMAT, ...range]);
  const line = await git(repository, ['rev-list', '--first-parent', ...range]);
  const direct = new Set(line.split('\n'));
  const commits: Commit[] = [];
  for (const one of text.split('\n').filter(Boolean).reverse())
    commits.push(await commitOf(state, branch, one, direct));
  return { commits, rewritten: !(await isBelow(repository, before, after)) };
}
