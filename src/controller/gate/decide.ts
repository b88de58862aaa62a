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
import type { Facts } from '../../governance/facts.ts';
import type { PolicyIdentity, PolicyPort } from '../../governance/port.ts';

const UNKNOWN: PolicyIdentity = { revision: 'unknown', digest: 'unknown' };

/** Asks the team's policy and then the gate; facts may be anything, and what is not whole is denied. */
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
  const team = teamDenials(await policy.team(facts));
  if (!team.ok) {
    const code = team.error.code === 'POLICY_UNDEFINED' ? 'TEAM_POLICY_UNDEFINED' : team.error.code;
    return refuse(code, team.error.message);
  }
  // Facts without the field are not mended: that it is missing is for the policy to say.
  const given = (facts as { team?: unknown }).team;
  const asked = Array.isArray(given) ? { ...facts, team: [...given, ...team.value] } : facts;
  return { answer: answerOf(await policy.gate(asked)), identity: identity.value, asked };
}

/** Until when a decision stands: the declared time, or sooner where something is known to change. */
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
