import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { entry, ledgerContract } from '../../test/contract/ledger/contract.ts';
import { journalContract } from '../../test/contract/ledger/journal-contract.ts';
import { temporaryFolder } from '../../test/folder.ts';
import { openAsBefore } from '../../test/ledger-before.ts';
import { canonicalText } from '../kit/canonical.ts';
import { sha256 } from '../kit/digest.ts';
import { memoryLedger } from './adapters/memory/ledger.ts';
import { historyHere, sqliteHistory } from './adapters/sqlite/history.ts';
import { sqliteLedger } from './adapters/sqlite/ledger.ts';
import { guarded } from './guarded.ts';
import { openJournal } from './journal.ts';
import type { LedgerPort, SharedLedger } from './port.ts';
import { EMPTY_HEAD, type Head, type LedgerRecord, seal, verifyChain } from './record.ts';

const scratch = () => join(temporaryFolder('ledger'), 'ledger.sqlite');
const open: LedgerPort[] = [];
const keep = (ledger: LedgerPort) => {
  open.push(ledger);
  return ledger;
};
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close().catch(() => undefined);
});

ledgerContract('memory', async () => keep(memoryLedger('t')));
ledgerContract('sqlite', async () => keep(await sqliteLedger({ file: scratch(), id: 't' })));
journalContract('memory', async () => keep(memoryLedger('t')));
journalContract('sqlite', async () => keep(await sqliteLedger({ file: scratch(), id: 't' })));

describe('verification', () => {
  const chain = async (n: number) => {
    const ledger = memoryLedger('t');
    await ledger.append(Array.from({ length: n }, (_, i) => entry(i)));
    return [...(await ledger.texts())];
  };

  /** A record changed by somebody who knows how records are sealed: its own hash fits. */
  const resealed = (
    texts: readonly string[],
    at: number,
    change: Partial<LedgerRecord>,
    after?: Head,
  ): string => {
    const record = { ...(JSON.parse(texts[at]!) as LedgerRecord), ...change };
    const before = at === 0 ? EMPTY_HEAD : (JSON.parse(texts[at - 1]!) as LedgerRecord);
    return seal(record.ledger, after ?? before, record).text;
  };
  const respelled = (text: string): string => JSON.stringify(JSON.parse(text), null, 1);

  it('LEDGER-5: any changed byte is found, and the record is named', async () => {
    const texts = await chain(8);
    fc.assert(
      fc.property(fc.nat(7), fc.nat(), fc.integer({ min: 1, max: 90 }), (line, place, add) => {
        const text = texts[line]!;
        const at = place % text.length;
        const changed = String.fromCharCode(33 + ((((text.charCodeAt(at) - 33 + add) % 94) + 94) % 94));
        fc.pre(changed !== text[at]);
        const result = verifyChain(
          texts.map((t, i) => (i === line ? t.slice(0, at) + changed + t.slice(at + 1) : t)),
        );
        expect(result.ok).toBe(false);
        expect(result.breaks[0]?.line).toBeLessThanOrEqual(line + 2);
      }),
      { numRuns: 300 },
    );
  });

  it('LEDGER-5: what is moved within a text is found, though every byte of it is there', async () => {
    const texts = await chain(3);
    const hash = /,"hash":"[0-9a-f]{64}"/.exec(texts[1]!)![0];
    const without = texts[1]!.replace(hash, '');
    const moved = [
      without.replace('"data":{', `"data":{${hash.slice(1)},`),
      without.replace(/\}$/, `${hash}}`),
      without.replace(',"prev"', `${hash},"prev"`),
      `{${hash.slice(1)},${without.slice(1)}`,
      texts[1]!.replace('"cause":null', '"cause": null'),
    ];
    for (const text of moved) {
      const codes = verifyChain([texts[0]!, text, texts[2]!]).breaks.map((b) => b.code);
      expect(codes, text).toContain(text === moved[0] ? 'NOT_A_RECORD' : 'CHANGED');
    }
  });

  it('LEDGER-5: whatever subjects, data and text look like, what was sealed verifies', () => {
    const tricky = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('","hash":"', '\\', '"', ',"ledger":"x"', '{"actor":', '\u0000'),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(tricky, tricky, fc.jsonValue()), { minLength: 1, maxLength: 6 }),
        (made) => {
          let head: Head = EMPTY_HEAD;
          const texts = made.map(([subject, id, data], i) => {
            const { record, text } = seal(
              'l"\\',
              head,
              entry(i, { subject, actor: { id, kind: 'k' }, data }),
            );
            head = record;
            const { hash, ...open } = JSON.parse(text) as LedgerRecord;
            expect(canonicalText({ ...open, hash })).toBe(text);
            expect(sha256(canonicalText(open))).toBe(hash);
            return text;
          });
          expect(verifyChain(texts)).toMatchObject({ ok: true, records: made.length });
        },
      ),
    );
  });

  it.each([
    ['dropped', (t: string[]) => t.toSpliced(3, 1), 'GAP'],
    ['swapped', (t: string[]) => [...t.slice(0, 3), t[4]!, t[3]!, ...t.slice(5)], 'GAP'],
    ['doubled', (t: string[]) => t.toSpliced(3, 0, t[3]!), 'GAP'],
    ['replaced by nonsense', (t: string[]) => t.toSpliced(3, 1, 'nonsense'), 'NOT_A_RECORD'],
    ['dropped from the beginning', (t: string[]) => t.slice(1), 'GAP'],
    ['of another ledger', (t: string[]) => t.with(3, resealed(t, 3, { ledger: 'other' })), 'OTHER_LEDGER'],
    ['that says the same in other words', (t: string[]) => t.with(3, respelled(t[3]!)), 'CHANGED'],
  ])('LEDGER-6: a record %s is found', async (_, change, code) => {
    const result = verifyChain(change(await chain(8)));
    expect(result.ok).toBe(false);
    expect(result.breaks.map((b) => b.code)).toContain(code);
  });

  it.each([
    ['in the middle', 3],
    ['at the end but one', 6],
    ['at the beginning', 0],
  ])('LEDGER-6: a record rewritten %s with a hash that fits is found by the one after it', async (_, at) => {
    const texts = await chain(8);
    const { breaks } = verifyChain(texts.with(at, resealed(texts, at, { data: 'rewritten' })));
    expect(breaks.map(({ seq, code }) => ({ seq, code }))).toEqual([{ seq: at + 2, code: 'WRONG_PREVIOUS' }]);
  });

  it('LEDGER-6: a first record that follows something is found: a chain begins with 64 zeros', async () => {
    const [first] = await chain(1);
    const { breaks } = verifyChain([resealed([first!], 0, {}, { seq: 0, hash: '1'.repeat(64) })]);
    expect(breaks.map((b) => b.code)).toEqual(['WRONG_PREVIOUS']);
  });

  it('LEDGER-6: one break is told once: the records after it follow each other', async () => {
    const texts = await chain(8);
    const { breaks } = verifyChain(texts.toSpliced(3, 1));
    expect(breaks.map(({ line, seq, code }) => ({ line, seq, code }))).toEqual([
      { line: 4, seq: 5, code: 'GAP' },
    ]);
  });
});

