import type { ForgeSource } from '../declaration/platform.ts';

/** A forge may be reached by people at another address than by Sluice: a pull request of it tells theirs. */
const PULL = /^(https?:\/\/.+?)\/pulls?\/\d+$/;
const GITHUB_API = 'https://api.github.com';

/** The page of a commit on the forge; null: no address is known at which people reach it. */
export function commitLink(
  forge: ForgeSource['at'],
  pullUrl: string | undefined,
  sha: string,
): string | null {
  if (forge.kind === 'local') return null;
  const told = PULL.exec(pullUrl ?? '')?.[1];
  if (told !== undefined) return `${told}/commit/${sha}`;
  // What is declared is the address of an API, which only of GitHub itself is known to be elsewhere.
  return forge.kind === 'github' && forge.address === GITHUB_API
    ? `https://github.com/${forge.repository}/commit/${sha}`
    : null;
}
