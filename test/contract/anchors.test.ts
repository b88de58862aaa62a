import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorWarnings, createAnchoring } from '../../src/controller/anchoring.ts';
import { gitAnchors, readAnchors } from '../../src/gitops/adapters/git/anchors.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { remoteCopy } from '../../src/gitops/adapters/git/remote.ts';
import type { AnchorStore } from '../../src/gitops/anchors.ts';
import { SYSTEM } from '../../src/kit/actor.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import type { LedgerPort } from '../../src/ledger/port.ts';
import { EMPTY_HEAD, type Entry, type LedgerRecord, seal } from '../../src/ledger/record.ts';
import { temporaryFolder } from '../folder.ts';

const REF = 'refs/sluice/anchors/shop';
const WHO = ['-c', 'user.name=x', '-c', 'user.email=x@localhost'];
const entry = (n: number): Entry => ({
  at: n,
  type: 'x',
  v: 1,
  subject: 's',
  actor: SYSTEM,
  cause: null,
  data: { n },
});
const entries = (count: number, from = 1): Entry[] =>
  Array.from({ length: count }, (_, i) => entry(from + i));

async function bare(name = 'anchors'): Promise<string> {
  const home = temporaryFolder(name);
  const repository = join(home, 'repository.git');
  await git(home, ['init', '--quiet', '--bare', repository]);
  return repository;
}

/** The same records with one of them changed, and every hash from there on made anew: a chain that verifies. */
function rehashed(texts: readonly string[], changed: number): string[] {
  let head = EMPTY_HEAD;
  return texts.map((text) => {
    const record = JSON.parse(text) as LedgerRecord;
    const data = record.seq === changed ? { n: 'forged' } : record.data;
    const sealed = seal(record.ledger, head, { ...record, data });
    head = { seq: sealed.record.seq, hash: sealed.record.hash };
    return sealed.text;
  });
}

/** A server beside a ledger: it counts what it asks of Git. */
function server(ledger: LedgerPort, store: AnchorStore) {
  const warned: string[] = [];
  let asked = 0;
  const counted: AnchorStore = {
    read: (...args) => {
      asked++;
      return store.read(...args);
    },
    write: (...args) => {
      asked++;
      return store.write(...args);
    },
  };
  const anchoring = createAnchoring({ ledger, store: counted, warn: (_, message) => warned.push(message) });
  return { anchoring, warned, asked: () => asked };
}

const tipOf = (repository: string, ref = REF) =>
  git(repository, ['rev-parse', '--verify', '--quiet', ref]).then(
    (text) => text.trim(),
    () => null,
  );
const objects = async (repository: string) =>
  (await git(repository, ['count-objects', '-v'])).split('\n').find((line) => line.startsWith('count:'));
const anchors = async (repository: string) => {
  const found = await readAnchors(repository);
  if (!found.ok) throw new Error(found.error);
  return found.value;
};

