import { describe, expect, it } from 'vitest';
import { commitLink } from './commit-link.ts';

const secret = { env: 'X' } as never;
const github = {
  kind: 'github',
  address: 'https://api.github.com',
  repository: 'shop/desired',
  auth: { token: secret },
  webhookSecret: secret,
} as const;
const gitea = {
  kind: 'gitea',
  address: 'http://gitea.git:3000',
  repository: 'shop/desired',
  token: secret,
  webhookSecret: secret,
} as const;

describe('the page of a commit', () => {
  it.each([
    ['GitHub', github, undefined, 'https://github.com/shop/desired/commit/abc'],
    [
      'GitHub elsewhere, by what it says of a pull request',
      { ...github, address: 'https://ghe.example/api/v3' },
      'https://ghe.example/shop/desired/pull/7',
      'https://ghe.example/shop/desired/commit/abc',
    ],
    [
      'GitHub elsewhere, of which nothing is known',
      { ...github, address: 'https://ghe.example/api/v3' },
      undefined,
      null,
    ],
    [
      'Gitea',
      gitea,
      'https://git.example/x/shop/desired/pulls/7',
      'https://git.example/x/shop/desired/commit/abc',
    ],
    ['Gitea within a cluster', gitea, undefined, null],
    ['something that is no page of a pull request', gitea, 'javascript:alert(1)', null],
    ['no forge that has pages', { kind: 'local' } as const, 'https://git.example/shop/pull/7', null],
  ])('RELEASE-4: %s', (_, forge, url, link) => expect(commitLink(forge, url, 'abc')).toBe(link));
});
