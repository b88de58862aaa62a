import { describe, expect, it } from 'vitest';
import { declare } from '../../test/sim/harness.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { lastEnvironments, measuresFold, measuresOf } from './measures.ts';

const DAY = 86_400_000;
const platform = declare({ seed: 1 });
let seq = 0;
const record = (at: number, type: string, subject: string, data: unknown): LedgerRecord =>
  ({ at, type, v: 1, subject, data, seq: ++seq, actor: { id: 'sluice', kind: 'system' } }) as never;
const digest = (n: number) => `sha256:${String(n).padStart(64, '0')}`;

const commit = (at: number, n: number, lane = 'checkout/dev') =>
  record(at, 'desired.changed', 'main', {
    commit: `c${n}`,
    kind: 'release',
    author: 'ada',
    authoredAt: at,
    message: '',
    changes: [{ lane, kind: 'release', from: null, to: { version: `${n}`, digest: digest(n) } }],
    objections: [],
    rewritten: false,
  });
const move = (at: number, more: object, lane = 'checkout/prod') =>
  record(at, 'lane.moved', lane, { release: null, reason: '', blamed: false, ...more });
const opened = (at: number, n: number, lane = 'checkout/prod') =>
  record(at, 'release.opened', lane, {
    release: `${lane.replace('/', '.')}.${n}`,
    target: { revision: `r${n}`, version: `${n}`, digest: digest(n), config: {} },
  });
const confirmed = (at: number, n: number) =>
  record(at, 'release.confirmed', 'checkout/prod', { release: `checkout.prod.${n}`, step: 0, weight: 20 });
const stable = (at: number, n: number, lane = 'checkout/prod') =>
  move(
    at,
    { release: `${lane.replace('/', '.')}.${n}`, from: 'Promote', to: 'Stable', reason: 'FULL_TRAFFIC' },
    lane,
  );
const aborted = (at: number, n: number) =>
  move(at, {
    release: `checkout.prod.${n}`,
    from: 'Evaluating',
    to: 'Abort',
    reason: 'HARM_SHOWN',
    blamed: true,
  });

const of = (records: readonly LedgerRecord[], now: number, service: string | null = null) => {
  const state = records.reduce(measuresFold.apply, measuresFold.initial);
  const kept = measuresFold.decode(JSON.parse(JSON.stringify([...measuresFold.encode(state)])));
  return measuresOf(kept, lastEnvironments(platform), service, now, 30 * DAY);
};

describe("DORA's four, from the ledger", () => {
  it('DORA-1: deployments count where users are, lead time runs from the first commit to all traffic', () => {
    const records = [
      commit(1_000, 1),
      stable(5_000, 1, 'checkout/dev'),
      commit(6_000, 1, 'checkout/prod'),
      opened(10_000, 1),
      stable(61_000, 1),
      commit(70_000, 2),
      opened(80_000, 2),
      stable(90_000, 2),
    ];
    expect(of(records, 100_000)).toMatchObject({
      deployments: 2,
      leadTimeMs: (60_000 + 20_000) / 2,
      failures: 0,
      changeFailureRate: 0,
    });
    expect(of(records, 100_000).perDay).toBeCloseTo(2 / 30);
    expect(of(records, 100_000, 'cart')).toMatchObject({
      deployments: 0,
      changeFailureRate: null,
      leadTimeMs: null,
    });
  });

  it('DORA-2: a change that failed counts, from its first request until traffic was back', () => {
    const records = [
      opened(10_000, 1),
      stable(20_000, 1),
      opened(30_000, 2),
      confirmed(31_000, 2),
      aborted(36_000, 2),
      move(37_000, { release: 'checkout.prod.2', from: 'Abort', to: 'Rollback', reason: 'TRAFFIC_RESTORED' }),
    ];
    expect(of(records, 40_000)).toMatchObject({
      failures: 1,
      changeFailureRate: 0.5,
      timeToRestoreMs: 6_000,
    });
  });

  it('DORA-2: burning without a release counts until the service is at rest again; not yet restored is no time', () => {
    const burning = [move(10_000, { from: 'Stable', to: 'Degraded', reason: 'BURNING' })];
    expect(of(burning, 20_000)).toMatchObject({ failures: 1, timeToRestoreMs: null });
    const back = [...burning, move(50_000, { from: 'Recovery', to: 'Stable', reason: 'RECOVERED' })];
    expect(of(back, 60_000)).toMatchObject({ failures: 1, timeToRestoreMs: 40_000 });
  });

  it('DORA-3: a version taken back by a person, or superseded, is no failure; what is older than the span is none', () => {
    const stopped = [
      opened(1_000, 1),
      move(2_000, {
        release: 'checkout.prod.1',
        from: 'Canary',
        to: 'Abort',
        reason: 'OPERATOR',
        blamed: false,
      }),
    ];
    expect(of(stopped, 3_000)).toMatchObject({ deployments: 0, failures: 0, changeFailureRate: null });
    expect(of([opened(1_000, 1), stable(2_000, 1)], 31 * DAY)).toMatchObject({ deployments: 0 });
  });

  it('DORA-4: a lane with more outcomes than there is room for is measured by its newest, and says since when', () => {
    const often = Array.from({ length: 1_200 }, (_, i) => [
      opened(2_000 * i, i),
      stable(2_000 * i + 1_000, i),
    ]).flat();
    const measured = of(often, 2_400_000);
    expect(measured).toMatchObject({ deployments: 1_000, leftOutAt: 2_000 * 199 + 1_000 });
    expect(of(often.slice(0, 2_000), 2_400_000)).toMatchObject({ deployments: 1_000, leftOutAt: null });
    // Outcomes that are older than what is shown make room.
    const later = [...often, opened(31 * DAY, 5_000), stable(31 * DAY + 1, 5_000)];
    expect(of(later, 31 * DAY + 2)).toMatchObject({ deployments: 1, leftOutAt: null });
  });

  it('DORA-1: where users are is where nothing comes after', () => {
    const at = (name: string, after: string[]) => ({ ...platform.environments[0]!, name, after });
    const environments = [at('dev', []), at('eu', ['dev']), at('us', ['dev'])];
    expect(lastEnvironments({ ...platform, environments })).toEqual(['eu', 'us']);
  });
});
