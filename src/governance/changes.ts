import type { Platform } from '../declaration/platform.ts';
import type { Revision } from '../delivery/events.ts';
import { kindOf, type LaneSides } from '../gitops/commits.ts';
import type { ChangedFile } from '../gitops/forge.ts';
import type { Change, Relaxed } from './facts.ts';

interface Sides extends LaneSides {
  readonly service: string;
  readonly environment: string;
}

const artefact = ({ version, digest }: Revision) => ({ version, digest });

/** What a pull request does to a lane; null: nothing. */
export function changeOf({ service, environment, ...sides }: Sides): Change | null {
  const kind = kindOf(sides);
  if (kind === null) return null;
  const from = sides.base ? artefact(sides.base) : null;
  const change = { service, environment, kind, from };
  return sides.head ? { ...change, to: artefact(sides.head) } : change;
}

/** Paths of what a pull request is judged by: never taken from the pull request itself. */
const RULES = /^(\.github\/|\.gitea\/|policy\/|action\.yml$)/;

export const rulesTouched = (files: readonly ChangedFile[], declaration: string | null): string[] =>
  [
    ...new Set(
      files
        .flatMap((f) => [f.path, ...(f.previous ? [f.previous] : [])])
        .filter((path) => RULES.test(path) || (declaration !== null && path.startsWith(`${declaration}/`))),
    ),
  ].sort();

const percent = (share: number): string => `${Number((100 * share).toPrecision(8))} %`;

/** Objectives that are lower than before, budgets that refuse less, and SLOs that would be gone. */
export function relaxedIn(before: Platform, after: Platform): Relaxed[] {
  return before.environments.flatMap((environment) =>
    before.slos.flatMap((slo): Relaxed[] => {
      const next = after.slos.find((s) => s.name === slo.name);
      const at = { slo: slo.name, environment: environment.name };
      const holds = after.environments.find((e) => e.name === environment.name)?.budgetHolds ?? true;
      if (environment.budgetHolds && !holds)
        return [{ ...at, what: 'its budget would hold nothing any more', from: 1, to: 0 }];
      if (!next) return [{ ...at, what: 'it would be removed', from: slo.objective, to: 0 }];
      if (next.objective < slo.objective)
        return [
          {
            ...at,
            what: `objective ${percent(slo.objective)} to ${percent(next.objective)}`,
            from: slo.objective,
            to: next.objective,
          },
        ];
      return after.policy.block < before.policy.block
        ? [
            {
              ...at,
              what: `merges are refused at ${percent(after.policy.block)} of its budget in place of ${percent(before.policy.block)}`,
              from: before.policy.block,
              to: after.policy.block,
            },
          ]
        : [];
    }),
  );
}
