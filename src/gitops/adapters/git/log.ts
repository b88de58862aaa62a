import type { Revision } from '../../../delivery/events.ts';
import { laneName } from '../../../kit/lane.ts';
import type { Commit } from '../../commits.ts';
import { DESIRED_LIMITS, desiredPath, parseDesired } from '../../desired.ts';
import { LINK } from '../../forge.ts';
import type { Commits } from '../../port.ts';
import type { GitState, LaneNames } from './branches.ts';
import { textsWithin } from './objects.ts';
import { git, isBelow } from './program.ts';

/** More commits between two looks are not told one by one. */
const MAX_COMMITS = 200;
const FORMAT = '--format=%H%x00%P%x00%an%x00%at%x00%s';

const askedIn = (text: string | undefined, { service, environment }: LaneNames): Revision | null => {
  const parsed = text === undefined ? null : parseDesired(desiredPath(environment, service), text, service);
  return parsed?.ok ? parsed.value : null;
};

/** The objects of a file before and after a commit; null: it was not there, or was a symbolic link. */
interface ChangedPath {
  readonly before: string | null;
  readonly after: string | null;
}

/** One file of `diff-tree -z`: both modes, both objects and what happened to it, and then its path. */
const CHANGE = /^:(\d+) (\d+) (\w+) (\w+) /;
const NOT_THERE = '000000';
const objectOf = (mode: string, object: string): string | null =>
  mode === NOT_THERE || mode === LINK ? null : object;

/** What a commit changed, by path. A merge is what it brings to the branch that it was made on. */
async function changedPaths(
  repository: string,
  sha: string,
  parent: string | undefined,
): Promise<ReadonlyMap<string, ChangedPath>> {
  const against = parent ? [parent, sha] : ['--root', sha];
  const words = (await git(repository, ['diff-tree', '-r', '-z', '--no-commit-id', ...against])).split('\0');
  const changed = new Map<string, ChangedPath>();
  for (let i = 0; i + 1 < words.length; i += 2) {
    const [, was, is, before, after] = CHANGE.exec(words[i]!) ?? [];
    if (was !== undefined)
      changed.set(words[i + 1]!, { before: objectOf(was, before!), after: objectOf(is!, after!) });
  }
  return changed;
}

type Sides = Commit['sides'];

/** What a commit asks for in each lane that it touches, and what was asked for before it. */
async function sidesOf(
  repository: string,
  touched: readonly LaneNames[],
  changed: ReadonlyMap<string, ChangedPath>,
): Promise<Sides> {
  const changeOf = (l: LaneNames) => changed.get(desiredPath(l.environment, l.service));
  const objects = touched.flatMap((l) => [changeOf(l)?.before, changeOf(l)?.after]).filter((one) => !!one);
  const texts = await textsWithin(repository, [...new Set(objects as string[])], DESIRED_LIMITS.size);
  const asked = (l: LaneNames, object: string | null | undefined) =>
    askedIn(object ? texts.get(object) : undefined, l);
  return new Map(
    touched.map((l) => [
      laneName(l.service, l.environment),
      { base: asked(l, changeOf(l)?.before), head: asked(l, changeOf(l)?.after) },
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
  const changed = await changedPaths(repository, sha, parent);
  const touched = lanes.filter(
    (l) => !l.elsewhere && l.branch === branch && changed.has(desiredPath(l.environment, l.service)),
  );
  const sides = await sidesOf(repository, touched, changed);
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