describe('anchors in the repository itself', () => {
  it('ANCHOR-1: each follows the one before and names ledger, seq, hash and time; none is replaced', async () => {
    const repository = await bare();
    const ledger = memoryLedger('shop');
    const { anchoring } = server(ledger, gitAnchors(repository, null));
    const heads: object[] = [];
    for (let n = 1; n <= 3; n++) {
      await ledger.append(entries(2));
      heads.unshift({ ledger: 'shop', ...(await ledger.head()), at: n });
      await anchoring.tick(n);
    }
    expect(await anchors(repository)).toMatchObject(heads);
    expect((await git(repository, ['rev-list', '--count', REF])).trim()).toBe('3');
    expect(anchoring.status()).toEqual({ anchored: 6, trouble: null });
  });

  it('ANCHOR-2: at rest nothing is asked of Git and no object is made, after a restart neither', async () => {
    const repository = await bare();
    const ledger = memoryLedger('shop');
    const store = gitAnchors(repository, null);
    const first = server(ledger, store);
    await first.anchoring.tick(1);
    expect([first.asked(), await tipOf(repository)]).toEqual([0, null]);
    await ledger.append(entries(2));
    await first.anchoring.tick(2);
    const [asked, made] = [first.asked(), await objects(repository)];
    for (let n = 3; n < 20; n++) await first.anchoring.tick(n);
    expect([first.asked(), await objects(repository)]).toEqual([asked, made]);
    const second = server(ledger, store);
    await second.anchoring.tick(20);
    expect(await objects(repository)).toBe(made);
    expect(second.anchoring.status()).toEqual({ anchored: 2, trouble: null });
  });

  /** What was done to six records while no server ran; the head was anchored at four and at six. */
  const attacks: [string, (texts: string[]) => string[], string][] = [
    ['rehashed as a whole', (texts) => rehashed(texts, 1), 'CHANGED'],
    ['rehashed from the last anchored record on', (texts) => rehashed(texts, 6), 'CHANGED'],
    ['cut', (texts) => texts.slice(0, 5), 'GAP'],
    ['cut and grown again', (texts) => rehashed([...texts.slice(0, 5), texts[5]!], 6), 'CHANGED'],
    [
      'changed where it was anchored, under the old hash',
      (texts) => texts.with(5, texts[5]!.replace('"n":6', '"n":7')),
      'CHANGED',
    ],
    ['emptied and begun anew', (texts) => rehashed(texts.slice(0, 1), 1), 'GAP'],
  ];
  it.each(attacks)(
    'ANCHOR-3: %s while the server was down: nothing is anchored any more, and it is said',
    async (_, attack, code) => {
      const repository = await bare();
      const before = memoryLedger('shop');
      const honest = server(before, gitAnchors(repository, null));
      await before.append(entries(4));
      await honest.anchoring.tick(1);
      await before.append(entries(2, 5));
      await honest.anchoring.tick(2);
      const tip = await tipOf(repository);
      const ledger = memoryLedger('shop', attack([...(await before.texts())]));
      const { anchoring, warned } = server(ledger, gitAnchors(repository, null));
      await anchoring.tick(3);
      expect(anchoring.status()).toMatchObject({ anchored: null, trouble: { code, tampered: true } });
      for (let n = 4; n < 10; n++) {
        await ledger.append([entry(n)]);
        await anchoring.tick(n);
      }
      expect(await tipOf(repository)).toBe(tip);
      expect(anchoring.status()).toMatchObject({ anchored: null, trouble: { tampered: true } });
      expect(warned).toEqual(['anchoring stopped: the ledger is not the one that was anchored']);
      expect(anchorWarnings(anchoring.status())).toHaveLength(1);
    },
  );

  it('ANCHOR-3: records after the last anchor that do not follow each other are not anchored either', async () => {
    const repository = await bare();
    const before = memoryLedger('shop');
    await before.append(entries(3));
    await server(before, gitAnchors(repository, null)).anchoring.tick(1);
    await before.append(entries(3, 4));
    const texts = [...(await before.texts())];
    const ledger = memoryLedger('shop', texts.with(4, texts[4]!.replace('"n":5', '"n":50')));
    const { anchoring } = server(ledger, gitAnchors(repository, null));
    await anchoring.tick(2);
    expect(anchoring.status().trouble).toMatchObject({ code: 'CHAIN_BROKEN', tampered: true });
    expect((await anchors(repository)).map((a) => a.seq)).toEqual([3]);
  });

  it('ANCHOR-3: with the ledger put back it goes on, and says so', async () => {
    const repository = await bare();
    const honest = memoryLedger('shop');
    await honest.append(entries(4));
    await server(honest, gitAnchors(repository, null)).anchoring.tick(1);
    let texts = rehashed([...(await honest.texts())], 2);
    const ledger: LedgerPort = {
      ...honest,
      head: () => memoryLedger('shop', texts).head(),
      texts: (options) => memoryLedger('shop', texts).texts(options),
    };
    const { anchoring, warned } = server(ledger, gitAnchors(repository, null));
    await anchoring.tick(2);
    expect(anchoring.status().trouble).not.toBeNull();
    await honest.append(entries(1, 5));
    texts = [...(await honest.texts())];
    await anchoring.tick(3);
    expect(anchoring.status()).toEqual({ anchored: 5, trouble: null });
    expect(warned.at(-1)).toBe('the ledger is anchored again');
  });

  it('ANCHOR-4: an anchor of an earlier version, overwritten each time, is what the first one follows', async () => {
    const repository = await bare();
    const ledger = memoryLedger('shop');
    const tree = (await git(repository, ['hash-object', '-t', 'tree', '-w', '/dev/null'])).trim();
    const old = async () => {
      const message = JSON.stringify({ ledger: 'shop', ...(await ledger.head()), at: 1 });
      const commit = (await git(repository, [...WHO, 'commit-tree', tree, '-m', message])).trim();
      await git(repository, ['update-ref', REF, commit]);
      return commit;
    };
    await ledger.append(entries(3));
    const predecessor = await old();
    await ledger.append(entries(1, 4));
    await server(ledger, gitAnchors(repository, null)).anchoring.tick(5);
    expect((await git(repository, ['rev-parse', `${REF}^`])).trim()).toBe(predecessor);
    expect((await anchors(repository)).map((a) => a.seq)).toEqual([4, 3]);
    // One that the chain does not hold is no predecessor.
    await old();
    const forged = memoryLedger('shop', rehashed([...(await ledger.texts())], 4));
    await forged.append(entries(1));
    const { anchoring } = server(forged, gitAnchors(repository, null));
    await anchoring.tick(6);
    expect(anchoring.status().trouble).toMatchObject({ code: 'CHANGED' });
  });

  it('ANCHOR-4: two that write at once: one of them is refused and follows at its next look', async () => {
    const repository = await bare();
    const ledger = memoryLedger('shop');
    await ledger.append(entries(2));
    const store = gitAnchors(repository, null);
    const other = server(ledger, store);
    const raced: AnchorStore = {
      read: store.read,
      write: async (...args) => {
        await other.anchoring.tick(1);
        return store.write(...args);
      },
    };
    const { anchoring } = server(ledger, raced);
    await anchoring.tick(1);
    expect(anchoring.status().trouble).toMatchObject({ code: 'REFUSED', tampered: false });
    await anchoring.tick(2);
    expect(anchoring.status()).toEqual({ anchored: 2, trouble: null });
    expect(await anchors(repository)).toHaveLength(1);
  });

  it.each([
    [
      'an anchor of another ledger',
      JSON.stringify({ ledger: 'else', seq: 1, hash: 'x', at: 1 }),
      'OTHER_LEDGER',
    ],
    ['a commit that is no anchor', 'Hello', 'NOT_AN_ANCHOR'],
  ])('ANCHOR-3: %s in its place is not built upon', async (_, message, code) => {
    const repository = await bare();
    const tree = (await git(repository, ['hash-object', '-t', 'tree', '-w', '/dev/null'])).trim();
    const commit = (await git(repository, [...WHO, 'commit-tree', tree, '-m', message])).trim();
    await git(repository, ['update-ref', REF, commit]);
    const ledger = memoryLedger('shop');
    await ledger.append(entries(1));
    const { anchoring } = server(ledger, gitAnchors(repository, null));
    await anchoring.tick(1);
    expect(anchoring.status().trouble).toMatchObject({ code, tampered: true });
    expect(await tipOf(repository)).toBe(commit);
  });
});

