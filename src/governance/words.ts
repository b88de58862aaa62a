import { COMMENT_MARK } from '../gitops/forge.ts';
import { humanSpan } from '../kit/time.ts';
import type { Decision, Reason } from './decision.ts';

/** What would let a denied pull request through, by code. */
export const UNBLOCK: Readonly<Record<string, string>> = {
  BUDGET_EXHAUSTED:
    'wait until the window has forgotten enough of it, label an emergency or security fix, or ask for a waiver',
  BUDGET_UNKNOWN: 'see that Prometheus records the budget: sluice doctor, or a waiver',
  BURNING: 'reduce the errors first: a revert passes, and so does a labelled emergency fix',
  BURN_UNKNOWN: 'see that Prometheus records the burn rate; without traffic there is none',
  SOURCE_UNAVAILABLE: 'bring Prometheus back; it is asked again by itself',
  SOURCE_NONSENSE: 'see what answers at the address of Prometheus',
  FROZEN: 'wait for its end, label an emergency or security fix, or ask for a waiver',
  REJECTED_DIGEST: 'build a fix: this artefact was condemned and stays refused',
  NOT_STABLE_BEFORE: 'promote it through the environment before this one first',
  TOO_MANY_FAILED: 'find out why the last releases failed; a waiver records who did',
  TOO_MANY_SERVICES: 'split the pull request',
  FILES_INCOMPLETE: 'split the pull request: a forge lists only so many files',
  DECLARATION_INVALID: 'mend the file at the line that is named',
  RELAXED_WHILE_SPENT: 'recover first, then change the setting; or ask for a waiver',
  POLICY_DIGEST: 'declare the digest of the bundle that was reviewed, or restore that bundle',
  POLICY_UNDEFINED: 'see the policy: it has to answer every question',
  POLICY_UNREACHABLE: 'bring the OPA server back; it is asked again by itself',
  TEAM_POLICY_UNDEFINED: "see the team's policy: package sluice.team has to define deny",
  FORGE_UNAVAILABLE: 'wait for the forge; it is asked again by itself',
  INPUT_MISSING: 'give the whole facts: policy/samples shows them',
  INPUT_INVALID: 'give the facts as policy/samples shows them',
  SLO_MISSING: 'declare an SLO for the service',
  LANE_MISSING: 'give the facts of its release history',
};

export const unblockOf = (reason: Reason): string =>
  UNBLOCK[reason.code] ?? 'as the reason says; or ask for a waiver';

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** One sentence that is true now. */
export function decisionSentence(decision: Decision): string {
  const { allow, deny, recorded, warn } = decision;
  if (!allow) {
    const [first] = deny;
    const more = deny.length > 1 ? `, and ${plural(deny.length - 1, 'more reason')}` : '';
    return `Denied: ${first?.msg ?? 'no reason was given'}${more}.`;
  }
  const passed = recorded.filter((r) => r.code !== 'REVERT');
  if (passed.length > 0)
    return `Allowed on record: ${passed.map((r) => `${r.code} let through by ${r.by.join(', ')}`).join('; ')}.`;
  if (recorded.length > 0) return `Allowed: ${recorded.map((r) => r.msg).join('; ')}.`;
  return warn.length > 0
    ? `Allowed, with ${plural(warn.length, 'remark')}: ${warn[0]!.msg}.`
    : 'Allowed: nothing speaks against it.';
}

const MAX_TITLE = 140;
export const shorten = (text: string, limit = MAX_TITLE): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;

/** Text of others inside a table: no cell ends early, nothing is a link or markup. */
const cell = (text: string): string =>
  text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\|<>`*_[\]]/g, (c) => `\\${c}`)
    // Nobody is called by name.
    .replaceAll('@', '&#64;')
    .trim();

const table = (head: string, rows: readonly string[]): string[] =>
  rows.length > 0 ? ['', head, '|---|---|---|', ...rows, ''] : [];

/** The check's summary and the comment: the decision as Markdown, found again by its mark. */
export function decisionMarkdown(decision: Decision, now: number, console: string | null): string {
  const again =
    decision.validUntil > now ? `at the latest in ${humanSpan(decision.validUntil - now)}` : 'at once';
  return [
    COMMENT_MARK,
    `**${cell(decisionSentence(decision))}**`,
    ...table(
      '| denied | why | what would unblock it |',
      decision.deny.map((d) => `| \`${d.code}\` | ${cell(d.msg)} | ${cell(unblockOf(d))} |`),
    ),
    ...table(
      '| on record | what | let through by |',
      decision.recorded.map((r) => `| \`${r.code}\` | ${cell(r.msg)} | ${cell(r.by.join(', '))} |`),
    ),
    ...decision.warn.map((w) => `- ${w.code}: ${cell(w.msg)}`),
    '',
    `Decision \`${decision.id}\` under policy \`${decision.policy.revision}\`. It is looked at again whenever a budget, burn rate, freeze or waiver flips, ${again}.`,
    ...(console ? [`[Everything it rests on](${console})`] : []),
  ].join('\n');
}
