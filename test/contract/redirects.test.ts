import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { giteaForge } from '../../src/gitops/adapters/forge-gitea/forge.ts';
import { githubForge } from '../../src/gitops/adapters/forge-github/forge.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { remoteCopy } from '../../src/gitops/adapters/git/remote.ts';
import { openKubernetes } from '../../src/io/kubernetes/client.ts';
import { prometheusHttp } from '../../src/runtime/adapters/prometheus/http.ts';
import { temporaryFolder } from '../folder.ts';
import { patiently } from '../wait.ts';
import { bareRepository } from './forge/repository.ts';
import { kubeconfig } from './kubernetes/api.ts';

const TOKEN = 'the-token-of-the-forge';
const BASIC = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that keeps what it is asked. */
async function serve(
  answer: (path: string) => { status: number; headers: Record<string, string>; body: string },
) {
  const seen: Seen[] = [];
  const server = createServer((req, res) => {
    seen.push({ method: req.method!, path: req.url!, headers: req.headers });
    const { status, headers, body } = answer(req.url!);
    res.writeHead(status, headers).end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const line = (text: string) => `${(text.length + 4).toString(16).padStart(4, '0')}${text}`;

/** Answers Git well enough to be asked on, with whatever headers Git sends then. */
const asGit = (path: string) => {
  const service = new URL(path, 'http://x').searchParams.get('service') ?? '';
  const capabilities =
    service === 'git-upload-pack'
      ? `${line('version 2\n')}${line('ls-refs\n')}${line('fetch\n')}`
      : line(`${'0'.repeat(40)} capabilities^{}\0report-status\n`);
  const headers = { 'content-type': `application/x-${service}-advertisement` };
  return { status: 200, headers, body: `${line(`# service=${service}\n`)}0000${capabilities}0000` };
};

/** A forge that redirects, and who is there then. */
async function redirecting(status: number) {
  const thief = await serve(asGit);
  const forge = await serve((path) => ({
    status,
    headers: { location: `${thief.address}${path}` },
    body: '',
  }));
  return { forge, thief };
}

describe('credentials and redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    'FETCH-1: git takes the token to its own address alone: redirected by %i it goes nowhere',
    async (status) => {
      const { forge, thief } = await redirecting(status);
      const warnings: object[] = [];
      const directory = join(temporaryFolder('redirected'), 'copy.git');
      const copy = remoteCopy({
        directory,
        url: `${forge.address}/acme/shop.git`,
        authorization: async () => BASIC,
        pollMs: 0,
        now: () => 0,
        warn: (details) => warnings.push(details),
      });
      await copy.before();
      expect(warnings).toHaveLength(1);
      expect(JSON.stringify(warnings)).not.toContain(TOKEN);
      expect(JSON.stringify(warnings)).not.toContain(BASIC);
      const source = await bareRepository({ 'a.txt': 'a\n' });
      closing.push(() => source.close());
      await git(directory, ['fetch', '--quiet', source.remote, 'refs/heads/main:refs/sluice/x']);
      await expect(copy.refs.push('refs/sluice/x', 'refs/sluice/x')).rejects.toThrow();
      await expect(copy.refs.at('refs/sluice/x')).rejects.toThrow();
      await expect(copy.refs.take('refs/sluice/x', 'refs/sluice/y')).rejects.toThrow();
      expect(forge.seen.map((s) => s.headers.authorization)).toEqual([BASIC, BASIC, BASIC, BASIC]);
      expect(thief.seen).toEqual([]);
    },
  );

  it.each([301, 302, 307, 308])(
    'FETCH-1: no client of ours takes a token to another server: %i',
    async (status) => {
      const { forge, thief } = await redirecting(status);
      const shared = { repository: 'acme/shop', branch: 'main', webhookSecret: 's', retryMs: 1 };
      const address = forge.address;
      expect((await giteaForge({ ...shared, address, token: TOKEN }).pull(1)).ok).toBe(false);
      expect((await githubForge({ ...shared, address, auth: { token: TOKEN } }).pull(1)).ok).toBe(false);
      const headers = { authorization: `Bearer ${TOKEN}`, 'x-scope-orgid': 'tenant' };
      const metrics = prometheusHttp({ address, timeoutMs: patiently(5_000), headers, tls: null });
      expect((await metrics.instant('up', 0)).ok).toBe(false);
      expect(forge.seen.length).toBeGreaterThanOrEqual(3);
      expect(JSON.stringify(thief.seen)).not.toContain(TOKEN);
      expect(JSON.stringify(thief.seen)).not.toContain('tenant');
    },
  );

  it.each([301, 302, 303, 307, 308])(
    'FETCH-2: what a cluster is asked with goes nowhere else: redirected by %i it is an error',
    async (status) => {
      const { forge, thief } = await redirecting(status);
      const place = { kubeconfig: kubeconfig(forge.address), context: null };
      const client = openKubernetes(place as never, () => 0);
      await expect(client.get('/apis/x/v1/rollouts')).rejects.toMatchObject({ status });
      await expect(client.patch('/apis/x/v1/rollouts/a', {})).rejects.toMatchObject({ status });
      expect(forge.seen).toHaveLength(2);
      expect(thief.seen).toEqual([]);
    },
  );
});
