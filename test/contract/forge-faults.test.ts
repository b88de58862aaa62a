import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockAgent, fetch as undiciFetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { giteaForge } from '../../src/gitops/adapters/forge-gitea/forge.ts';
import { githubForge } from '../../src/gitops/adapters/forge-github/forge.ts';
import { failureOf, retrying } from '../../src/gitops/adapters/forge-http/calls.ts';
import { type ReadTree, treeChanges } from '../../src/gitops/adapters/forge-http/tree-changes.ts';
import { type CheckReport, MAX_TEXT_BYTES } from '../../src/gitops/forge.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { PULL } from '../pull.ts';
import { patiently } from '../wait.ts';

const ADDRESS = 'http://github.invalid';
const NEVER_MS = 2 ** 31 - 1;
const REPORT: CheckReport = {
  check: 'sluice/gate',
  headSha: PULL.head.sha,
  state: 'failure',
  title: 'Denied.',
  summary: '<!-- sluice:gate -->\nx',
  key: 'k',
  evaluatedAt: 5,
  annotations: [],
  detailsUrl: null,
};

const hmac = (secret: string, body: string) => createHmac('sha256', secret).update(body).digest('hex');

/** GitHub as a script: what is not in it is refused, and what was not asked for is missed. */
function scripted(timeoutMs = patiently(1_000)) {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const pool = agent.get(ADDRESS);
  const forge = githubForge({
    address: ADDRESS,
    repository: 'acme/shop',
    branch: 'main',
    auth: { token: 'x' },
    webhookSecret: 's',
    retryMs: 1,
    timeoutMs,
    fetch: ((url: string, init: object) =>
      undiciFetch(url, { ...init, dispatcher: agent } as never)) as never,
  });
  const json = { headers: { 'content-type': 'application/json' } };
  return {
    forge,
    on: (method: string, path: string, status: number, body: unknown, headers: Record<string, string> = {}) =>
      pool
        .intercept({ path: (p) => p.split('?')[0] === path, method })
        .reply(status, typeof body === 'string' ? body : JSON.stringify(body), {
          headers: { ...json.headers, ...headers },
        }),
    raw: pool,
    /** Everything that was expected was asked for. */
    done: () => agent.assertNoPendingInterceptors(),
  };
}
const ONE = '/repos/acme/shop/pulls/7';
const side = (ref: string) => ({ ref, sha: '3'.repeat(40), repo: { full_name: 'acme/shop' } });
const SHAPE = {
  number: 7,
  title: 't',
  state: 'open',
  merged_at: null,
  html_url: 'http://x',
  created_at: '2026-01-01T00:00:00Z',
  user: { login: 'a' },
  labels: [],
  base: side('main'),
  head: side('b'),
};

