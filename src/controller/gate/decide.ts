import type { Platform } from '../../declaration/platform.ts';
import { nextFlip } from '../../governance/calendar.ts';
import {
  answerOf,
  type Decision,
  decisionOf,
  type PolicyAnswer,
  reason,
  teamDenials,
} from '../../governance/decision.ts';
import { type Facts, MOST_FILES, MOST_LANES } from '../../governance/facts.ts';
import type { PolicyIdentity, PolicyPort } from '../../governance/port.ts';

const UNKNOWN: PolicyIdentity = { revision: 'unknown', digest: 'unknown' };

/** The denial of facts that the policy is not asked about, or cannot take. */
function tooManyLanes(facts: Partial<Facts>): string {
  const count = facts.pullRequest?.lanes ?? facts.changes?.length ?? 0;
  if (count > MOST_LANES) return `it changes ${count} lanes; at most ${MOST_LANES} are judged at once`;
  return facts.pullRequest?.lanes !== undefined
    ? `it changes ${count} files of the desired state; at most ${MOST_FILES} are judged at once`
    : `it changes ${count} lanes with ${facts.slos?.length ?? 0} budgets, and what is known of them is more than the policy holds at once`;
}

/** Evaluates the team's policy, then the gate; any facts are accepted, and incomplete ones are denied. */
export async function askPolicy(
  policy: PolicyPort,
  facts: object,
): Promise<{ answer: PolicyAnswer; identity: PolicyIdentity; asked: object }> {
  const identity = await policy.identity();
  const refuse = (code: string, message: string) => ({
    answer: { allow: false, deny: [reason(code, message)], warn: [], recorded: [], waiversUsed: [] },
    identity: identity.ok ? identity.value : UNKNOWN,
    asked: facts,
  });
  if (!identity.ok) return refuse(identity.error.code, identity.error.message);
  const tooMany = () => refuse('TOO_MANY_LANES', tooManyLanes(facts));
  if (((facts as Partial<Facts>).pullRequest?.lanes ?? 0) > MOST_FILES) return tooMany();
  const team = teamDenials(await policy.team(facts));
  if (!team.ok) {
    if (team.error.code === 'TOO_LARGE') return tooMany();
    const code = team.error.code === 'POLICY_UNDEFINED' ? 'TEAM_POLICY_UNDEFINED' : team.error.code;
    return refuse(code, team.error.message);
  }
  // A missing field is not filled in: the policy decides what that means.
  const given = (facts as { team?: unknown }).team;
  const asked = Array.isArray(given) ? { ...facts, team: [...given, ...team.value] } : facts;
  const answer = await policy.gate(asked);
  if (!answer.ok && answer.error.code === 'TOO_LARGE') return tooMany();
  return { answer: answerOf(answer), identity: identity.value, asked };
}

/** Until when a decision is valid: the declared time, or earlier if a change is known to come. */
export function validUntil(platform: Platform, facts: Facts, answer: PolicyAnswer): number {
  const now = facts.now;
  const used = facts.waivers.filter((w) => answer.waiversUsed.includes(w.id)).map((w) => w.expiresAt);
  const freezes = facts.freezes.flatMap((f) => (f.until === null ? [] : [f.until]));
  const flip = nextFlip(platform.freezes, now);
  const known = [...used, ...freezes, ...(flip === null ? [] : [flip])].filter((at) => at > now);
  return Math.min(now + platform.policy.validForMs, ...known);
}

export interface Decided {
  readonly decision: Decision;
  /** Exactly what the policy was asked: a replay asks it again. */
  readonly asked: object;
}

/** One decision over whole facts. */
export async function decideFacts(platform: Platform, policy: PolicyPort, facts: Facts): Promise<Decided> {
  const { answer, identity, asked } = await askPolicy(policy, facts);
  const until = validUntil(platform, facts, answer);
  return { decision: decisionOf(answer, asked, identity, facts.now, until), asked };
}
