import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAnchoring } from '../../src/controller/anchoring.ts';
import { gitAnchors } from '../../src/gitops/adapters/git/anchors.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { signedAnchors } from '../../src/gitops/anchor-signature.ts';
import type { AnchorStore } from '../../src/gitops/anchors.ts';
import { checkingKey, type SigningKey, signingKey } from '../../src/io/ed25519.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { anchorKeyOf } from '../../src/wiring/anchors.ts';
import { runCli } from '../cli/run.ts';
import { temporaryFolder } from '../folder.ts';
import { entry } from './ledger/contract.ts';

const PEM = { type: 'pkcs8', format: 'pem' } as const;
const SPKI = { type: 'spki', format: 'pem' } as const;

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const secret = privateKey.export(PEM).toString();
  const key = signingKey(secret);
  if (!key.ok) throw new Error(key.error);
  return { key: key.value, secret, open: publicKey.export(SPKI).toString() };
}

/** A repository and a ledger whose head is anchored by whoever has a key, or none. */
async function place() {
  const cwd = temporaryFolder('signed');
  const repository = join(cwd, 'anchors.git');
  await git(cwd, ['init', '--quiet', '--bare', repository]);
  const ledger = memoryLedger('shop');
  const plain = gitAnchors(repository, null);
  const anchor = async (key: SigningKey | null) => {
    await ledger.append([entry((await ledger.head()).seq + 1)]);
    const store: AnchorStore = key ? signedAnchors(plain, key) : plain;
    const anchoring = createAnchoring({ ledger, store, warn: () => {} });
    await anchoring.tick(1_000 + (await ledger.head()).seq);
    expect(anchoring.status().trouble).toBe(null);
  };
  /** With the export, the repository and public keys: what an auditor has. */
  const verify = async (...keys: readonly string[]) => {
    writeFileSync(join(cwd, 'export.jsonl'), `${(await ledger.texts()).join('\n')}\n`);
    for (const [i, pem] of keys.entries()) writeFileSync(join(cwd, `${i}.pub`), pem);
    const named = keys.length > 0 ? ['--public-key', ...keys.map((_, i) => `${i}.pub`)] : [];
    const args = ['ledger', 'verify', '--file', 'export.jsonl', '--anchor', repository, ...named, '--json'];
    const { exit, out, err } = await runCli(args, { cwd });
    return { exit, err, ...(JSON.parse(out) as { signed?: number | null; breaks: { message: string }[] }) };
  };
  return { cwd, repository, ledger, plain, anchor, verify };
}

function written(dir: string, text: string): string {
  writeFileSync(join(dir, 'x.pub'), text);
  return 'x.pub';
}

describe('anchors that are signed', () => {
  it('ANCHOR-8: whoever has the public key alone verifies them, those before the first signature left out', async () => {
    const [own, other] = [pair(), pair()];
    const p = await place();
    await p.anchor(null);
    expect(await p.verify(own.open)).toMatchObject({
      exit: 1,
      signed: null,
      breaks: [{ message: 'no anchor is signed' }],
    });
    await p.anchor(own.key);
    await p.anchor(own.key);
    expect(await p.verify(own.open)).toMatchObject({ exit: 0, signed: 3, breaks: [] });
    expect(await p.verify()).toMatchObject({ exit: 0, breaks: [] });
    expect(await p.verify(other.open)).toMatchObject({
      exit: 1,
      signed: null,
      breaks: [{ message: expect.stringContaining('record 2 is not signed by a key that was given') }],
    });
    // A new key is used from some day on: both are given.
    await p.anchor(other.key);
    expect(await p.verify(own.open, other.open)).toMatchObject({ exit: 0, signed: 4 });
    expect((await p.verify(own.open)).exit).toBe(1);
  });

  it('ANCHOR-8: one that was written without the key, or whose signature is of something else, is found', async () => {
    const own = pair();
    const p = await place();
    await p.anchor(own.key);
    await p.anchor(null);
    expect(await p.verify(own.open)).toMatchObject({
      exit: 1,
      signed: 1,
      breaks: [{ message: 'the anchor of record 2 is not signed, and earlier ones are' }],
    });
    const q = await place();
    await q.anchor(own.key);
    const kept = await q.plain.read('shop', 1);
    if (!kept.ok) throw new Error(kept.error.message);
    await q.ledger.append([entry(2)]);
    const { signature, key } = kept.value.anchors[0]!;
    const head = await q.ledger.head();
    expect(
      (await q.plain.write({ ledger: 'shop', ...head, at: 1_001, signature, key }, kept.value.tips)).ok,
    ).toBe(true);
    expect(await q.verify(own.open)).toMatchObject({
      exit: 1,
      breaks: [{ message: expect.stringContaining('record 2 is not signed by a key') }],
    });
  });

  it.each<[string, (dir: string) => string]>([
    ['no file', () => 'nowhere.pub'],
    ['not a key', (dir) => written(dir, 'words')],
    ['the private key', (dir) => written(dir, pair().secret)],
    [
      'another kind',
      (dir) => {
        const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        return written(dir, publicKey.export(SPKI).toString());
      },
    ],
  ])('ANCHOR-9: a key that cannot check is refused before anything is read: %s', async (_, file) => {
    const { cwd, repository } = await place();
    const args = ['ledger', 'verify', '--file', 'none', '--anchor', repository, '--public-key', file(cwd)];
    const { exit, err, out } = await runCli(args, { cwd });
    expect([exit, err, out]).toEqual([2, expect.stringMatching(/BAD_PUBLIC_KEY.*\nNext: /), '']);
    expect(err).not.toContain('BEGIN');
  });

  it('ANCHOR-9: a key that cannot sign ends the start, and is not repeated', () => {
    const of = (value: string | undefined) => anchorKeyOf({ anchorKey: { env: 'KEY' } }, { KEY: value });
    const { secret, open } = pair();
    expect(of(secret)).toMatchObject({ ok: true });
    expect(checkingKey(open)).toMatchObject({ ok: true });
    for (const wrong of [
      open,
      'hunter2-words',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(PEM).toString(),
    ]) {
      const answer = of(wrong);
      expect(answer).toMatchObject({
        ok: false,
        error: expect.stringContaining('spec.ledger.signing.key: it is'),
      });
      expect(JSON.stringify(answer)).not.toContain('hunter2');
    }
    expect(of(undefined)).toMatchObject({ ok: false, error: 'the environment variable KEY is not set' });
    expect(anchorKeyOf({ anchorKey: null }, {})).toEqual({ ok: true, value: null });
  });
});
