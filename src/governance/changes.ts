import type { Revision } from '../delivery/events.ts';
import { identityOf } from '../delivery/identity.ts';
import { kindOf, type LaneKnown, type LaneSides } from '../gitops/commits.ts';
import type { ChangedFile } from '../gitops/forge.ts';
import type { Change } from './facts.ts';

interface Sides extends LaneSides {
  readonly service: string;
  readonly environment: string;
}

const artefact = ({ version, digest }: Revision) => ({ version, digest });

/** What would run, with its identity: an allow despite a freeze is valid for exactly that, and nothing else of its digest. */
function target(head: Revision) {
  const identity = identityOf(head);
  return identity === null ? artefact(head) : { ...artefact(head), identity };
}

/** The effect of a pull request on a lane; null: none. */
export function changeOf({ service, environment, ...sides }: Sides, known: LaneKnown): Change | null {
  const kind = kindOf(sides, known);
  if (kind === null) return null;
  const from = sides.base ? artefact(sides.base) : null;
  const change = { service, environment, kind, from };
  return sides.head ? { ...change, to: target(sides.head) } : change;
}

/** Paths of the rules that judge a pull request: they are never read from the pull request itself. */
const RULES = /^(\.github\/|\.gitea\/|policy\/|action\.yml$)/;

export const rulesTouched = (files: readonly ChangedFile[], declaration: string | null): string[] =>
  [
    ...new Set(
      files
        .flatMap((f) => [f.path, ...(f.previous ? [f.previous] : [])])
        .filter((path) => RULES.test(path) || (declaration !== null && path.startsWith(`${declaration}/`))),
    ),
  ].sort();
