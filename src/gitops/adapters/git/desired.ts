import { laneName, type Revision } from '../../../delivery/events.ts';
import type { Problem } from '../../../kit/problem.ts';
import { fail, messageOf, type Result } from '../../../kit/result.ts';
import type { Commit } from '../../commits.ts';
import { desiredPath, parseDesired } from '../../desired.ts';
import type { DesiredRepository, DesiredState } from '../../port.ts';
import { git } from './program.ts';

interface LaneNames {
  readonly service: string;
  readonly environment: string;
  /** The branch that says what runs in its environment. */
  readonly branch: string;
}

/** More commits between two looks are not told one by one. */
const MAX_COMMITS = 200;
const GONE = 'BRANCH_GONE';
const UNREADABLE = 'UNREADABLE';

const unreadable = (file: string, message: string): Problem => ({
  code: UNREADABLE,
  file,
  line: 1,
  path: '',
  message,
  next: 'it is read again by itself',
});
const isUnreadable = (problem: Problem): boolean => problem.code === UNREADABLE;

interface BranchState {
  readonly head: string;
  readonly lanes: ReadonlyMap<string, Revision>;
  readonly problems: readonly Problem[];
}

/** Reads one folder an environment at the head of its branch; read again only when the head moved. */
export function gitDesired(
  repository: string,
  lanes: readonly LaneNames[],
  sync: { before?(): Promise<void>; hint?(): void } = {},
): DesiredRepository {
  const branches = [...new Set(lanes.map((l) => l.branch))];
  const last = new Map<string, BranchState>();

  const show = (commit: string, path: string): Promise<string | null> =>
    git(repository, ['show', `${commit}:${path}`]).catch(() => null);

  async function readAt(branch: string, head: string, known: BranchState | undefined): Promise<BranchState> {
    // At the same commit only what could not be read is read again.
    const same = known?.head === head ? known : null;
    const missed = new Set(same?.problems.filter(isUnreadable).map((p) => p.file));
    const listed = new Set((await git(repository, ['ls-tree', '-r', '--name-only', head])).split('\n'));
    const state = new Map(same?.lanes);
    const problems = (same?.problems ?? []).filter((p) => !isUnreadable(p));
    for (const { service, environment } of lanes.filter((l) => l.branch === branch)) {
      const path = desiredPath(environment, service);
      if (!listed.has(path) || (same && !missed.has(path))) continue;
      const lane = laneName(service, environment);
      const read = await readFile(head, path, service);
      // What cannot be read now stays as it was asked for; what was read and is wrong asks for nothing.
      const before = read.ok || !read.error.some(isUnreadable) ? undefined : known?.lanes.get(lane);
      if (read.ok) state.set(lane, read.value);
      else if (before) state.set(lane, before);
      if (!read.ok) problems.push(...read.error);
    }
    return { head, lanes: state, problems };
  }

  /** One file at a commit. Whatever happens to it is its own: the others are read all the same. */
  async function readFile(head: string, path: string, service: string): Promise<Result<Revision, Problem[]>> {
    try {
      return parseDesired(path, await git(repository, ['show', `${head}:${path}`]), service);
    } catch (thrown) {
      return fail([unreadable(path, `it cannot be read now: ${messageOf(thrown)}`)]);
    }
  }

  /** A branch that is gone changes nothing: what it asked for last stays asked for, with a problem. */
  async function branchNow(branch: string): Promise<BranchState | null> {
    const known = last.get(branch);
    const head = await git(repository, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]).then(
      (text) => text.trim(),
      () => null,
    );
    if (head === null) {
      const message = `there is no branch ${branch}; what it asked for last stays as it is`;
      const gone: Problem = { code: GONE, file: branch, line: 1, path: '', message };
      return known ? { ...known, problems: [gone] } : null;
    }
    if (known?.head === head && !known.problems.some(isUnreadable)) return known;
    const state = await readAt(branch, head, known);
    last.set(branch, state);
    return state;
  }

  /** A branch that cannot be read holds up no other: what it asked for last stays, with a problem. */
  const branchOrProblem = async (branch: string): Promise<BranchState | null> => {
    try {
      return await branchNow(branch);
    } catch (thrown) {
      const known = last.get(branch);
      const problem = unreadable(branch, `the branch cannot be read now: ${messageOf(thrown)}`);
      return known ? { ...known, problems: [...known.problems, problem] } : null;
    }
  };

  const sideOf = async (commit: string, lane: LaneNames): Promise<Revision | null> => {
    const path = desiredPath(lane.environment, lane.service);
    const text = await show(commit, path);
    const parsed = text === null ? null : parseDesired(path, text, lane.service);
    return parsed?.ok ? parsed.value : null;
  };

  async function commitOf(branch: string, line: string, direct: ReadonlySet<string>): Promise<Commit> {
    const [sha, parents, author, at, subject] = line.split('\0') as [string, string, string, string, string];
    const parent = parents.split(' ')[0];
    // A merge is what it brings to the branch that it was made on.
    const changed = parent
      ? await git(repository, ['diff-tree', '-r', '--no-commit-id', '--name-only', parent, sha])
      : await git(repository, ['ls-tree', '-r', '--name-only', sha]);
    const paths = new Set(changed.split('\n'));
    const touched = lanes.filter(
      (l) => l.branch === branch && paths.has(desiredPath(l.environment, l.service)),
    );
    const sides: [string, { base: Revision | null; head: Revision | null }][] = [];
    for (const lane of touched) {
      const base = parent ? await sideOf(parent, lane) : null;
      sides.push([laneName(lane.service, lane.environment), { base, head: await sideOf(sha, lane) }]);
    }
    const merge = parents.includes(' ');
    const onto = direct.has(sha);
    return { sha, branch, author, at: Number(at) * 1_000, subject, merge, onto, sides: new Map(sides) };
  }

  return {
    hint: () => sync.hint?.(),
    async read(): Promise<DesiredState | null> {
      try {
        await sync.before?.();
        const found = await Promise.all(
          branches.map(async (branch) => [branch, await branchOrProblem(branch)] as const),
        );
        const there = found.flatMap(([branch, state]) => (state ? [[branch, state] as const] : []));
        if (there.length === 0) return null;
        const commit =
          branches.length === 1
            ? there[0]![1].head
            : there.map(([branch, s]) => `${branch}@${s.head}`).join(' ');
        return {
          commit,
          lanes: new Map(there.flatMap(([, s]) => [...s.lanes])),
          problems: there.flatMap(([, s]) => s.problems),
          heads: new Map(there.map(([branch, s]) => [branch, s.head])),
        };
      } catch {
        return null;
      }
    },
    async since(branch, before, after) {
      try {
        const format = '--format=%H%x00%P%x00%an%x00%at%x00%s';
        const range = [`${before}..${after}`, `--max-count=${MAX_COMMITS}`];
        const text = await git(repository, ['log', '--topo-order', format, ...range]);
        const line = await git(repository, ['rev-list', '--first-parent', ...range]);
        const direct = new Set(line.split('\n'));
        const commits: Commit[] = [];
        for (const one of text.split('\n').filter(Boolean).reverse())
          commits.push(await commitOf(branch, one, direct));
        const rewritten = await git(repository, ['merge-base', '--is-ancestor', before, after]).then(
          () => false,
          () => true,
        );
        return { commits, rewritten };
      } catch {
        return null;
      }
    },
  };
}
