import { COMMENT_MARK } from '../gitops/forge.ts';
import { counted } from '../kit/counted.ts';
import { inMarkdown } from '../kit/markdown.ts';
import { humanSpan } from '../kit/time.ts';
import type { Decision, PolicyReason } from './decision.ts';

/** What would let a denied pull request through, by code. */
export const UNBLOCK: Readonly<Record<string, string>> = {
  BUDGET_EXHAUSTED:
    'wait until enough of the bad requests have left the window, label an emergency or security fix, or ask for a waiver',
  BUDGET_UNKNOWN: 'make sure that Prometheus records the budget (sluice doctor), or ask for a waiver',
  BURNING: 'reduce the errors first: a revert passes, and so does a labelled emergency fix',
  BURN_UNKNOWN: 'make sure that Prometheus records the burn rate; without traffic there is none',
  SOURCE_UNAVAILABLE: 'bring Prometheus back; the check is repeated automatically',
  SOURCE_NONSENSE: 'check which program answers at the address of Prometheus',
  FROZEN: 'wait for its end, label an emergency or security fix, or ask for a waiver',
  REJECTED_DIGEST: 'build a fix under a new digest: this digest was rejected and stays refused',
  NOT_STABLE_BEFORE: 'promote it through the environment before this one first',
  TOO_MANY_FAILED: 'find out why the last releases failed; then ask for a waiver, which records the reason',
  TOO_MANY_SERVICES: 'split the pull request',
  TOO_MANY_LANES: 'split the pull request: some of its lanes first, the others after',
  FILES_INCOMPLETE: 'split the pull request: a forge lists only so many files',
  DECLARATION_INVALID: 'fix the file at the line given',
  RELAXED_WHILE_SPENT: 'recover first, then change the setting; or ask for a waiver',
  POLICY_DIGEST: 'declare the digest of the bundle that was reviewed, or restore that bundle',
  POLICY_UNDEFINED: 'check the policy: it must define every decision',
  POLICY_UNREACHABLE: 'bring the OPA server back; the check is repeated automatically',
  TEAM_POLICY_UNDEFINED: "check the team's policy: package sluice.team must define deny",
  FORGE_UNAVAILABLE: 'wait for the forge; the check is repeated automatically',
  INPUT_MISSING: 'give the complete facts: see policy/samples',
  INPUT_INVALID: 'give the facts in the form of policy/samples',
  SLO_MISSING: 'declare an SLO for the service',
  LANE_MISSING: 'add its release history to the facts',
};

export const unblockOf = (reason: PolicyReason): string =>
  UNBLOCK[reason.code] ?? 'follow the reason given, or ask for a waiver';

/** The decision in one sentence. */
export function decisionSentence(decision: Decision): string {
  const { allow, deny, recorded, warn } = decision;
  if (!allow) {
    const [first] = deny;
    const more = deny.length > 1 ? `, and ${counted(deny.length - 1, 'more reason')}` : '';
    return `Denied: ${first?.msg ?? 'no reason was given'}${more}.`;
  }
  const passed = recorded.filter((r) => r.code !== 'REVERT');
  if (passed.length > 0)
    return `Allowed on record: ${passed.map((r) => `${r.code} overridden by ${r.by.join(', ')}`).join('; ')}.`;
  if (recorded.length > 0) return `Allowed: ${recorded.map((r) => r.msg).join('; ')}.`;
  return warn.length > 0
    ? `Allowed, with ${counted(warn.length, 'remark')}: ${warn[0]!.msg}.`
    : 'Allowed: all checks passed.';
}

const MAX_TITLE = 140;
export const shorten = (text: string, limit = MAX_TITLE): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;

const table = (head: string, rows: readonly string[]): string[] =>
  rows.length > 0 ? ['', head, '|---|---|---|', ...rows, ''] : [];

/** The check's summary and the comment: the decision as Markdown, found again by its mark. */
export function decisionMarkdown(decision: Decision, now: number, console: string | null): string {
  const again =
    decision.validUntil > now
      ? `and at the latest in ${humanSpan(decision.validUntil - now)}`
      : 'immediately';
  return [
    COMMENT_MARK,
    `**${inMarkdown(decisionSentence(decision))}**`,
    ...table(
      '| denied | why | what to do |',
      decision.deny.map((d) => `| \`${d.code}\` | ${inMarkdown(d.msg)} | ${inMarkdown(unblockOf(d))} |`),
    ),
    ...table(
      '| on record | what | allowed by |',
      decision.recorded.map(
        (r) => `| \`${r.code}\` | ${inMarkdown(r.msg)} | ${inMarkdown(r.by.join(', '))} |`,
      ),
    ),
    ...decision.warn.map((w) => `- ${inMarkdown(w.code)}: ${inMarkdown(w.msg)}`),
    '',
    `Decision \`${decision.id}\` under policy \`${decision.policy.revision}\`. It is re-evaluated automatically when a budget, burn rate, freeze or waiver changes, ${again}.`,
    ...(console ? [`[All inputs of this decision](${console})`] : []),
  ].join('\n');
}
