import { describe, expect, it } from 'vitest';
import { bytesPerRelease } from '../../test/fleet-loop.ts';
import { createHouse } from '../../test/sim/harness.ts';
import { upcast } from '../delivery/event-versions.ts';
import type { EventData } from '../delivery/events.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { QUERIES_TYPE, type Queries, queriesDigest, queriesEntry, queriesFold } from './queries.ts';

const recordOf = (queries: readonly string[], seq: number): LedgerRecord => ({
  ...queriesEntry(queriesFold.initial, { asked: queriesDigest(queries), queries }, seq)!,
  ledger: 't',
  seq,
  prev: '',
  hash: '',
});
const folded = (lists: readonly (readonly string[])[]): Queries =>
  lists.map((list, i) => recordOf(list, i + 1)).reduce(queriesFold.apply, queriesFold.initial);

describe('queries on record', () => {
  it('LEDGER-22: what was asked already is not stored again; what was forgotten is', () => {
    const asked = (queries: readonly string[]) => ({ asked: queriesDigest(queries), queries });
    const known = folded([['a', 'b'], ['c']]);
    expect(queriesEntry(known, asked(['a', 'b']), 9)).toBeNull();
    expect(queriesEntry(known, asked(['b', 'a']), 9)).toMatchObject({
      type: QUERIES_TYPE,
      data: { digest: queriesDigest(['b', 'a']), queries: ['b', 'a'] },
    });
    const later = folded([['a', 'b'], ...Array.from({ length: 1_000 }, (_, i) => [`${i}`])]);
    expect(later.kept.size).toBe(1_000);
    expect(queriesEntry(later, asked(['a', 'b']), 9)).not.toBeNull();
  });

  it('LEDGER-22: whatever a look rests on is on record before it, once', async () => {
    const house = await createHouse({ seed: 4, dwell: '30s', warmUp: '10s' });
    house.world.push('1.0.0', { errorRate: 0 });
    await house.until(() => house.state().state === 'Stable');
    house.world.push('1.1.0', { errorRate: 0 });
    await house.until(() => house.state().stable?.version === '1.1.0');
    const texts = new Map<string, readonly string[]>();
    let looks = 0;
    for (const { type, v, data } of await house.ledger.read()) {
      if (type === QUERIES_TYPE) {
        const { digest, queries } = data as { digest: string; queries: string[] };
        expect([queriesDigest(queries), texts.has(digest)]).toEqual([digest, false]);
        texts.set(digest, queries);
      }
      if (type !== 'release.looked') continue;
      looks++;
      const { asked } = upcast(type, v, data).data as EventData<'release.looked'>;
      expect(texts.get(asked)!.join(' ')).toContain('slo:burn_rate');
    }
    expect(looks).toBeGreaterThan(10);
    expect(texts.size).toBeLessThan(looks / 2);
  });

  it('LEDGER-22: a release takes as much of the ledger beside many others as beside few', async () => {
    const [few, many] = [await bytesPerRelease(5), await bytesPerRelease(60)];
    expect(many.bytes).toBeLessThan(1.1 * few.bytes);
    expect(many.bytes).toBeLessThan(90 * 1_024);
  });
});

describe('events of earlier versions', () => {
  it('LEDGER-23: a look of version 1, with its queries in it, is read as one that names them', () => {
    const data = {
      release: 'checkout.prod.1',
      step: 0,
      intervals: { s: [{ step: 0, canary: { total: 9, bad: 1 }, stable: null }] },
      cursors: { a: [5, 7] },
      burn: { fast: 1, slow: null },
      burnArmed: true,
      verdict: { verdict: 'inconclusive', reasons: ['NO_DATA'], numbers: [] },
    };
    const queries = ['up', 'down'];
    const asked = queriesDigest(queries);
    expect(upcast('release.looked', 1, { ...data, queries })).toEqual({
      type: 'release.looked',
      data: { ...data, asked },
    });
    expect(upcast('release.looked', 2, { ...data, asked })).toEqual({
      type: 'release.looked',
      data: { ...data, asked },
    });
    expect(() => upcast('release.looked', 3, { ...data, asked })).toThrow('has version 3');
    expect(() => upcast('release.looked', 2, { ...data, queries })).toThrow('asked');
  });
});
