import { describe, expect, it } from 'vitest';
import { createHouse } from '../../test/sim/harness.ts';
import { fail, ok } from '../kit/result.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { releasesOf } from './history.ts';
import { alertSpans, recount, replayRelease } from './replay.ts';
import { slisOf } from './settings.ts';

/** One release that fails five percent, as it was recorded. */
async function blamed() {
  const house = await createHouse({ seed: 11, edition: 1 });
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable');
  house.world.push('1.1.0', { errorRate: 0.05 });
  await house.until(() => house.state().release?.blamed === true);
  const past = releasesOf('checkout/prod', await house.ledger.read({ subject: 'checkout/prod' })).at(-1)!;
  return Object.assign(past, { house });
}

describe('what would have happened', () => {
  it('REPLAY-1: by the same rule a release ends as it did', async () => {
    const replayed = replayRelease(await blamed(), {});
    expect(replayed).toMatchObject({
      ok: true,
      value: { was: { outcome: 'rolled back' }, would: { outcome: 'rolled back' }, note: 'same' },
    });
    expect(replayed.ok && replayed.value.failedSaved).toBe(0);
  });
  it('REPLAY-2: a rule that tolerates it would not have blamed it, and says so', async () => {
    const replayed = replayRelease(await blamed(), { evidence: { tolerance: 80, detect: 400 } });
    expect(replayed).toMatchObject({ ok: true, value: { note: 'would not be blamed', secondsSaved: null } });
  });
  it('REPLAY-2: a rule that waits for more loses time, and the failed requests of that time', async () => {
    const past = await blamed();
    const sooner = replayRelease(past, {});
    const later = replayRelease(past, { evidence: { minBad: 6 } });
    if (!sooner.ok || !later.ok) throw new Error('the rules are sound');
    expect(later.value.would.failed).toBeGreaterThanOrEqual(sooner.value.would.failed);
  });
  it('REPLAY-5: counted again from raw samples, a release ends as it did', async () => {
    const past = await blamed();
    const { platform, world } = past.house;
    const service = platform.services[0]!;
    const again = await recount(
      past,
      world.metrics,
      slisOf(platform, service, platform.environments[0]!),
      service.revisionLabel,
    );
    if (!again.ok || !again.value) throw new Error('its samples are there');
    expect(replayRelease(past, {}, again.value)).toMatchObject({
      ok: true,
      value: { counts: 'prometheus', note: 'same' },
    });
    const sum = (release: typeof past.release) =>
      Object.values(release.intervals)[0]!.reduce((all, i) => all + (i.canary?.total ?? 0), 0);
    expect(sum(again.value)).toBeGreaterThanOrEqual(sum(past.release));
  });
  it('REPLAY-5: a Prometheus that forgot leaves the record to judge by; one that is gone is said', async () => {
    const past = await blamed();
    const { platform } = past.house;
    const service = platform.services[0]!;
    const port = (raw: MetricsPort['raw']): MetricsPort => ({ raw, instant: raw as never });
    const ask = (raw: MetricsPort['raw']) =>
      recount(past, port(raw), slisOf(platform, service, platform.environments[0]!), service.revisionLabel);
    expect(await ask(async () => ok([]))).toEqual({ ok: true, value: null });
    expect((await ask(async () => fail({ code: 'SOURCE_UNAVAILABLE', message: 'refused' }))).ok).toBe(false);
  });
  it('REPLAY-6: a release is judged again by the other edition, over the counts in its record', async () => {
    const past = await blamed();
    expect(past.release.settings.evidence.edition).toBe(1);
    for (const edition of [1, 2] as const)
      expect(replayRelease(past, { evidence: { edition } })).toMatchObject({
        ok: true,
        value: { would: { outcome: 'rolled back' }, note: 'same' },
      });
    // Only the second edition knows how many must agree: under the first it changes nothing.
    const many = (edition: 1 | 2) => replayRelease(past, { evidence: { edition, witnesses: 20 } });
    expect(many(1)).toEqual(replayRelease(past, { evidence: { edition: 1 } }));
    expect(many(2)).toMatchObject({ value: { note: 'would not be blamed' } });
  });
  it('REPLAY-6: intervals of the record that are too short for the second edition are pooled, and lose no request', async () => {
    const past = await blamed();
    const seconds = {
      ...past,
      release: { ...past.release, settings: { ...past.release.settings, intervalMs: 1_000 } },
    };
    const pooled = replayRelease(seconds, { evidence: { edition: 2, minBad: 1_000_000 } });
    const whole = replayRelease(past, { evidence: { edition: 2, minBad: 1_000_000 } });
    if (!pooled.ok || !whole.ok) throw new Error('the rules are sound');
    expect(pooled.value.would).toEqual(whole.value.would);
    const bad = Object.values(past.release.intervals)[0]!.reduce((all, i) => all + (i.canary?.bad ?? 0), 0);
    expect(pooled.value.would.failed).toBe(bad);
    // Five intervals agree; pooled they are one witness, and one condemns nobody.
    const five = (from: typeof past) => {
      const intervals = Object.entries(from.release.intervals).map(([slo, list]) => [
        slo,
        list.filter((i) => !i.warmUp).slice(0, 5),
      ]);
      return { ...from, release: { ...from.release, intervals: Object.fromEntries(intervals) } };
    };
    expect(replayRelease(five(past), { evidence: { edition: 2 } })).toMatchObject({
      value: { would: { outcome: 'rolled back' } },
    });
    expect(replayRelease(five(seconds), { evidence: { edition: 2 } })).toMatchObject({
      value: { would: { outcome: 'undecided' } },
    });
  });
  it('REPLAY-6: where a release would have been blamed without comparison, it would step back', async () => {
    const past = await blamed();
    const alone = Object.fromEntries(
      Object.entries(past.release.intervals).map(([slo, list]) => [
        slo,
        list.map((i) => ({ ...i, step: 2, stable: i.stable && { total: 0, bad: 0 } })),
      ]),
    );
    const release = { ...past.release, intervals: alone };
    expect(replayRelease({ ...past, release }, { evidence: { edition: 1 } })).toMatchObject({
      value: { would: { outcome: 'rolled back' } },
    });
    expect(replayRelease({ ...past, release }, { evidence: { edition: 2 } })).toMatchObject({
      value: { would: { outcome: 'stepped back' }, note: 'would step back', secondsSaved: null },
    });
  });
  it('REPLAY-3: a rule that cannot keep its promise is refused', async () =>
    expect(replayRelease(await blamed(), { evidence: { alpha: 0.5 } }).ok).toBe(false));
  it('REPLAY-4: alerts are the spans in which both windows were over', () => {
    const fast = [
      [1, 20],
      [2, 20],
      [3, 1],
      [4, 20],
      [5, 20],
    ] as const;
    const slow = [
      [1, 1],
      [2, 5],
      [3, 5],
      [4, 5],
      [5, 5],
    ] as const;
    expect(alertSpans(fast, slow, { fast: 14, slow: 3 })).toEqual([
      { from: 2, to: 2 },
      { from: 4, to: 5 },
    ]);
    expect(alertSpans(fast, null, { fast: 14, slow: null })).toHaveLength(2);
  });
});
