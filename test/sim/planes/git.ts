import type { Revision } from '../../../src/delivery/events.ts';
import type { Commit, LaneSides } from '../../../src/gitops/commits.ts';
import { desiredPath, parseDesired } from '../../../src/gitops/desired.ts';
import type { Commits, DesiredState } from '../../../src/gitops/port.ts';

export type Tree = ReadonlyMap<string, string>;
export interface SimCommit {
  readonly sha: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly at: number;
  readonly subject: string;
  readonly tree: Tree;
}

export interface LaneNamed {
  readonly service: string;
  readonly environment: string;
}

/** A repository in memory: commits, branches, merges by file. */
export function createGit(
  now: () => number,
  lanes: readonly LaneNamed[],
  /** Called once for every revision that any file ever asks for. */
  onRevision: (revision: Revision) => void,
) {
  const commits = new Map<string, SimCommit>();
  const branches = new Map<string, string>();
  /** The parsed content of each text of a lane's file; the same text is not parsed twice. */
  const parsed = new Map<string, Map<string, ReturnType<typeof parseDesired>>>();
  const asked = new Map<string, DesiredState>();

  const treeOf = (ref: string): Tree | null => commits.get(branches.get(ref) ?? ref)?.tree ?? null;
  const read = (path: string, text: string, service: string) => {
    const mine = parsed.get(path) ?? new Map<string, ReturnType<typeof parseDesired>>();
    parsed.set(path, mine);
    const known = mine.get(text);
    if (known) return known;
    const said = parseDesired(path, text, service);
    mine.set(text, said);
    if (said.ok) onRevision(said.value);
    return said;
  };

  function commit(
    branch: string,
    parents: readonly string[],
    tree: Tree,
    author: string,
    subject: string,
  ): string {
    const sha = (commits.size + 1).toString(16).padStart(40, '0');
    commits.set(sha, { sha, parents, author, at: now(), subject, tree });
    branches.set(branch, sha);
    return sha;
  }

  const ancestors = (sha: string): Set<string> => {
    const found = new Set<string>();
    const next = [sha];
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      if (found.has(at)) continue;
      found.add(at);
      next.push(...(commits.get(at)?.parents ?? []));
    }
    return found;
  };
  /** The newest commit that both have: commits are numbered as they are made. */
  const mergeBase = (a: string, b: string): string | null => {
    const [mine, theirs] = [ancestors(a), ancestors(b)];
    return (
      [...mine]
        .filter((sha) => theirs.has(sha))
        .sort()
        .at(-1) ?? null
    );
  };
  const changed = (from: Tree, to: Tree): string[] =>
    [...new Set([...from.keys(), ...to.keys()])].filter((path) => from.get(path) !== to.get(path)).sort();

  /** The tree of both together; null: they conflict. */
  function joined(base: string, head: string): Tree | null {
    const common = mergeBase(base, head);
    if (!common) return null;
    const [mine, theirs, were] = [treeOf(base)!, treeOf(head)!, treeOf(common)!];
    const tree = new Map(mine);
    for (const path of changed(were, theirs)) {
      const [m, t] = [mine.get(path), theirs.get(path)];
      if (m !== were.get(path) && m !== t) return null;
      if (t === undefined) tree.delete(path);
      else tree.set(path, t);
    }
    return tree;
  }

  function sidesOf({ parents, tree }: SimCommit): ReadonlyMap<string, LaneSides> {
    const parent = parents[0];
    const were: Tree = (parent ? treeOf(parent) : null) ?? new Map();
    const sides = new Map<string, LaneSides>();
    for (const { service, environment } of lanes) {
      const path = desiredPath(environment, service);
      const [from, to] = [were.get(path), tree.get(path)];
      if (from === to) continue;
      const asked = (text: string | undefined) => {
        const said = text === undefined ? null : read(path, text, service);
        return said?.ok ? said.value : null;
      };
      sides.set(`${service}/${environment}`, { base: asked(from), head: asked(to) });
    }
    return sides;
  }

  function desiredAt(branch: string, head: string): DesiredState {
    const tree = treeOf(head)!;
    const found = lanes.flatMap(({ service, environment }) => {
      const path = desiredPath(environment, service);
      const text = tree.get(path);
      return text === undefined
        ? []
        : [{ lane: `${service}/${environment}`, said: read(path, text, service) }];
    });
    return {
      commit: head,
      lanes: new Map(found.flatMap(({ lane, said }) => (said.ok ? [[lane, said.value] as const] : []))),
      problems: found.flatMap(({ said }) => (said.ok ? [] : said.error)),
      heads: new Map([[branch, head]]),
    };
  }

  return {
    commits,
    branches,
    read,
    treeOf,
    changed,
    mergeBase,
    joined,
    head: (branch: string): string | null => branches.get(branch) ?? null,
    /** Some files of a branch written anew, on top of another commit; null takes a file away. */
    write(
      branch: string,
      onto: string | null,
      files: Readonly<Record<string, string | null>>,
      author: string,
      subject: string,
    ): string {
      const tree = new Map(onto === null ? [] : treeOf(onto)!);
      for (const [path, text] of Object.entries(files))
        if (text === null) tree.delete(path);
        else tree.set(path, text);
      return commit(branch, onto === null ? [] : [branches.get(onto) ?? onto], tree, author, subject);
    },
    merge: (base: string, head: string, tree: Tree, author: string, subject: string): string =>
      commit(base, [branches.get(base) ?? branches.get('main')!, head], tree, author, subject),
    desired(branch: string): DesiredState {
      const head = branches.get(branch)!;
      const known = asked.get(head);
      if (known) return known;
      const state = desiredAt(branch, head);
      asked.set(head, state);
      return state;
    },
    since(branch: string, from: string, to: string): Commits {
      const old = ancestors(from);
      const news = [...ancestors(to)].filter((sha) => !old.has(sha)).sort();
      const direct = new Set<string>();
      for (
        let at: string | undefined = to;
        at !== undefined && !old.has(at);
        at = commits.get(at)?.parents[0]
      )
        direct.add(at);
      const told = news.map((sha): Commit => {
        const one = commits.get(sha)!;
        const { author, at, subject } = one;
        return {
          sha,
          branch,
          author,
          at,
          subject,
          merge: one.parents.length > 1,
          onto: direct.has(sha),
          sides: sidesOf(one),
        };
      });
      return { commits: told, rewritten: !ancestors(to).has(from) };
    },
  };
}
export type SimGit = ReturnType<typeof createGit>;
