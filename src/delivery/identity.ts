import { canonicalText } from '../kit/canonical.ts';
import { sha256 } from '../kit/digest.ts';

/** What identifies a revision. */
interface Identified {
  readonly revision: string;
  readonly digest: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly chart?: string | undefined;
  /** Set where the revision is a pod template: whether it is known what Git asked for when it was made. */
  readonly template?: 'known' | 'unknown' | undefined;
}

/**
 * The desired identity of a revision: a hash of digest, configuration and chart; the version is for people. Null: it is
 * unknown, for example if only the cluster says what runs.
 */
export function identityOf({ digest, config, chart, template }: Identified): string | null {
  if (digest === '' || template === 'unknown') return null;
  return sha256(canonicalText({ digest, config, ...(chart ? { chart } : {}) }));
}

/**
 * Whether two revisions are interchangeable without a release. A pod template is only itself: another one runs other
 * pods, whatever Git asks for.
 */
export function isSame(a: Identified, b: Identified): boolean {
  if (a.revision === b.revision) return true;
  if (a.template !== undefined || b.template !== undefined) return false;
  // Different digests mean different identities, without hashing.
  if (a.digest !== b.digest) return false;
  const identity = identityOf(a);
  return identity !== null && identity === identityOf(b);
}