/** Runs a script beside this process; what it says once it is there. */
async function elsewhere(script: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}
const moduleOf = (file: string) => JSON.stringify(join(import.meta.dirname, file));
const opening = (file: string, then: string) => `
  import { sqliteLedger } from ${moduleOf('adapters/sqlite/ledger.ts')};
  const ledger = await sqliteLedger({ file: ${JSON.stringify(file)}, id: 't' }).catch((e) => e);
  console.log(ledger.code ?? 'open');
  ${then}`;

describe('the SQLite ledger', () => {
  it('LEDGER-7: a writer in another process that is killed frees its place, and leaves nothing that keeps it', async () => {
    const file = scratch();
    const { child, said } = await elsewhere(opening(file, 'setInterval(() => {}, 1_000);'));
    expect(said).toBe('open');
    await expect(sqliteLedger({ file, id: 't' })).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const next = keep(await sqliteLedger({ file, id: 't' }));
    expect(await next.append([entry(1)])).toMatchObject([{ seq: 1 }]);
    const refused = await elsewhere(opening(file, ''));
    expect(refused.said).toBe('LEDGER_LOCKED');
  });

  it('LEDGER-7: a server of before is refused while one of now lives, in this process and in another', async () => {
    const file = scratch();
    const ledger = await sqliteLedger({ file, id: 't' });
    await ledger.append([entry(1)]);
    expect(() => openAsBefore(file)).toThrow('locked');
    const old = await elsewhere(`
      import { openAsBefore } from ${moduleOf('../../test/ledger-before.ts')};
      try { openAsBefore(${JSON.stringify(file)}); console.log('open'); }
      catch (e) { console.log(e.message); }`);
    expect(old.said).toContain('locked');
    // The reader alone keeps nobody out for good.
    await ledger.history.page({ limit: 1 });
    await ledger.close();
    openAsBefore(file).close();
  });

  it('LEDGER-7: one of now is refused while a server of before lives, and takes up what that one wrote', async () => {
    const file = scratch();
    const before = openAsBefore(file);
    const { record, text } = seal('t', EMPTY_HEAD, entry(1));
    before.exec("INSERT INTO meta VALUES ('ledger', 't')");
    before
      .prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?)')
      .run(record.seq, record.type, record.subject, record.hash, text);
    await expect(sqliteLedger({ file, id: 't' })).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    expect(() => historyHere(file)).toThrow(expect.objectContaining({ code: 'LEDGER_LOCKED' }));
    before.close();
    const ledger = await sqliteLedger({ file, id: 't' });
    await ledger.append([entry(2)]);
    expect(await ledger.history.page({ limit: 5, to: 1_001 })).toEqual([text]);
    await ledger.close();
    // And back: what was added to the schema does not keep it from writing.
    const again = openAsBefore(file);
    const head = again
      .prepare('SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1')
      .get() as never as Head;
    const third = seal('t', head, entry(3));
    again
      .prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?)')
      .run(3, 'test', 'odd', third.record.hash, third.text);
    again.close();
    const last = keep(await sqliteLedger({ file, id: 't' }));
    expect(await last.history.verify()).toMatchObject({ ok: true, records: 3 });
    expect(await last.history.page({ limit: 5, from: 1_003 })).toEqual([third.text]);
  });

  it('LEDGER-15: a ledger with a newer schema is refused, by the writer and by its reader', async () => {
    const file = scratch();
    await (await sqliteLedger({ file, id: 't' })).close();
    const newer = new DatabaseSync(file);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    const refused = { code: 'LEDGER_NEWER', message: expect.stringContaining('schema 99') };
    await expect(sqliteLedger({ file, id: 't' })).rejects.toMatchObject(refused);
    const history = sqliteHistory(file);
    await expect(history.page({ limit: 1 })).rejects.toMatchObject(refused);
    await history.close();
  });

  it('LEDGER-16: what is asked of a time is found in the order of records, also where a clock was set back', async () => {
    const file = scratch();
    const ledger = keep(await sqliteLedger({ file, id: 't' }));
    // The clock is set back once, across the records that share a span.
    const at = (i: number) => 100_000 + 10 * i - (i >= 1_500 ? 8_000 : 0);
    for (let i = 0; i < 3_000; i += 500)
      await ledger.append(Array.from({ length: 500 }, (_, n) => entry(i + n, { at: at(i + n) })));
    const seqs = Array.from({ length: 3_000 }, (_, i) => i + 1);
    for (const [from, to] of [
      [0, 108_000],
      [112_000, 114_000],
      [121_000, 999_999],
      [0, 50],
    ] as const) {
      const found = seqs.filter((seq) => at(seq - 1) >= from && at(seq - 1) <= to);
      const page = async (more: object) =>
        (await ledger.history.page({ from, to, limit: 400, ...more })).map(
          (text) => (JSON.parse(text) as LedgerRecord).seq,
        );
      expect(await page({})).toEqual(found.toReversed().slice(0, 400));
      expect(await page({ after: 1_100 })).toEqual(found.filter((seq) => seq > 1_100).slice(0, 400));
      expect(await page({ before: 1_600 })).toEqual(
        found
          .filter((seq) => seq < 1_600)
          .toReversed()
          .slice(0, 400),
      );
    }
  });

  it('LEDGER-17: pages are given while the chain is verified, and a thread that ends fails what it was asked', async () => {
    const ledger = keep(await sqliteLedger({ file: scratch(), id: 't' }));
    await ledger.append(Array.from({ length: 3_000 }, (_, i) => entry(i)));
    const order: string[] = [];
    const verified = ledger.history.verify().then(() => order.push('verified'));
    await ledger.history.page({ limit: 1 }).then(() => order.push('page'));
    await verified;
    expect(order).toEqual(['page', 'verified']);
    const asked = ledger.history.verify();
    const failed = expect(asked).rejects.toMatchObject({ code: 'LEDGER_FAILED' });
    await ledger.history.close();
    await failed;
    expect(await ledger.history.page({ limit: 1 })).toHaveLength(1);
  });

  it('LEDGER-7: a second writer is refused while the first lives, and let in after it', async () => {
    const file = scratch();
    const first = await sqliteLedger({ file, id: 't' });
    await first.append([entry(1)]);
    await expect(sqliteLedger({ file, id: 't' })).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    await first.close();
    const second = keep(await sqliteLedger({ file, id: 'other' }));
    expect(second.id).toBe('t');
    expect(await second.append([entry(2)])).toMatchObject([{ seq: 2 }]);
  });

  it('LEDGER-8: a full disk refuses the record, keeps what is there, and says so', async () => {
    const file = scratch();
    const ledger = keep(await sqliteLedger({ file, id: 't', maxPages: 12 }));
    const big = { text: 'x'.repeat(4_000) };
    let thrown: unknown;
    let written = 0;
    for (let i = 0; i < 100 && thrown === undefined; i++)
      await ledger.append([entry(i, { data: big })]).then(
        () => written++,
        (error: unknown) => {
          thrown = error;
        },
      );
    expect(thrown).toMatchObject({ name: 'LedgerUnavailable', code: 'LEDGER_FULL' });
    expect(await ledger.read()).toHaveLength(written);
    expect(verifyChain(await ledger.texts()).ok).toBe(true);
  });

  it('LEDGER-8: a place that cannot be written is refused at once', async () => {
    await expect(sqliteLedger({ file: '/proc/sluice/ledger.sqlite', id: 't' })).rejects.toMatchObject({
      name: 'LedgerUnavailable',
      code: 'LEDGER_READ_ONLY',
    });
  });
});

