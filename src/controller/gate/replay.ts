import { answerOf, type Decision, type PolicyAnswer } from '../../governance/decision.ts';
import { decisionSentence, unblockOf } from '../../governance/decision-text.ts';
import { type GovernanceData, governanceEvents } from '../../governance/events.ts';
import type { Facts } from '../../governance/facts.ts';
import type { PolicyPort } from '../../governance/port.ts';
import { canonicalText } from '../../kit/canonical.ts';
import { digestOf } from '../../kit/digest.ts';
import type { LedgerRecord } from '../../ledger/record.ts';

export type DecidedRecord = LedgerRecord & { readonly data: GovernanceData<'gate.decided'> };

/** The record of a decision, by its id; the latest where the same was decided twice. */
export function findDecision(records: readonly LedgerRecord[], id: string): DecidedRecord | undefined {
  const found = records.findLast(
    (r) => r.type === 'gate.decided' && (r.data as { decision: Decision }).decision.id === id,
  );
  return found ? { ...found, data: governanceEvents['gate.decided'].parse(found.data) } : undefined;
}

export interface ReplayedDecision {
  readonly schema: 'sluice.dev/decision-replay/v1';
  readonly decision: string;
  /** The recorded facts still have the digest that the decision names. */
  readonly inputSame: boolean;
  readonly policySame: boolean;
  readonly same: boolean;
  readonly was: { readonly allow: boolean; readonly deny: readonly string[] };
  readonly now: { readonly allow: boolean; readonly deny: readonly string[] };
  readonly differences: readonly string[];
}

const FIELDS = ['allow', 'deny', 'warn', 'recorded', 'waiversUsed'] as const satisfies (keyof PolicyAnswer)[];

/** Recomputes a decision from its recorded facts, by the policy that is handed in. */
export async function replayDecision(record: DecidedRecord, policy: PolicyPort): Promise<ReplayedDecision> {
  const { decision, facts } = record.data;
  const identity = await policy.identity();
  const policySame = identity.ok && identity.value.digest === decision.policy.digest;
  const inputSame = digestOf(facts) === decision.inputDigest;
  const answer = answerOf(await policy.gate(facts as object));
  const differences = FIELDS.filter(
    (field) => canonicalText(answer[field]) !== canonicalText(decision[field]),
  );
  const brief = (a: PolicyAnswer) => ({ allow: a.allow, deny: a.deny.map((d) => d.code) });
  return {
    schema: 'sluice.dev/decision-replay/v1',
    decision: decision.id,
    inputSame,
    policySame,
    same: inputSame && differences.length === 0,
    was: brief(decision),
    now: brief(answer),
    differences,
  };
}

const percent = (share: number | null): string =>
  share === null ? 'no data' : `${(100 * share).toFixed(2)}%`;
const times = (burn: number | null): string => (burn === null ? 'no data' : `${burn.toFixed(2)}x`);
const moment = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** Why a pull request was allowed or denied, in plain words with the numbers; one paragraph a line. */
export function explainDecision(record: DecidedRecord): string[] {
  const { decision, engine, forge, trigger } = record.data;
  const facts = record.data.facts as Facts;
  const pull = facts.pullRequest;
  const lines = [
    `Decision ${decision.id} on pull request #${pull.number} (${forge}): ${pull.title}, by ${pull.author}, ${pull.headSha.slice(0, 10)} into ${pull.base}.`,
    decisionSentence(decision),
    `Evaluated ${moment(decision.evaluatedAt)} UTC by ${record.actor.id} (${trigger}); it was valid until ${moment(decision.validUntil)} UTC.`,
  ];
  for (const c of facts.changes)
    lines.push(
      `Changes ${c.service} in ${c.environment}: ${c.kind}, ${c.from?.version ?? 'nothing'} → ${c.to?.version ?? 'nothing'}.`,
    );
  for (const d of decision.deny) lines.push(`Denied, ${d.code}: ${d.msg}. To unblock: ${unblockOf(d)}.`);
  for (const r of decision.recorded)
    lines.push(`On record, ${r.code}: ${r.msg}; allowed by ${r.by.join(', ')}.`);
  for (const w of decision.warn) lines.push(`Remark, ${w.code}: ${w.msg}.`);
  for (const s of facts.slos)
    lines.push(
      `${s.slo} in ${s.environment} (objective ${Number((100 * s.objective).toPrecision(8))}%): ${percent(s.left)} remaining, ${Math.round(s.bad ?? 0)} bad of ${Math.round(s.requests ?? 0)}; burn ${times(s.fast)} and ${times(s.slow)}, thresholds ${s.thresholds.fast} and ${s.thresholds.slow ?? 'none'}${s.error ? `; ${s.error.code}: ${s.error.message}` : ''}.`,
      `  asked at ${moment(s.at)} UTC: ${s.query}`,
    );
  for (const f of facts.freezes) lines.push(`Freeze ${f.id} (${f.kind}) by ${f.by}: ${f.reason}.`);
  for (const w of facts.waivers)
    lines.push(
      `Waiver ${w.id} by ${w.by}${w.approvedBy ? `, approved by ${w.approvedBy}` : ''}: ${w.reason}; until ${moment(w.expiresAt)} UTC.`,
    );
  lines.push(
    `Policy ${decision.policy.revision} (${decision.policy.digest.slice(0, 19)}…), engine ${engine}; facts ${decision.inputDigest.slice(0, 19)}…; record #${record.seq}.`,
  );
  return lines;
}
