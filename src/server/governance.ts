import type { AuditQuery } from '../api/audit.ts';
import {
  type AuditAnswer,
  byPullNeed,
  type FreezeList,
  freezesSentence,
  freezeViews,
  type PullDetail,
  type PullList,
  pullsSentence,
  pullViewOf,
  type WaiverView,
  waiverViews,
} from '../api/governance.ts';
import type { Gate } from '../controller/gate/gate.ts';
import { type OpenKept, policyOfDigest } from '../controller/gate/kept-policy.ts';
import {
  type DecidedRecord,
  explainDecision,
  findDecision,
  type ReplayedDecision,
  replayDecision,
} from '../controller/gate/replay.ts';
import type { FreezesAndWaivers } from '../controller/governance/governance.ts';
import type { Platform } from '../declaration/platform.ts';
import { freezesBetween } from '../governance/calendar.ts';
import type { Decision } from '../governance/decision.ts';
import { decisionSentence } from '../governance/decision-text.ts';
import type { FreezeFacts } from '../governance/facts.ts';
import type { History } from '../ledger/history.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { storedRecord } from '../ledger/stored.ts';
import { searchAudit } from './audit.ts';

/** Questions about pull requests, freezes, waivers and the past, each answered by a view model of `api/`. */
export interface GovernanceQueries {
  pulls(): PullList;
  pull(number: number): Promise<PullDetail | undefined>;
  freezes(): FreezeList;
  waivers(): { schema: 'sluice.dev/waivers/v1'; at: number; waivers: WaiverView[] };
  audit(query: AuditQuery, before: number | undefined, limit: number): Promise<AuditAnswer>;
  explain(decision: string): Promise<string[] | undefined>;
  replay(decision: string): Promise<ReplayedDecision | { readonly missing: 'decision' | 'policy' }>;
}

interface GovernanceQueryParts {
  readonly platform: Platform;
  readonly ledger: LedgerPort;
  readonly governance: FreezesAndWaivers;
  /** Null: no forge is declared. */
  readonly gate: Gate | null;
  readonly openKept: OpenKept;
  now(): number;
}

/** Decisions hold all their facts: so many are read at once. */
const AT_ONCE = 100;

/** A decision by its name, sought from the newest on. */
async function decisionOf(history: History, id: string): Promise<DecidedRecord | undefined> {
  for (let before: number | undefined; ; ) {
    const texts = await history.page({ type: 'gate.decided', before, limit: AT_ONCE });
    const records = texts.map((text) => storedRecord(text, 'the ledger'));
    const found = findDecision(records, id);
    if (found || records.length < AT_ONCE) return found;
    before = records.at(-1)!.seq;
  }
}

const SHOWN_MS = 14 * 86_400_000;

/** Declared freezes that begin within two weeks. */
const comingFreezes = (platform: Platform, now: number): FreezeFacts[] =>
  freezesBetween(platform.freezes, now, now + SHOWN_MS).filter((f) => f.since > now);

function pullsOf({ gate, now }: GovernanceQueryParts): PullList {
  const pulls = (gate?.pulls() ?? []).map(pullViewOf).sort(byPullNeed);
  const forge = gate?.forge.kind ?? null;
  return { schema: 'sluice.dev/pulls/v1', sentence: pullsSentence(pulls, forge), at: now(), forge, pulls };
}

/** One decision on a pull request, as its history tells it. */
function decisionIn({ seq, at, actor, data }: LedgerRecord): PullDetail['history'][number] {
  const { decision, trigger } = data as { decision: Decision; trigger: string };
  return {
    seq,
    at,
    decision: decision.id,
    allow: decision.allow,
    sentence: decisionSentence(decision),
    trigger,
    actor: actor.id,
  };
}

async function pullOf(
  { gate, ledger }: GovernanceQueryParts,
  number: number,
): Promise<PullDetail | undefined> {
  const found = gate?.pulls().find((p) => p.pull.number === number);
  if (!found) return undefined;
  const records = await ledger.read({ subject: `pull/${number}`, type: 'gate.decided' });
  return {
    schema: 'sluice.dev/pull/v1',
    pull: pullViewOf(found),
    history: records.map(decisionIn).reverse(),
    slos: (found.facts?.slos ?? []).map((s) => ({ ...s })),
  };
}

function freezesOf({ platform, governance, now }: GovernanceQueryParts): FreezeList {
  const at = now();
  const coming = comingFreezes(platform, at);
  const freezes = freezeViews(governance.freezes(at), coming, governance.state(), at);
  return { schema: 'sluice.dev/freezes/v1', sentence: freezesSentence(freezes, at), at, freezes };
}

async function replayOf(
  { ledger, openKept }: GovernanceQueryParts,
  id: string,
): ReturnType<GovernanceQueries['replay']> {
  const record = await decisionOf(ledger.history, id);
  if (!record) return { missing: 'decision' };
  const kept = await ledger.read({ type: 'policy.kept' });
  const policy = policyOfDigest(kept, record.data.decision.policy.digest, openKept);
  return policy ? replayDecision(record, policy) : { missing: 'policy' };
}

export function createGovernanceQueries(parts: GovernanceQueryParts): GovernanceQueries {
  const { ledger, governance, now } = parts;
  return {
    pulls: () => pullsOf(parts),
    pull: (number) => pullOf(parts, number),
    freezes: () => freezesOf(parts),
    waivers: () => ({
      schema: 'sluice.dev/waivers/v1',
      at: now(),
      waivers: waiverViews(governance.state(), now()),
    }),
    audit: (query, before, limit) => searchAudit(ledger.history, query, before, limit),
    async explain(id) {
      const record = await decisionOf(ledger.history, id);
      return record && explainDecision(record);
    },
    replay: (id) => replayOf(parts, id),
  };
}