describe('a ledger that is damaged', () => {
  const damaged = async (text: string) => {
    const file = scratch();
    const ledger = await sqliteLedger({ file, id: 't' });
    await ledger.append([1, 2, 3].map((i) => entry(i)));
    await ledger.close();
    const database = new DatabaseSync(file);
    database.prepare('UPDATE records SET text = ? WHERE seq = 3').run(text);
    database.close();
    return file;
  };

  it.each([
    ['no JSON', 'x', /record 3 of the ledger .*ledger\.sqlite is damaged: it is not JSON/],
    ['half of it', '{"actor":{"id":', /record 3 .* it is not JSON/],
    ['no object', 'null', /record 3 .* it is not an object/],
    ['another object', '{"seq":3,"v":1}', /record 3 .* it has no ledger/],
    ['another record', seal('t', EMPTY_HEAD, entry(1)).text, /it says that it is record 1/],
  ])(
    'LEDGER-24: a last record that is %s is named with its file, and what to do',
    async (_, text, message) => {
      const file = await damaged(text);
      const ledger = keep(await sqliteLedger({ file, id: 't' }));
      const refused = { code: 'LEDGER_DAMAGED', next: expect.stringContaining('sluice ledger verify') };
      await expect(openJournal(ledger, [])).rejects.toMatchObject(refused);
      await expect(openJournal(ledger, [])).rejects.toThrow(message);
      expect((await ledger.history.verify()).ok).toBe(false);
    },
  );

  it('LEDGER-24: a file that is no database at all says so', async () => {
    const file = scratch();
    writeFileSync(file, 'what is this'.repeat(1_000));
    await expect(sqliteLedger({ file, id: 't' })).rejects.toMatchObject({ code: 'LEDGER_DAMAGED' });
  });
});

