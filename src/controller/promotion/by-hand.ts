import { type Pipeline, plansOf } from '../../gitops/promotion.ts';
import { fail, ok, type Result } from '../../kit/result.ts';
import type { ProposalPlan } from './planner.ts';

/** The result of a request to promote: a proposal to make, or the number of an open one. */
type Promotable = { readonly plan: ProposalPlan } | { readonly open: number };

/** What each environment before is doing, where nothing is to be promoted. */
const waitsFor = ({ stands }: Pipeline, after: readonly string[]): string =>
  after
    .flatMap((name) => stands.find((s) => s.environment === name) ?? [])
    .map(({ environment, state, stable, desired }) => {
      const asks = desired && desired.digest !== stable?.digest ? `, and asks for ${desired.version}` : '';
      return `${environment} is ${state} on ${stable?.version ?? 'nothing'}${asks}`;
    })
    .join('; ');

/** What a person may promote: soaking and an earlier decline do not hold it, order and rejections do. */
export function promotable(pipeline: Pipeline, environment: string): Result<Promotable, string> {
  const to = pipeline.stands.find((s) => s.environment === environment);
  if (!to) {
    const known = pipeline.stands.map((s) => s.environment).join(', ');
    return fail(`${pipeline.service} does not run in "${environment}"; it runs in ${known}`);
  }
  if (to.after.length === 0) return fail(`nothing precedes ${environment}: commit to it directly`);
  const stands = pipeline.stands.map((s) => ({ ...s, soakMs: 0 }));
  const plan = plansOf({ ...pipeline, declined: new Set(), stands }).find(
    (p) => p.kind === 'promotion' && p.environment === environment,
  );
  if (plan?.kind === 'promotion') return ok({ plan });
  const open = pipeline.open.find((p) => p.kind === 'promotion' && p.environment === environment);
  if (open) return ok({ open: open.number });
  return fail(`there is nothing to promote to ${environment}: ${waitsFor(pipeline, to.after)}`);
}
