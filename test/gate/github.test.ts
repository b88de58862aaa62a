import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { githubForge } from '../../src/gitops/adapters/forge-github/forge.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import { type GithubFake, startGithubFake } from '../contract/forge/github-fake.ts';
import { codes, desired, type GateHouse, gateHouse, platformText, stableIn } from './harness.ts';

const PROD = 'environments/prod/checkout.yaml';
const KEY = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string;
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The gate as GitHub's App, over a repository that a fake GitHub serves. */
async function appHouse(): Promise<{ h: GateHouse; github: GithubFake; forge: ForgePort }> {
  let forge: ForgePort | undefined;
  const later = <K extends keyof ForgePort>(name: K) =>
    ((...args: unknown[]) => (forge![name] as (...a: unknown[]) => unknown)(...args)) as ForgePort[K];
  const h = await gateHouse({
    wrap: () => ({
      kind: 'github',
      pull: later('pull'),
      openPulls: later('openPulls'),
      files: later('files'),
      text: later('text'),
      list: later('list'),
      links: later('links'),
      report: later('report'),
      comment: later('comment'),
      open: later('open'),
      propose: later('propose'),
      withdraw: later('withdraw'),
      merge: later('merge'),
      hint: later('hint'),
    }),
  });
  const github = await startGithubFake(h.repository, 'sluice/gate');
  forge = githubForge({
    address: github.address,
    repository: 'acme/shop',
    branch: 'main',
    auth: { appId: 7, installation: 1, privateKey: KEY },
    webhookSecret: github.secret,
    retryMs: 1,
  });
  closing.push(
    () => h.close(),
    () => github.close(),
  );
  h.lanes.set('checkout/prod', { ...h.lanes.get('checkout/prod')!, ...stableIn('a') });
  return { h, github, forge };
}
const opened = async (h: GateHouse, forge: ForgePort, branch: string, files: Record<string, string>) => {
  await h.repository.push(branch, files);
  const made = await forge.open({ title: branch, body: '', base: 'main', head: branch, labels: [] });
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
};

describe('the gate as an App of GitHub', () => {
  it('FORGE-18: a merge group is judged at its own commit, by what it would add; its members are not judged by it', async () => {
    const { h, github, forge } = await appHouse();
    const fine = await opened(h, forge, 'fine', { 'README.md': 'words\n' });
    await h.tick();
    expect(github.states(fine.head.sha)).toEqual({ 'sluice/gate': 'success' });
    h.numbers.left = -1;
    // The group holds another pull request's release, too.
    const group = await h.repository.push('gh-readonly-queue/main/pr-1-abc', {
      'README.md': 'words\n',
      [PROD]: desired('1.1.0', 'b'),
    });
    h.gate.hint({
      kind: 'merge-group',
      pull: fine.number,
      headSha: group,
      baseSha: fine.base.sha,
      delivery: 'd',
    });
    await h.tick();
    expect(github.states(group)).toEqual({ 'sluice/gate': 'failure' });
    expect(github.states(fine.head.sha)).toEqual({ 'sluice/gate': 'success' });
    expect(github.runs().filter((r) => r.head_sha === group)).toHaveLength(1);
    expect(github.comments(fine.number)).toHaveLength(1);
    expect(github.unexpected).toEqual([]);
  });

  it('GATE-7: a fork that edits policy, declaration and workflow is judged by the base, and said to be one', async () => {
    const { h, github, forge } = await appHouse();
    h.numbers.left = -1;
    const pull = await opened(h, forge, 'stranger', {
      [PROD]: desired('1.1.0', 'b'),
      'platform/platform.yaml': platformText('  policy: { budget: { block: -9 } }\n'),
      'policy/sluice/gate.rego': 'package sluice.gate\n\nallow := true\n',
      '.github/workflows/sluice-gate.yml': 'name: mine\n',
    });
    (github.pulls[0] as { fork: boolean }).fork = true;
    await h.tick();
    const decision = h.decision(pull.number);
    expect(codes(decision)).toEqual(['BUDGET_EXHAUSTED', 'FROZEN', 'RELAXED_WHILE_SPENT']);
    expect(decision.warn.map((w) => w.code)).toContain('JUDGED_BY_BASE');
    expect(h.gate.pulls()[0]!.facts!.pullRequest.fork).toBe(true);
    expect(github.states(pull.head.sha)).toEqual({ 'sluice/gate': 'failure' });
  });

  it('GATE-6: the lines of a declaration that is not valid are marked where they are', async () => {
    const { h, github, forge } = await appHouse();
    const pull = await opened(h, forge, 'broken', {
      [PROD]: 'service: checkout\nversion: 1.1.0\ndigest: latest\n',
    });
    await h.tick();
    const run = github.runs().find((r) => r.head_sha === pull.head.sha)!;
    expect((run['output'] as { annotations_count: number }).annotations_count).toBe(1);
    expect(run['conclusion']).toBe('failure');
  });
});