describe('a chain that was found broken', () => {
  const broken = async (more: Partial<SharedLedger> = {}) => {
    const whole = memoryLedger('t');
    await whole.append([1, 2, 3].map((i) => entry(i)));
    const texts = [...(await whole.texts())].with(1, (await whole.texts())[1]!.replace('"v":1', '"v":2'));
    const said: string[] = [];
    const store = { ...memoryLedger('t', texts), ...more };
    return { said, ...guarded(store, (why) => said.push(why)) };
  };

  it('LEDGER-25: whoever walks it, nothing is written from then on, and that is told once', async () => {
    const { ledger, chain, said } = await broken();
    await ledger.append([entry(4)]);
    expect(chain.broken()).toBeNull();
    await Promise.all([ledger.history.verify(), ledger.history.verify()]);
    await ledger.history.verify();
    expect(said).toEqual(['the chain of the ledger is broken: record 2 was changed after it was written']);
    expect(chain.broken()).toBe(said[0]);
    await expect(ledger.append([entry(5)])).rejects.toMatchObject({
      code: 'LEDGER_BROKEN',
      message: said[0],
    });
    expect((await ledger.head()).seq).toBe(4);
    expect(await ledger.read({ after: 3 })).toHaveLength(1);
  });

  it('LEDGER-25: who leads a shared one keeps the lead, so that no other decides on it; who follows takes it no more', async () => {
    const lead = { lead: async () => true, leader: async () => null };
    const leader = await broken(lead);
    expect(await (leader.ledger as SharedLedger).lead()).toBe(true);
    leader.chain.found('x');
    expect(await (leader.ledger as SharedLedger).lead()).toBe(true);
    const follower = await broken(lead);
    follower.chain.found('x');
    expect(await (follower.ledger as SharedLedger).lead()).toBe(false);
  });
});
