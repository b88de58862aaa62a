import type { Platform } from '../declaration/platform.ts';
import { type SigningKey, signingKey } from '../io/ed25519.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Env } from './context.ts';
import { readSecret } from './secrets.ts';

/** The key that anchors are signed with; null: none is declared. */
export function anchorKeyOf(
  { anchorKey }: Pick<Platform, 'anchorKey'>,
  env: Env,
): Result<SigningKey | null, string> {
  if (!anchorKey) return ok(null);
  const pem = readSecret(anchorKey, env);
  if (!pem.ok) return pem;
  const key = signingKey(pem.value);
  return key.ok ? key : fail(`spec.ledger.signing.key: ${key.error}`);
}

/** The heads that were anchored in a repository. */
export const readAnchors = async (repository: string) =>
  (await import('../gitops/adapters/git/anchors.ts')).readAnchors(repository);
