import type { PullRequest } from '../src/gitops/forge.ts';

/** A pull request of somebody, open and with nothing special about it. */
export const PULL: PullRequest = {
  number: 7,
  title: 't',
  author: 'a',
  base: { branch: 'main', sha: '1'.repeat(40) },
  head: { branch: 'b', sha: '2'.repeat(40) },
  fork: false,
  labels: [],
  draft: false,
  state: 'open',
  url: '',
  openedAt: 0,
};
