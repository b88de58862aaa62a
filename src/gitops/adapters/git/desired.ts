import { laneName, type Revision } from '../../../delivery/events.ts';
import type { Problem } from '../../../kit/problem.ts';
import { messageOf } from '../../../kit/result.ts';
import type { Commit } from '../../commits.ts';
import { DESIRED_LIMITS, desiredPath, parseDesired } from '../../desired.ts';
import type { DesiredRepository, DesiredState } from '../../port.ts';
import { filesAt, type TreeFile, textsOf } from './objects.ts';
import { git } from './program.ts';

interface LaneNames {
  readonly service: string;
  readonly environment: string;
  /** The branch that says what runs in its environment. */
  readonly branch: string;
}

/** More commits between two looks are not told one by one. */
const MAX_COMMITS = 200;
/** Every file of a lane lies below it. */
const FOLDER = 'environments';
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

/** What one file said, by the object that it was: the same object is not read again. */
interface ReadLane {
  readonly path: string;
  /** Null: it could not be read; it is read again. */
  readonly object: string | null;
  readonly asked: Revision | null;
  readonly problems: readonly Problem[];
}

interface BranchState {
  readonly head: string;
  /** By lane. */
  readonly read: ReadonlyMap<string, ReadLane>;
  readonly lanes: ReadonlyMap<string, Revision>;
  readonly problems: readonly Problem[];
}

/** Files are parsed so many at a time; between them others have their turn. */
const PARSED_AT_ONCE = 50;

const tooLarge = (file: string, size: number): Problem => ({
  code: 'DESIRED_STATE',
  file,
  line: 1,
  path: '',
  message: `the file has ${size} bytes; a desired state has at most ${DESIRED_LIMITS.size}`,
  next: 'keep what is not the desired state elsewhere',
});

function branchState(head: string, read: ReadonlyMap<string, ReadLane>): BranchState {
  const all = [...read];
  return {
    head,
    read,
    lanes: new Map(all.flatMap(([lane, { asked }]) => (asked ? [[lane, asked] as const] : []))),
    problems: all.flatMap(([, { problems }]) => problems),
  };
}

/** Reads one folder an environment at the head of its branch; read again only when the head moved. */
export function gitDesired(
  repository: string,
  lanes: readonly LaneNames[],
  sync: { before?(): Promise<void>; hint?(): void } = {},
): DesiredRepository {
  const branches = [...new Set(lanes.map((l) => l.branch))];
  const last = new Map<string, BranchState>();

  const isKnown = (known: ReadLane | undefined, file: TreeFile): boolean => known?.object === file.object;

  /** The objects that are to be read: what is far too large for a desired state is not even fetched. */
  const wantedOf = (files: readonly TreeFile[]): string[] => [
    ...new Set(files.filter((f) => f.size <= DESIRED_LIMITS.size).map((f) => f.object)),
  ];

  /** One file of a lane, of which the text is at hand; what cannot be read now stays as it was asked for. */
  function readLane(
    file: TreeFile,
    service: string,
    texts: ReadonlyMap<string, string> | Error,
    before: ReadLane | undefined,
  ): ReadLane {
    const { path, object } = file;
    if (texts instanceof Error) {
      const problem = unreadable(path, `it cannot be read now: ${texts.message}`);
      return { path, object: null, asked: before?.asked ?? null, problems: [problem] };
    }
    const text = texts.get(object);
    if (text === undefined) return { path, object, asked: null, problems: [tooLarge(path, file.size)] };
    const read = parseDesired(path, text, service);
    return read.ok
      ? { path, object, asked: read.value, problems: [] }
      : { path, object, asked: null, problems: read.error };
  }

  /** Every lane of a branch at a commit: one call lists the files, one more reads those that changed. */
  async function readAt(branch: string, head: string, known: BranchState | undefined): Promise<BranchState> {
    const files = new Map((await filesAt(repository, head, FOLDER)).map((f) => [f.path, f]));
    const mine = lanes
      .filter((l) => l.branch === branch)
      .flatMap(({ service, environment }) => {
        const file = files.get(desiredPath(environment, service));
        return file ? [{ service, lane: laneName(service, environment), file }] : [];
      });
    const changed = mine.filter(({ lane, file }) => !isKnown(known?.read.get(lane), file));
    const texts = await textsOf(repository, wantedOf(changed.map(({ file }) => file))).catch(
      (thrown: unknown) => new Error(messageOf(thrown)),
    );
    const read = new Map<string, ReadLane>();
    let parsed = 0;
    for (const { service, lane, file } of mine) {
      const before = known?.read.get(lane);
      if (before && isKnown(before, file)) read.set(lane, before);
      else {
        read.set(lane, readLane(file, service, texts, before));
        if (++parsed % PARSED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    return branchState(head, read);
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

  const askedIn = (text: string | undefined, { service, environment }: LaneNames): Revision | null => {
    const parsed = text === undefined ? null : parseDesired(desiredPath(environment, service), text, service);
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
    const nameAt = (at: string, l: LaneNames) => `${at}:${desiredPath(l.environment, l.service)}`;
    const names = touched.flatMap((l) => [nameAt(sha, l), ...(parent ? [nameAt(parent, l)] : [])]);
    const texts = await textsOf(repository, names);
    const sides = touched.map((l): [string, { base: Revision | null; head: Revision | null }] => [
      laneName(l.service, l.environment),
      {
        base: parent ? askedIn(texts.get(nameAt(parent, l)), l) : null,
        head: askedIn(texts.get(nameAt(sha, l)), l),
      },
    ]);
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
