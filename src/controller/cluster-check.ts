/** One link of the chain from a Rollout to its verdict, and what to do where it is broken. */
export interface ClusterCheck {
  readonly environment: string;
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly next: string;
}

/** What one link was found to be. */
export type Found = Omit<ClusterCheck, 'environment' | 'what'>;
export const good = (found: string): Found => ({ ok: true, found, next: '' });
export const bad = (found: string, next: string): Found => ({ ok: false, found, next });
