import { laneName } from '../../../delivery/events.ts';
import type { Problem } from '../../../kit/problem.ts';
import { desiredPath, parseDesired } from '../../desired.ts';
import type { DesiredPort, DesiredState } from '../../port.ts';
import { git } from './program.ts';

interface LaneNames {
  readonly service: string;
  readonly environment: string;
}

/** Reads one folder an environment at the head of a branch; read again only when the head moved. */
export function gitDesired(repository: string, branch: string, lanes: readonly LaneNames[]): DesiredPort {
  let last: DesiredState | null = null;
  const readAt = async (commit: string): Promise<DesiredState> => {
    const listed = new Set((await git(repository, ['ls-tree', '-r', '--name-only', commit])).split('\n'));
    const state = new Map();
    const problems: Problem[] = [];
    for (const { service, environment } of lanes) {
      const path = desiredPath(environment, service);
      if (!listed.has(path)) continue;
      const parsed = parseDesired(path, await git(repository, ['show', `${commit}:${path}`]), service);
      if (parsed.ok) state.set(laneName(service, environment), parsed.value);
      else problems.push(...parsed.error);
    }
    return { commit, lanes: state, problems };
  };
  return {
    async read() {
      try {
        const commit = (await git(repository, ['rev-parse', `refs/heads/${branch}`])).trim();
        if (last?.commit !== commit) last = await readAt(commit);
        return last;
      } catch {
        return null;
      }
    },
  };
}
