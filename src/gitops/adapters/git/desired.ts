import type { DesiredRepository, DesiredState } from '../../port.ts';
import { type GitState, type LaneNames, readBranch } from './branches.ts';
import { commitsBetween } from './log.ts';

interface Told {
  readonly of: readonly object[];
  readonly state: DesiredState;
}

async function stateOf(
  state: GitState,
  branches: readonly string[],
  before: Told | null,
): Promise<Told | null> {
  const found = await Promise.all(
    branches.map(async (branch) => [branch, await readBranch(state, branch)] as const),
  );
  const there = found.flatMap(([branch, read]) => (read ? [[branch, read] as const] : []));
  if (there.length === 0) return null;
  const of = there.map(([, read]) => read);
  // If no branch moved, it is the same value, so that comparing is cheap.
  if (before?.of.length === of.length && of.every((read, i) => read === before.of[i])) return before;
  const commit =
    branches.length === 1 ? there[0]![1].head : there.map(([branch, s]) => `${branch}@${s.head}`).join(' ');
  const asked: DesiredState = {
    commit,
    lanes: new Map(there.flatMap(([, s]) => [...s.lanes])),
    problems: there.flatMap(([, s]) => s.problems),
    heads: new Map(there.map(([branch, s]) => [branch, s.head])),
  };
  return { of, state: asked };
}

/** Reads one folder an environment at the head of its branch; read again only when the head moved. */
export function gitDesired(
  repository: string,
  lanes: readonly LaneNames[],
  sync: { before?(): Promise<void>; hint?(): void } = {},
): DesiredRepository {
  const branches = [...new Set(lanes.map((l) => l.branch))];
  const state: GitState = { repository, lanes, last: new Map() };
  let told: Told | null = null;
  return {
    hint: () => sync.hint?.(),
    async read(): Promise<DesiredState | null> {
      try {
        await sync.before?.();
        const read = await stateOf(state, branches, told);
        told = read ?? told;
        return read?.state ?? null;
      } catch {
        return null;
      }
    },
    since: (branch, before, after) => commitsBetween(state, branch, before, after).catch(() => null),
  };
}
