import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type KeptLedger, readJson, recordsOf, write, writeJson } from './files.ts';
import type { Json, LedgerRecord } from './folds.ts';

/** How many decisions are kept of a version, each as a file of its own. */
const DECISIONS = 20;

interface Coded {
  readonly code: string;
}

export interface DecisionData {
  readonly decision: {
    readonly id: string;
    readonly allow: boolean;
    readonly deny: readonly Coded[];
    readonly warn: readonly Coded[];
    readonly recorded: readonly Coded[];
    readonly waiversUsed: readonly string[];
    readonly policy: { readonly revision: string; readonly digest: string };
  };
  readonly facts: Json;
}

/** A decision as its ledger has it: a whole record, with the facts it rests on. */
export interface KeptDecision {
  readonly ledger: string;
  readonly record: LedgerRecord;
}

const dataOf = (record: LedgerRecord) => record.data as DecisionData;

/** What sort of decision it is: one of each is kept before there are two of any. */
const sortOf = ({ decision, facts }: DecisionData): string => {
  const codes = (list: readonly Coded[]) => [...new Set(list.map((r) => r.code))].sort().join(' ');
  const changes = ((facts as { changes?: readonly { kind: string }[] }).changes ?? []).map((c) => c.kind);
  return [
    decision.allow,
    codes(decision.deny),
    codes(decision.recorded),
    codes(decision.warn),
    decision.waiversUsed.length > 0,
    [...new Set(changes)].sort().join(' '),
  ].join('; ');
};

/** Decisions of as many sorts as there are. */
export function chosen(all: readonly KeptDecision[]): KeptDecision[] {
  const byId = [...new Map(all.map((d) => [`${d.ledger} ${dataOf(d.record).decision.id}`, d])).values()];
  const seen = new Map<string, number>();
  const ranked = byId.map((d) => {
    const sort = sortOf(dataOf(d.record));
    const before = seen.get(sort) ?? 0;
    seen.set(sort, before + 1);
    return { d, before };
  });
  return ranked
    .sort((a, b) => a.before - b.before)
    .slice(0, DECISIONS)
    .map(({ d }) => d);
}

const hex = (digest: string): string => digest.replace(/^sha256:/, '');
export const policyFile = (version: string, digest: string): string =>
  join(version, 'policies', `${hex(digest)}.wasm.gz`);

/** Keeps decisions of a version's ledgers, and each policy that decided them once, by its digest. */
export function keepDecisions(version: string, ledgers: readonly KeptLedger[]): void {
  const records = ledgers.flatMap((kept) =>
    recordsOf(kept).map((record) => ({ ledger: basename(kept.folder), record })),
  );
  for (const one of chosen(records.filter(({ record }) => record.type === 'gate.decided')))
    writeJson(join(version, 'decisions', `${one.ledger}-${dataOf(one.record).decision.id}.json.gz`), one);
  for (const { record } of records.filter((r) => r.record.type === 'policy.kept')) {
    const { digest, wasm } = record.data as { digest: string; wasm: string };
    write(policyFile(version, digest), gunzipSync(Buffer.from(wasm, 'base64')));
  }
}

export const decisionsOf = (version: string): KeptDecision[] =>
  readdirSync(join(version, 'decisions'))
    .sort()
    .map((file) => readJson<KeptDecision>(join(version, 'decisions', file)));