describe('a forge that fails', () => {
  it.each([
    [401, {}, 'UNAUTHORISED'],
    [403, {}, 'FORBIDDEN'],
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '99999999999' }, 'RATE_LIMITED'],
    [404, {}, 'NOT_FOUND'],
    [422, {}, 'INVALID'],
    [429, { 'retry-after': '7' }, 'RATE_LIMITED'],
  ])('FORGE-12: %i is asked once and said by its code', async (status, headers, code) => {
    const github = scripted();
    github.on('GET', ONE, status, { message: 'no' }, headers as Record<string, string>);
    expect(await github.forge.pull(7)).toMatchObject({ ok: false, error: { code } });
    github.done();
  });

  it.each([500, 502, 503, 504])('FORGE-13: %i is tried again, and then it is well', async (status) => {
    const github = scripted();
    github.on('GET', ONE, status, { message: 'later' });
    github.on('GET', ONE, status, '<html>bad gateway</html>');
    github.on('GET', ONE, 200, SHAPE);
    expect(await github.forge.pull(7)).toMatchObject({ ok: true, value: { number: 7 } });
    github.done();
  });

  it('FORGE-13: after three tries it is unavailable, and nothing was made up', async () => {
    const github = scripted();
    for (let i = 0; i < 3; i++) github.on('GET', ONE, 502, 'x');
    expect(await github.forge.pull(7)).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
    github.done();
  });

  it.each([
    ['half an answer', '{"number": 7, "title": "t"'],
    ['another shape', '{"number": "seven"}'],
    ['nothing', ''],
    ['a page', '<html></html>'],
  ])('FORGE-14: %s is no answer', async (_, body) => {
    const github = scripted();
    for (let i = 0; i < 3; i++) github.on('GET', ONE, 200, body);
    expect(await github.forge.pull(7)).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
    github.done();
  });

  it.each([
    ['a page', '<html>Sign in</html>', 'text/html; charset=utf-8'],
    ['half of an answer', '{"merged": tr', 'application/json'],
  ])('FORGE-30: %s merges nothing', async (_, body, type) => {
    const github = scripted();
    github.on('PUT', `${ONE}/merge`, 200, body, { 'content-type': type });
    github.on('GET', ONE, 200, SHAPE);
    expect(await github.forge.merge(PULL)).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
    github.done();
  });

  it('FORGE-14: an answer that does not come is given up in bounded time', async () => {
    const github = scripted(50);
    // An answer that nobody waits for comes to nobody: only the limit of each try can end this.
    for (let i = 0; i < 3; i++)
      github.raw.intercept({ path: ONE, method: 'GET' }).reply(200, SHAPE).delay(NEVER_MS);
    expect(await github.forge.pull(7)).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
  });

  it('FORGE-15: a post whose answer was lost is found at the next try, and not made twice', async () => {
    const github = scripted();
    const statuses = `/repos/acme/shop/commits/${PULL.head.sha}/statuses`;
    const us = { id: 1, login: 'sluice' };
    const theirs = {
      context: 'sluice/gate',
      state: 'success',
      description: 'Allowed. [5 k]',
      creator: { id: 2, login: 'mallory' },
    };
    const ours = { context: 'sluice/gate', state: 'failure', description: 'Denied. [5 k]', creator: us };
    // Asked once, however often it is tried.
    github.on('GET', '/user', 200, us);
    github.on('GET', statuses, 200, [theirs]);
    github.on('POST', `/repos/acme/shop/statuses/${PULL.head.sha}`, 502, 'lost');
    github.on('GET', statuses, 200, [ours, theirs]);
    github.on('GET', '/repos/acme/shop/issues/7/comments', 200, []);
    github.on('POST', '/repos/acme/shop/issues/7/comments', 201, { id: 1, body: 'x', user: us });
    expect(await github.forge.report(PULL, REPORT)).toEqual({
      ok: true,
      value: { post: 'unchanged', foreign: { by: 'mallory', state: 'success' }, untold: null },
    });
    github.done();
  });

  it('FORGE-28: a token that may not ask whose it is posts, and learns it from the answer', async () => {
    const github = scripted();
    const statuses = `/repos/acme/shop/commits/${PULL.head.sha}/statuses`;
    const us = { id: 1, login: 'github-actions[bot]' };
    const theirs = { id: 2, login: 'mallory' };
    const post = { context: 'sluice/gate', state: 'failure', description: 'Denied. [5 k]' };
    const mark = '<!-- sluice:gate -->';
    github.on('GET', '/user', 403, { message: 'Resource not accessible by integration' });
    github.on('GET', statuses, 200, [{ ...post, creator: us }]);
    github.on('POST', `/repos/acme/shop/statuses/${PULL.head.sha}`, 201, { ...post, creator: us });
    github.on('GET', '/repos/acme/shop/issues/7/comments', 200, [
      { id: 4, body: `${mark}\nx\n<!-- k -->`, user: theirs },
      { id: 5, body: `${mark}\nan older word`, user: us },
    ]);
    github.on('PATCH', '/repos/acme/shop/issues/comments/5', 200, {});
    const posted = { post: 'posted', foreign: null, untold: null };
    expect(await github.forge.report(PULL, REPORT)).toEqual({ ok: true, value: posted });
    // From then on it is known.
    github.on('GET', statuses, 200, [{ ...post, creator: us }]);
    github.on('GET', '/repos/acme/shop/issues/7/comments', 200, [
      { id: 5, body: `${mark}\nx\n<!-- k -->`, user: us },
    ]);
    expect(await github.forge.report(PULL, REPORT)).toMatchObject({ ok: true, value: { post: 'unchanged' } });
    github.done();
  });

  it('FORGE-28: whose token it is is not guessed while the forge does not answer', async () => {
    const github = scripted();
    for (let i = 0; i < 3; i++) github.on('GET', '/user', 502, 'x');
    expect(await github.forge.report(PULL, REPORT)).toMatchObject({
      ok: false,
      error: { code: 'UNAVAILABLE' },
    });
    github.done();
  });

  it('FORGE-16: all pages are read', async () => {
    const github = scripted();
    const pulls = '/repos/acme/shop/pulls';
    const page = (from: number) => Array.from({ length: 100 }, (_, i) => ({ ...SHAPE, number: from + i }));
    for (let n = 0; n < 3; n++)
      github.on(
        'GET',
        pulls,
        200,
        page(n * 100),
        n < 2 ? { link: `<${ADDRESS}${pulls}?page=${n + 2}&per_page=100>; rel="next"` } : {},
      );
    const listed = await github.forge.openPulls();
    expect(listed.ok && listed.value).toHaveLength(300);
    github.done();
  });

  it('FORGE-35: a comparison that does not say what changed is not one that says nothing did', async () => {
    const tree = (sha: string) => ({ path: 'a.yaml', mode: '100644', type: 'blob', sha });
    const renamed = { filename: 'b.yaml', status: 'renamed' };
    for (const files of [undefined, [renamed]]) {
      const github = scripted();
      const compared = `/repos/acme/shop/compare/${PULL.base.sha}...${PULL.head.sha}`;
      github.on('GET', compared, 200, { files, merge_base_commit: { sha: 'fork' } });
      const trees = (sha: string) => `/repos/acme/shop/git/trees/${sha}`;
      github.on('GET', trees('fork'), 200, { tree: [tree('1')], truncated: false });
      github.on('GET', trees(PULL.head.sha), 200, {
        tree: [{ ...tree('1'), path: 'b.yaml' }],
        truncated: false,
      });
      const changed = await github.forge.files(PULL);
      expect(changed).toEqual({
        ok: true,
        value: {
          files: [
            { path: 'a.yaml', status: 'removed' },
            { path: 'b.yaml', status: 'added' },
          ],
          complete: true,
        },
      });
      github.done();
    }
  });

  it('FORGE-33: GitHub gives no text of a large file: that is what is said of it', async () => {
    const github = scripted();
    const large = { type: 'file', encoding: 'none', content: '' };
    github.on('GET', '/repos/acme/shop/contents/a.yaml', 200, large);
    expect(await github.forge.text('1', 'a.yaml')).toMatchObject({ ok: false, error: { code: 'TOO_LARGE' } });
  });

  it('FORGE-33: a file of a Gitea is read up to a limit, and no further', async () => {
    let [sent, ended] = [0, false];
    let whenEnded = () => {};
    const left = new Promise<void>((resolve) => {
      whenEnded = resolve;
    });
    const server = createServer((_, answer) => {
      const piece = Buffer.alloc(1 << 20, 'x');
      answer.on('close', () => {
        ended = true;
        whenEnded();
      });
      const more = () => {
        while (!ended) {
          sent += piece.length;
          if (!answer.write(piece)) break;
        }
      };
      answer.on('drain', more);
      more();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const forge = giteaForge({
      address: `http://127.0.0.1:${port}`,
      repository: 'acme/shop',
      branch: 'main',
      token: 'x',
      webhookSecret: 's',
      retryMs: 1,
      timeoutMs: patiently(10_000),
    });
    expect(await forge.text('1', 'a.yaml')).toMatchObject({ ok: false, error: { code: 'TOO_LARGE' } });
    await left;
    await new Promise((closed) => server.close(closed));
    expect(sent).toBeLessThan(4 * MAX_TEXT_BYTES);
  });

  it('FORGE-2: what differs in more folders or files than are read is known to be incomplete', async () => {
    const tree = (names: readonly string[]) =>
      names.map((path) => ({ path, mode: '040000', type: 'tree', sha: path }));
    const folders = Array.from({ length: 2_001 }, (_, n) => `f${n}`);
    const read: ReadTree = async (sha) => ok(sha === 'after' ? tree(folders) : []);
    expect(await treeChanges(read, 'before', 'after')).toMatchObject({
      ok: true,
      value: { complete: false },
    });
    const blobs: ReadTree = async (sha) =>
      ok(
        sha === 'after'
          ? Array.from({ length: 3_001 }, (_, n) => ({
              path: `${n}`,
              mode: '100644',
              type: 'blob',
              sha: 'x',
            }))
          : [],
      );
    const listed = await treeChanges(blobs, 'before', 'after');
    expect(listed).toMatchObject({ ok: true, value: { complete: false } });
    expect(listed.ok && listed.value.files).toHaveLength(3_000);
  });

  it('FORGE-17: a pull request of a fork is known as one', async () => {
    const github = scripted();
    const stranger = { ...side('b'), repo: { full_name: 'stranger/shop' } };
    github.on('GET', ONE, 200, { ...SHAPE, head: stranger });
    expect(await github.forge.pull(7)).toMatchObject({ ok: true, value: { fork: true } });
    github.on('GET', ONE, 200, { ...SHAPE, head: { ...stranger, repo: null } });
    expect(await github.forge.pull(7)).toMatchObject({ ok: true, value: { fork: true } });
  });

  it('FORGE-12: a limit says how long to wait', () => {
    expect(failureOf(429, 'x', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 });
    expect(failureOf(403, 'You have exceeded a secondary rate limit', {}).code).toBe('RATE_LIMITED');
    expect(failureOf(403, 'x', { 'retry-after': '7' })).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterMs: 7_000,
    });
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const wait = failureOf(503, 'x', { 'retry-after': date });
    expect(wait.code).toBe('UNAVAILABLE');
    expect(wait.retryAfterMs).toBeGreaterThan(1_800_000);
    expect(failureOf(502, 'x', {})).toEqual({ code: 'UNAVAILABLE', message: 'x' });
  });

  it('FORGE-13: what was refused, or asks to be left alone, is not tried again', async () => {
    let tries = 0;
    const refused = await retrying(async () => {
      tries++;
      return fail({ code: 'FORBIDDEN', message: 'no' } as const);
    }, 1);
    expect([refused.ok, tries]).toEqual([false, 1]);
    const busy = await retrying(async () => {
      tries++;
      return fail({ code: 'UNAVAILABLE', message: '503', retryAfterMs: 1_000 } as const);
    }, 1);
    expect([busy.ok, tries]).toEqual([false, 2]);
    expect(await retrying(async () => ok(1), 1)).toEqual({ ok: true, value: 1 });
  });

  it('FORGE-18: a merge group is a hint about its own commit', () => {
    const { forge } = scripted();
    const event = {
      action: 'checks_requested',
      merge_group: {
        head_sha: 'h',
        base_sha: 'b',
        head_ref: 'refs/heads/gh-readonly-queue/main/pr-12-abcdef',
      },
    };
    const body = JSON.stringify(event);
    const hintOf = (text: string) => forge.hint({ 'x-hub-signature-256': `sha256=${hmac('s', text)}` }, text);
    const status = JSON.stringify({ sha: 'h', context: 'sluice/gate', state: 'success' });
    expect(hintOf(status)).toMatchObject({ ok: true, value: { kind: 'status', pull: null, headSha: 'h' } });
    const hint = hintOf(body);
    expect(hint).toMatchObject({
      ok: true,
      value: { kind: 'merge-group', pull: 12, headSha: 'h', baseSha: 'b' },
    });
  });
});

