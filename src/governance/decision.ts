import { z } from 'zod';
import { canonicalText, fromCanonical } from '../kit/canonical.ts';
import { digestOf } from '../kit/digest.ts';
import { faultText } from '../kit/faults.ts';
import type { Result } from '../kit/result.ts';
import type { PolicyFailure, PolicyIdentity } from './port.ts';

/** One reason: its code, a sentence with the numbers, what they rest on, and the page about it. */
const reasonSchema = z.looseObject({
  code: z.string(),
  msg: z.string(),
  evidence: z.record(z.string(), z.unknown()),
  docs: z.string(),
});
export type PolicyReason = z.infer<typeof reasonSchema>;

const recordedSchema = reasonSchema.extend({ by: z.array(z.string()) });

const answerSchema = z.object({
  allow: z.boolean(),
  deny: z.array(reasonSchema),
  warn: z.array(reasonSchema),
  /** Denials that a waiver or label let through. */
  recorded: z.array(recordedSchema),
  waiversUsed: z.array(z.string()),
});
export type PolicyAnswer = z.infer<typeof answerSchema>;

export const decisionSchema = answerSchema.extend({
  schema: z.literal('sluice.dev/decision/v1'),
  id: z.string(),
  policy: z.object({ revision: z.string(), digest: z.string() }),
  inputDigest: z.string(),
  evaluatedAt: z.number(),
  validUntil: z.number(),
});
export type Decision = z.infer<typeof decisionSchema>;

const DOCS = 'docs/policy.md#';

/** A reason that Sluice adds because the policy could not answer. */
export const reason = (code: string, msg: string, evidence: Record<string, unknown> = {}): PolicyReason => ({
  code,
  msg,
  evidence,
  docs: DOCS + code.toLowerCase(),
});

const refused = (failure: PolicyFailure): PolicyAnswer => ({
  allow: false,
  deny: [reason(failure.code, failure.message)],
  warn: [],
  recorded: [],
  waiversUsed: [],
});

/** The answer of the engine. An undocumented or contradictory answer denies. */
export function answerOf(raw: Result<unknown, PolicyFailure>): PolicyAnswer {
  if (!raw.ok) return refused(raw.error);
  const parsed = answerSchema.safeParse(raw.value);
  if (!parsed.success)
    return refused({
      code: 'POLICY_UNDEFINED',
      message: `the policy gave no decision: ${parsed.error.issues[0]?.path.join('.') || 'answer'} is not as documented`,
    });
  // Engines give their keys in orders of their own: the same answer is the same text.
  const data = fromCanonical(canonicalText(parsed.data)) as PolicyAnswer;
  if (data.allow && data.deny.length > 0) return { ...data, allow: false };
  if (!data.allow && data.deny.length === 0)
    return { ...data, deny: [reason('POLICY_UNDEFINED', 'the policy denies and does not say why')] };
  return data;
}

const denials = z.array(z.looseObject({ code: z.string(), msg: z.string() }));

/** Denials of the team's policy as facts, or why they are not to be had. */
export function teamDenials(raw: Result<unknown, PolicyFailure>): Result<readonly object[], PolicyFailure> {
  if (!raw.ok) return raw;
  const list = denials.safeParse(raw.value);
  return list.success
    ? { ok: true, value: list.data }
    : {
        ok: false,
        error: {
          code: 'POLICY_UNDEFINED',
          message: `the team's policy is not a set of {code, msg}: ${faultText(list.error.issues, { schema: denials, value: raw.value })}`,
        },
      };
}

/** The decision document. The same facts under the same policy give the same document, id included. */
export function decisionOf(
  answer: PolicyAnswer,
  facts: object,
  policy: PolicyIdentity,
  evaluatedAt: number,
  validUntil: number,
): Decision {
  const inputDigest = digestOf(facts);
  const id = `d-${digestOf({ inputDigest, policy, answer }).slice(7, 23)}`;
  return {
    schema: 'sluice.dev/decision/v1',
    id,
    ...answer,
    policy,
    inputDigest,
    evaluatedAt,
    validUntil,
  };
}

/** Codes that mean that a dependency could not be reached: exit 3, and a retry soon. */
const UNREACHABLE = new Set([
  'SOURCE_UNAVAILABLE',
  'SOURCE_NONSENSE',
  'POLICY_UNREACHABLE',
  'FORGE_UNAVAILABLE',
]);
export const couldNotAsk = (decision: Pick<Decision, 'deny'>): boolean =>
  decision.deny.some((d) => UNREACHABLE.has(d.code));

/** Decisions with the same key need no second post: the outcome and its reasons. */
export const outcomeKey = (decision: Decision): string =>
  digestOf({
    allow: decision.allow,
    deny: decision.deny.map(({ code, service, environment, slo }) => ({ code, service, environment, slo })),
    recorded: decision.recorded.map(({ code, by }) => ({ code, by })),
  });
