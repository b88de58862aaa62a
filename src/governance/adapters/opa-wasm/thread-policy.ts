import { createThread, type ThreadLimits } from '../../../io/thread.ts';
import { fail, type Result } from '../../../kit/result.ts';
import type { PolicyFailure, PolicyIdentity, PolicyPort } from '../../port.ts';
import type { WasmOptions } from './policy.ts';

export const POLICY_ROLE = 'sluice-policy';

/** The declared policy, or one that was kept in a ledger. */
export type PolicyOf = WasmOptions | { readonly kept: Uint8Array; readonly identity: PolicyIdentity };

export interface PolicyJob {
  readonly what: 'identity' | 'team' | 'gate';
  readonly facts: object | null;
}

const LIMITS: ThreadLimits = {
  cpuMs: 10_000,
  timeMs: 60_000,
  memoryMb: 256,
  waiting: 200,
  idleMs: 300_000,
};

const ownEntry = (): URL =>
  new URL(`./policy-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'mjs'}`, import.meta.url);

/** A policy on a thread of its own, which somebody closes. */
export interface ThreadPolicy extends PolicyPort {
  close(): Promise<void>;
}

/**
 * The compiled policy, asked on another thread within limits of time and memory: a pull request with thousands of
 * changes, or a team's policy that never ends, holds up no release. Over a limit there is no answer, which denies.
 */
export function threadPolicy(of: PolicyOf, limits: Partial<ThreadLimits> = {}): ThreadPolicy {
  const thread = createThread({
    entry: ownEntry(),
    role: POLICY_ROLE,
    doing: 'evaluating the policy',
    data: of,
    limits: { ...LIMITS, ...limits },
  });
  async function ask<T>(what: PolicyJob['what'], facts: object | null): Promise<Result<T, PolicyFailure>> {
    const done = await thread.run({ what, facts } satisfies PolicyJob);
    if (done.ok) return done.value as Result<T, PolicyFailure>;
    const { kind, message } = done.error;
    return fail({ code: kind === 'busy' ? 'POLICY_UNREACHABLE' : 'POLICY_UNDEFINED', message });
  }
  return {
    engine: 'wasm',
    identity: () => ask<PolicyIdentity>('identity', null),
    team: (facts) => ask('team', facts),
    gate: (facts) => ask('gate', facts),
    close: () => thread.close(),
  };
}
