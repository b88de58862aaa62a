import type { Identity } from '../forge-http/identity.ts';
import type { remembering } from '../forge-http/tree-changes.ts';
import type { GithubApi, GithubAuth } from './api.ts';

/** What the parts of one GitHub forge share. */
export interface GithubState {
  readonly api: GithubApi;
  readonly auth: GithubAuth;
  /** Every branch that pull requests may merge into. */
  readonly branches: readonly string[];
  readonly webhookSecret: string;
  /** Whom we post as. */
  readonly identity: Identity;
  /** Files that two commits differ in, asked once. */
  readonly remember: ReturnType<typeof remembering>;
  /** Milliseconds since 1970. */
  now(): number;
}
