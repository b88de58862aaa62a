import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { giteaForge } from '../../src/gitops/adapters/forge-gitea/forge.ts';
import { serverPolicy } from '../../src/governance/adapters/opa-server/policy.ts';
import { textOf } from '../../src/io/answer.ts';
import { openKubernetes } from '../../src/io/kubernetes/client.ts';
import { streamedLines } from '../../src/io/lines.ts';
import { createSignIn } from '../../src/server/sign-in.ts';
import { kubeconfig } from '../contract/kubernetes/api.ts';
import { until } from '../wait.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const MIB = 1 << 20;
const PIECE = Buffer.alloc(64 << 10, 'a');

/** A server whose answer does not end: how much of it was taken, how often it was asked, and whether it was left. */
async function endless(type = 'text/plain') {
  const seen = { asked: 0, bytes: 0, left: 0 };
  const server = createServer((_, res) => {
    seen.asked++;
    res.writeHead(200, { 'content-type': type });
    const more = (): void => {
      while (!res.destroyed && res.write(PIECE)) seen.bytes += PIECE.length;
    };
    res.on('drain', more);
    res.on('close', () => {
      seen.left++;
    });
    more();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const body = (...chunks: string[]) => ({ body: Readable.from(chunks.map((chunk) => Buffer.from(chunk))) });

describe('answers that do not end', () => {
  it('TRUST-9: a text is read to its limit and not further', async () => {
    expect(await textOf(body('ab', 'cd'), 4)).toBe('abcd');
    await expect(textOf(body('ab', 'cde'), 4)).rejects.toThrow('longer than 4 bytes');
    expect(await textOf({ body: null }, 0)).toBe('');
  });

  it('TRUST-9: a line of a stream is read to its limit, however many lines there are', async () => {
    const read = async (...chunks: string[]) => {
      const lines: string[] = [];
      for await (const line of streamedLines(body(...chunks), 4)) lines.push(line);
      return lines;
    };
    expect(await read('ab\nc', 'd\n\n', 'abcd\nabc')).toEqual(['ab', 'cd', 'abcd']);
    await expect(read('ab\n', 'abc', 'de')).rejects.toThrow('longer than 4 bytes');
  });

  it('TRUST-9: a file of a pull request on Gitea is refused at its limit, and not asked for again', async () => {
    const { seen, address } = await endless();
    const forge = giteaForge({
      address,
      repository: 'a/b',
      branch: 'main',
      token: 't',
      webhookSecret: 's',
      retryMs: 1,
    });
    const read = await forge.text('a'.repeat(40), 'environments/prod/checkout.yaml');
    expect(read).toMatchObject({
      ok: false,
      error: { code: 'TOO_LARGE', message: expect.stringContaining('checkout.yaml') },
    });
    expect(seen.asked).toBe(1);
    await until('the connection is left', 5_000, () => seen.left === 1);
    expect(seen.bytes).toBeLessThan(64 * MIB);
  });

  it('TRUST-9: an OPA server that does not end gives no decision', async () => {
    const { seen, address } = await endless('application/json');
    const policy = serverPolicy({ address, team: false, expected: '' });
    expect(await policy.gate({} as never)).toMatchObject({
      ok: false,
      error: { code: 'POLICY_UNREACHABLE', message: expect.stringContaining('longer than 8 MiB') },
    });
    await until('the connection is left', 5_000, () => seen.left === 1);
  });

  it('TRUST-9: a cluster whose watch is one line without end is left', async () => {
    const { seen, address } = await endless('application/json');
    const client = openKubernetes({ kubeconfig: kubeconfig(address), context: null } as never, () => 0);
    const lines = await client.lines('/apis/x/v1/rollouts?watch=1', new AbortController().signal);
    await expect(lines[Symbol.asyncIterator]().next()).rejects.toThrow('longer than 8 MiB');
    await until('the connection is left', 5_000, () => seen.left === 1);
  });

  it('TRUST-9: an issuer whose description does not end lets nobody in', async () => {
    const { seen, address } = await endless('application/json');
    const machine = { issuer: address, audience: 'sluice', claims: {}, scopes: ['read'] };
    const signIn = createSignIn({ people: null, machines: [machine] } as never, null, Date.now);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256' })}.${part({ iss: address, sub: 'x' })}.eA`;
    expect(await signIn.actorOfToken(token)).toBeUndefined();
    expect(seen.asked).toBe(1);
    await until('the connection is left', 5_000, () => seen.left === 1);
    expect(seen.bytes).toBeLessThan(64 * MIB);
  });
});
