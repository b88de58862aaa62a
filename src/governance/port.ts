import type { Result } from '../kit/result.ts';

export interface PolicyFailure {
  /** TOO_LARGE: the facts are more than the engine holds. */
  readonly code: 'POLICY_UNREACHABLE' | 'POLICY_UNDEFINED' | 'POLICY_DIGEST' | 'TOO_LARGE';
  readonly message: string;
}

/** Which policy answers: `digest` covers every module, of the team too. */
export interface PolicyIdentity {
  readonly revision: string;
  readonly digest: string;
}

/** A policy engine. Both answers are raw: what is undefined comes back as a failure, never as an allow. */
export interface PolicyPort {
  readonly engine: 'wasm' | 'server';
  identity(): Promise<Result<PolicyIdentity, PolicyFailure>>;
  /** Denials of the team's own policy; none where it has none. */
  team(facts: object): Promise<Result<unknown, PolicyFailure>>;
  gate(facts: object): Promise<Result<unknown, PolicyFailure>>;
}
