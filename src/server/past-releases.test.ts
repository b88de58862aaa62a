import { describe, expect, it } from 'vitest';
import { releaseShapes, repeated } from '../../test/history.ts';
import { journalOver } from '../../test/journal.ts';
import { releasesOf } from '../controller/history.ts';
import { totalsOf } from '../delivery/summary.ts';
import { memoryLedger } from '../ledger/adapters/memory/ledger.ts';
import { pastReleases } from './past-releases.ts';

describe('releases of the past', () => {
  it('API-15: each is told from its own records as from the whole history of its lane, and listed with its numbers', async () => {
    const ledger = memoryLedger('past');
    const options = { services: 2, environments: ['stage', 'prod'], rounds: 3 };
    for (const batch of repeated(await releaseShapes(), options)) await ledger.append(batch);
    const past = pastReleases(await journalOver(ledger));
    const lanes = [0, 1].flatMap((n) => options.environments.map((e) => `checkout-${n}/${e}`));
    const whole = [];
    for (const lane of lanes) whole.push(...releasesOf(lane, await ledger.read({ subject: lane })));
    expect(
      past
        .list()
        .map((r) => r.id)
        .sort(),
    ).toEqual(whole.map((p) => p.release.id).sort());
    expect(past.leftOut()).toBe(0);
    for (const { lane, release, records } of whole) {
      const found = await past.find(release.id);
      expect(found?.release).toEqual(release);
      expect(found?.records).toEqual(records);
      expect(found?.lane).toMatchObject({ state: lane.state, stable: lane.stable });
      expect(past.list().find((r) => r.id === release.id)).toMatchObject({
        openedAt: release.openedAt,
        endedAt: release.endedAt,
        cause: release.cause,
        blamed: release.blamed,
        totals: totalsOf(release),
      });
    }
    expect(await past.find('checkout-0.prod.99')).toBeUndefined();
    expect(await past.find('no release')).toBeUndefined();
  });

  it('API-15: what a list has no room for is counted, and found by its name', async () => {
    const ledger = memoryLedger('past');
    const { first } = await releaseShapes();
    const opened = first.find((e) => e.type === 'release.opened')!;
    const named = (n: number) => ({
      ...opened,
      data: { ...(opened.data as object), release: `checkout.prod.${n}` },
    });
    await ledger.append(Array.from({ length: 10_003 }, (_, i) => named(i)));
    const past = pastReleases(await journalOver(ledger));
    expect(past.list()).toHaveLength(10_000);
    expect(past.leftOut()).toBe(3);
    expect((await past.find('checkout.prod.1'))?.release.id).toBe('checkout.prod.1');
    expect((await past.find('checkout.prod.1'))?.records).toHaveLength(1);
    expect((await past.find('checkout.prod.10002'))?.records).toHaveLength(1);
    expect(await past.find('checkout.prod.10003')).toBeUndefined();
  });
});