describe('anchors in a repository that lives elsewhere', () => {
  /** A copy of a repository on another machine, and anchors through it. */
  const copyOf = (remote: string) => {
    const directory = join(temporaryFolder('copy'), 'copy.git');
    const copy = remoteCopy({
      directory,
      url: `file://${remote}`,
      authorization: async () => 'Basic eA==',
      pollMs: 60_000,
      now: () => 0,
      warn: () => {},
    });
    return { directory, store: gitAnchors(directory, copy.refs) };
  };

  it('ANCHOR-5: they are pushed there one after the other, by whichever server leads', async () => {
    const remote = await bare('remote');
    const ledger = memoryLedger('shop');
    const [one, two] = [copyOf(remote), copyOf(remote)].map((c) => server(ledger, c.store)) as [
      ReturnType<typeof server>,
      ReturnType<typeof server>,
    ];
    for (const [n, s] of [one, two, one].entries()) {
      await ledger.append(entries(1));
      await s.anchoring.tick(n);
    }
    expect((await anchors(remote)).map((a) => a.seq)).toEqual([3, 2, 1]);
    expect([...one.warned, ...two.warned]).toEqual([]);
  });

  it('ANCHOR-5: a remote that is away is said once, and what was missed is anchored later', async () => {
    const remote = await bare('remote');
    const ledger = memoryLedger('shop');
    const { store } = copyOf(remote);
    let away = true;
    const gone = copyOf(`${remote}.gone`).store;
    const { anchoring, warned } = server(ledger, {
      read: (...args) => (away ? gone : store).read(...args),
      write: (...args) => (away ? gone : store).write(...args),
    });
    for (let n = 1; n < 4; n++) {
      await ledger.append(entries(1));
      await anchoring.tick(n);
    }
    expect(warned).toEqual(['the ledger could not be anchored']);
    expect(anchoring.status().trouble).toMatchObject({ code: 'UNAVAILABLE', tampered: false });
    away = false;
    await anchoring.tick(5);
    expect((await anchors(remote)).map((a) => a.seq)).toEqual([3]);
    expect(anchoring.status().trouble).toBeNull();
  });

  it('ANCHOR-5: a push that is not a fast-forward is refused, never forced, and reported', async () => {
    const remote = await bare('remote');
    const ledger = memoryLedger('shop');
    await ledger.append(entries(1));
    const { store } = copyOf(remote);
    const other = server(ledger, copyOf(remote).store);
    const { anchoring, warned } = server(ledger, {
      read: store.read,
      write: async (...args) => {
        if (!(await tipOf(remote))) await other.anchoring.tick(7);
        return store.write(...args);
      },
    });
    await anchoring.tick(1);
    expect(anchoring.status().trouble).toMatchObject({ code: 'REFUSED' });
    expect(warned).toEqual(['the ledger could not be anchored']);
    expect(await anchors(remote)).toHaveLength(1);
    await anchoring.tick(2);
    expect(anchoring.status().trouble).toBeNull();
  });

  it('ANCHOR-5: the ledger rehashed and a forged anchor pushed on top, or in place, of the others: both are found', async () => {
    const remote = await bare('remote');
    const honest = memoryLedger('shop');
    const here = copyOf(remote);
    const { anchoring } = server(honest, here.store);
    await honest.append(entries(3));
    await anchoring.tick(1);
    await honest.append(entries(1, 4));
    await anchoring.tick(2);
    const texts = rehashed([...(await honest.texts())], 2);
    const { hash } = JSON.parse(texts.at(-1)!) as LedgerRecord;
    const tree = (await git(remote, ['hash-object', '-t', 'tree', '-w', '/dev/null'])).trim();
    const tip = (await tipOf(remote))!;
    const message = JSON.stringify({ ledger: 'shop', seq: 4, hash, at: 9 });
    for (const parents of [['-p', tip], []]) {
      const forged = (await git(remote, [...WHO, 'commit-tree', tree, ...parents, '-m', message])).trim();
      await git(remote, ['update-ref', REF, forged]);
      const ledger = memoryLedger('shop', texts);
      // The server's own copy remembers what was there, even where the remote was rewritten.
      const again = server(ledger, here.store);
      await ledger.append(entries(1));
      await again.anchoring.tick(3);
      expect(again.anchoring.status().trouble).toMatchObject({ code: 'CHANGED', tampered: true });
      expect(await tipOf(remote)).toBe(forged);
    }
  });

  it('ANCHOR-5: anchors that were deleted there come back with the next one', async () => {
    const remote = await bare('remote');
    const ledger = memoryLedger('shop');
    const { anchoring } = server(ledger, copyOf(remote).store);
    await ledger.append(entries(1));
    await anchoring.tick(1);
    await git(remote, ['update-ref', '-d', REF]);
    await ledger.append(entries(1, 2));
    await anchoring.tick(2);
    expect((await anchors(remote)).map((a) => a.seq)).toEqual([2, 1]);
  });
});