/** A Gitea that answers merges from a script; what it merged it remembers. */
async function giteaMerging(script: readonly { status: number; message: string; merges: boolean }[]) {
  let merged = false;
  const asked: string[] = [];
  const left = [...script];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (incoming.method === 'GET') return answer(200, { ...SHAPE, merged });
    const next = left.shift()!;
    merged ||= next.merges;
    return answer(next.status, { message: next.message });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const forge = giteaForge({
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    repository: 'acme/shop',
    branch: 'main',
    token: 'x',
    webhookSecret: 's',
    retryMs: 1,
  });
  const outcome = await forge.merge(PULL);
  server.close();
  return { outcome, merges: asked.filter((a) => a.startsWith('POST')).length };
}

describe('a Gitea that merges', () => {
  const later = { status: 405, message: 'Please try again later', merges: false };

  it('FORGE-21: while it finds out whether it can merge, it is asked again', async () => {
    const { outcome, merges } = await giteaMerging([
      later,
      later,
      { status: 200, message: '', merges: true },
    ]);
    expect([outcome, merges]).toEqual([{ ok: true, value: 'merged' }, 3]);
  });

  it('FORGE-21: a merge whose answer was lost is found done, and not asked for again', async () => {
    const { outcome, merges } = await giteaMerging([{ status: 502, message: 'lost', merges: true }]);
    expect([outcome, merges]).toEqual([{ ok: true, value: 'merged' }, 1]);
  });

  it('FORGE-21: a refusal is one, at once; what stays undecided ends unavailable', async () => {
    const refused = { status: 405, message: 'Not all required status checks successful', merges: false };
    const no = await giteaMerging([refused]);
    expect([no.outcome, no.merges]).toMatchObject([{ ok: false, error: { code: 'REFUSED' } }, 1]);
    const never = await giteaMerging(Array.from({ length: 6 }, () => later));
    expect([never.outcome, never.merges]).toMatchObject([{ ok: false, error: { code: 'UNAVAILABLE' } }, 6]);
  });
});
