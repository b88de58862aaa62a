import type { Platform } from '../declaration/platform.ts';
import type { Revision } from '../delivery/events.ts';
import type { ChangedFile } from '../gitops/forge.ts';
import type { Change, Relaxed } from './facts.ts';

/** The file of one lane on both sides of a pull request; null: nothing runs there. */
export interface LaneSides {
  readonly service: string;
  readonly environment: string;
  readonly base: Revision | null;
  readonly head: Revision | null;
  /** Digests that were stable in this lane, and none of which was condemned. */
  readonly good: readonly string[];
}

const artefact = ({ version, digest }: Revision) => ({ version, digest });

/** What a pull request does to a lane; null: nothing. What goes back to a digest that was stable is a revert. */
export function changeOf({ service, environment, base, head, good }: LaneSides): Change | null {
  const lane = { service, environment };
  const from = base ? artefact(base) : null;
  if (head === null) return base === null ? null : { ...lane, kind: 'removal', from };
  const to = artefact(head);
  if (base?.revision === head.revision) return null;
  if (base?.digest === head.digest) return { ...lane, kind: 'config', from, to };
  if (good.includes(head.digest)) return { ...lane, kind: 'revert', from, to };
  return { ...lane, kind: base === null ? 'first' : 'release', from, to };
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
