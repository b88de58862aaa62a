import { gunzipSync, gzipSync } from 'node:zlib';
import { type GovernanceData, governanceEvents } from '../../governance/events.ts';
import type { PolicyIdentity, PolicyPort } from '../../governance/port.ts';
import { SYSTEM } from '../../kit/actor.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { FreezesAndWaivers } from '../governance/governance.ts';

/** Keeps the compiled policy in the ledger, once per revision, so that a decision can be recomputed years later. */
export async function keepPolicy(
  governance: FreezesAndWaivers,
  known: readonly LedgerRecord[],
  identity: PolicyIdentity,
  wasm: Uint8Array,
  now: number,
): Promise<void> {
  const has = known.some((r) => (r.data as GovernanceData<'policy.kept'>).digest === identity.digest);
  if (has) return;
  const data = { ...identity, wasm: gzipSync(wasm).toString('base64') };
  await governance.record('policy.kept', 'policy', data, SYSTEM, now);
}

/** How a kept policy is opened: the composition root knows. */
export type OpenKept = (wasm: Uint8Array, identity: PolicyIdentity) => PolicyPort;

/** The policy of a digest as it was kept; undefined: this ledger never had it. */
export function policyOfDigest(
  records: readonly LedgerRecord[],
  digest: string,
  open: OpenKept,
): PolicyPort | undefined {
  const found = records.find(
    (r) => r.type === 'policy.kept' && (r.data as GovernanceData<'policy.kept'>).digest === digest,
  );
  if (!found) return undefined;
  const data = governanceEvents['policy.kept'].parse(found.data);
  const { revision, wasm } = data;
  return open(gunzipSync(Buffer.from(wasm, 'base64')), { revision, digest });
}
