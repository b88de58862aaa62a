import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PolicyIdentity, PolicyPort } from '../governance/port.ts';
import { mapOk, ok, type Result } from '../kit/result.ts';
import type { WiringContext } from './context.ts';
import { readOptionalSecret } from './secrets.ts';

/** A policy engine, and the compiled policy that is kept in the ledger beside its decisions. */
export interface OpenPolicy {
  readonly port: PolicyPort;
  readonly wasm: Uint8Array | null;
  close(): Promise<void>;
}

const ownPolicy = (root: string): string => join(root, 'policy');
/** Digest of the policy that came with this version: a server must answer by the same. */
const ownDigest = (root: string): string =>
  (JSON.parse(readFileSync(join(ownPolicy(root), 'sluice.json'), 'utf8')) as { digest: string }).digest;

/** The declared policy: on a thread of its own, or on an OPA server; a team's bundle beside it. */
export async function openPolicy(context: WiringContext): Promise<Result<OpenPolicy, string>> {
  const { platform, directory, root, env } = context;
  const { server, bundle } = platform.policy;
  const wasm = readFileSync(join(ownPolicy(root), 'sluice.wasm'));
  if (server) {
    const { serverPolicy } = await import('../governance/adapters/opa-server/policy.ts');
    const options = { address: server.address, team: bundle !== null, expected: ownDigest(root) };
    return mapOk(readOptionalSecret(server.bearer, env), (bearer) => ({
      port: serverPolicy({ ...options, ...(bearer ? { bearer } : {}) }),
      wasm,
      close: async () => {},
    }));
  }
  const { threadPolicy } = await import('../governance/adapters/opa-wasm/thread-policy.ts');
  const team = bundle ? { file: resolve(directory, bundle.path), digest: bundle.digest } : null;
  const port = threadPolicy({ directory: ownPolicy(root), team });
  return ok({ port, wasm, close: () => port.close() });
}

/** The policy that came with this version, in this process or on a server that was named; no declaration is read. */
export async function openOwnPolicy(root: string, server: string | undefined): Promise<PolicyPort> {
  if (server === undefined)
    return (await import('../governance/adapters/opa-wasm/policy.ts')).wasmPolicy({
      directory: ownPolicy(root),
    });
  return (await import('../governance/adapters/opa-server/policy.ts')).serverPolicy({
    address: server.replace(/\/$/, ''),
    team: false,
    expected: ownDigest(root),
  });
}

/** A policy as it was kept in the ledger: decisions are recomputed by it. */
export const openKeptPolicy = (wasm: Uint8Array, identity: PolicyIdentity): PolicyPort => ({
  engine: 'wasm',
  identity: async () => ok(identity),
  team: async () => ok([]),
  async gate(facts) {
    const { threadPolicy } = await import('../governance/adapters/opa-wasm/thread-policy.ts');
    const policy = threadPolicy({ kept: wasm, identity });
    try {
      return await policy.gate(facts);
    } finally {
      await policy.close();
    }
  },
});
