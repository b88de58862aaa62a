import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bareRepository, type TestRepository } from '../../../../test/contract/forge/repository.ts';
import { MAX_TEXT_BYTES } from '../../forge.ts';
import { gitAnchors } from '../git/anchors.ts';
import { gitDesired } from '../git/desired.ts';
import { localForge } from './forge.ts';

const LANES = [{ service: 'books', environment: 'prod', branch: 'main' }];
const FILE = 'environments/prod/books.yaml';
const opened: TestRepository[] = [];
afterEach(() => {
  for (const repository of opened.splice(0)) repository.close();
});

async function forgeWithPull(files: Readonly<Record<string, string>>) {
  const repository = await bareRepository({ 'README.md': 'x\n' });
  opened.push(repository);
  await repository.push('b', files);
  const forge = localForge({
    repository: repository.remote,
    file: join(repository.remote, '..', 'pulls.json'),
    branch: 'main',
    check: 'c',
    webhookSecret: 's',
    now: () => 0,
  });
  const made = await forge.open({ title: 't', body: '', base: 'main', head: 'b', labels: [] });
  if (!made.ok) throw new Error(made.error.message);
  return { repository, forge, pull: made.value };
}

/** Does something while Git fails at everything, as where a machine has no process, no time or no disk left for it. */
async function whileGitFails<T>({ remote }: TestRepository, work: () => Promise<T>): Promise<T> {
  renameSync(remote, `${remote}.away`);
  try {
    return await work();
  } finally {
    renameSync(`${remote}.away`, remote);
  }
}
const AWAY = { ok: false, error: { code: 'UNAVAILABLE' } };

describe('Git that fails', () => {
  it('FORGE-32: closes no pull request, removes no file and is no conflict: it is a forge that does not answer', async () => {
    const { repository, forge, pull } = await forgeWithPull({ [FILE]: 'x\n' });
    await whileGitFails(repository, async () => {
      expect(await forge.openPulls()).toMatchObject(AWAY);
      expect(await forge.pull(pull.number)).toMatchObject(AWAY);
      expect(await forge.text(pull.head.sha, FILE)).toMatchObject(AWAY);
      expect(await forge.list(pull.head.sha, 'environments')).toMatchObject(AWAY);
      expect(await forge.files(pull)).toMatchObject(AWAY);
      expect(await forge.merge(pull)).toMatchObject(AWAY);
      expect(await forge.close(pull.number)).toMatchObject(AWAY);
    });
    expect(await forge.openPulls()).toMatchObject({ ok: true, value: [{ number: 1, state: 'open' }] });
    expect(await forge.text(pull.head.sha, FILE)).toEqual({ ok: true, value: 'x\n' });
    expect(await forge.text(pull.base.sha, FILE)).toEqual({ ok: true, value: null });
    expect(await forge.text('no-such-branch', FILE)).toEqual({ ok: true, value: null });
  });

  it('FORGE-32: a branch whose commit cannot be read is not one that was deleted', async () => {
    const { repository, forge } = await forgeWithPull({ 'x.md': 'x\n' });
    writeFileSync(join(repository.remote, 'refs/heads/b'), `${'1'.repeat(40)}\n`);
    expect(await forge.openPulls()).toMatchObject({ ok: true, value: [{ number: 1, state: 'open' }] });
  });

  it('FORGE-32: is no branch that is gone, and no ledger without an anchor', async () => {
    const { repository } = await forgeWithPull({ 'x.md': 'x\n' });
    const desired = gitDesired(repository.remote, LANES);
    expect((await desired.read())?.problems).toEqual([]);
    const anchors = gitAnchors(repository.remote, null);
    const anchor = { ledger: 'l', seq: 1, hash: 'h', at: 1 };
    expect(await anchors.write(anchor, [])).toMatchObject({ ok: true });
    await whileGitFails(repository, async () => {
      expect((await desired.read())?.problems).toMatchObject([
        { code: 'UNREADABLE', message: expect.stringContaining('cannot be read now') },
      ]);
      expect(await anchors.read('l', 10)).toMatchObject(AWAY);
    });
    expect((await desired.read())?.problems).toEqual([]);
    expect(await anchors.read('l', 10)).toMatchObject({ ok: true, value: { anchors: [anchor] } });
  });

  it('FORGE-33: a file that is longer than anybody reads is told from one that is not there', async () => {
    const { forge, pull } = await forgeWithPull({ [FILE]: 'x'.repeat(MAX_TEXT_BYTES + 1) });
    expect(await forge.text(pull.head.sha, FILE)).toMatchObject({
      ok: false,
      error: { code: 'TOO_LARGE', message: expect.stringContaining(`${MAX_TEXT_BYTES} bytes`) },
    });
  });
});
