import type { ForgePort } from '../../forge.ts';
import { identityOf } from '../forge-http/identity.ts';
import { remembering } from '../forge-http/tree-changes.ts';
import { type GithubAccess, githubApi } from './api.ts';
import { authorOf, report } from './checks.ts';
import { comment } from './comments.ts';
import { filesOf, links, list, text } from './contents.ts';
import { propose } from './proposals.ts';
import { merge, open, openPulls, pull, withdraw } from './pull-requests.ts';
import type { GithubState } from './state.ts';
import { hint } from './webhooks.ts';

export interface GithubOptions extends GithubAccess {
  readonly branch: string;
  /** Every branch that pull requests may merge into; that one where left out. */
  readonly branches?: readonly string[];
  readonly webhookSecret: string;
  readonly now?: () => number;
}

/**
 * GitHub over its REST API. As an App it posts a check run, which alone a ruleset can require of us;
 * with a token, a commit status. Beside it one comment that is kept up to date.
 */
export function githubForge(options: GithubOptions): ForgePort {
  const api = githubApi(options);
  const state: GithubState = {
    api,
    auth: options.auth,
    branches: options.branches ?? [options.branch],
    webhookSecret: options.webhookSecret,
    identity: identityOf(() => authorOf(api, options.auth)),
    remember: remembering(),
    now: options.now ?? Date.now,
  };
  return {
    kind: 'github',
    pull: (number) => pull(state, number),
    openPulls: () => openPulls(state),
    files: (of) => filesOf(state, of),
    text: (sha, path) => text(state, sha, path),
    list: (sha, folder) => list(state, sha, folder),
    links: (sha, paths) => links(state, sha, paths),
    report: (of, what) => report(state, of, what),
    comment: (on, mark, words) => comment(state, on, mark, words),
    open: (wanted) => open(state, wanted),
    propose: (change) => propose(state, change),
    withdraw: (which, why) => withdraw(state, which, why),
    merge: (which) => merge(state, which),
    hint: (headers, body) => hint(state, headers, body),
  };
}
