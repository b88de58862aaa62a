import { describe, expect, it } from 'vitest';
import { revision } from '../../../test/lane.ts';
import type { Platform } from '../../declaration/platform.ts';
import type { GovernanceData } from '../../governance/events.ts';
import { governanceFold } from '../../governance/fold.ts';
import { SYSTEM } from '../../kit/actor.ts';
import { memoryLedger } from '../../ledger/adapters/memory/ledger.ts';
import { openJournal } from '../../ledger/journal.ts';
import { type MetricsSnapshot, NO_SNAPSHOT } from '../metrics-snapshot.ts';
import { createSloStatuses } from '../slo-statuses.ts';
import { createGovernance, type FreezesAndWaivers } from './governance.ts';

const NOW = 1_000_000;
const DAY_MS = 86_400_000;
const OPS = { ...SYSTEM, id: 'ops' };
const LEAD = { ...SYSTEM, id: 'lead' };

const platform = (more: { budgetHolds?: boolean; secondPerson?: boolean } = {}): Platform =>
  ({
    environments: [
      {
        name: 'prod',
        budgetHolds: more.budgetHolds ?? true,
        burn: { fast: { threshold: 14 }, slow: { threshold: 3 } },
      },
    ],
    services: [],
    slos: [{ name: 's', service: 'checkout', objective: 0.999, windowMs: 30 * 86_400_000 }],
    freezes: [],
    policy: {
      freeze: { budget: 0, recover: 0.1, forMs: 60_000, onBurn: true },
      waiver: { maxMs: 3_600_000, secondPerson: more.secondPerson ?? false },
    },
  }) as unknown as Platform;

const SPENT = { fast: 0, slow: 0, left: 0, requests: 10_000, bad: 10, coverage: 1 };

/** What one look shows of the only SLO: by default that nothing is left of its budget. */
const look = (more: Partial<MetricsSnapshot> = {}): MetricsSnapshot => ({
  ...NO_SNAPSHOT,
  at: NOW,
  slos: new Map([['s', SPENT]]),
  ...more,
});

const governanceOf = async (of = platform(), seen = look(), ledger = memoryLedger()) =>
  createGovernance({
    platform: of,
    journal: await openJournal(ledger, [governanceFold]),
    statuses: createSloStatuses({ platform: of, metrics: () => seen, adjustments: () => [] }),
  });
const scope = { environment: 'prod', service: 'checkout' };
const frozen = (until = NOW + DAY_MS, id = 'f1') => ({ id, scope, reason: 'peak', until });
const waived = (more: object = {}) => ({
  id: 'w1',
  scope,
  codes: [],
  reason: 'vendor',
  expiresAt: NOW + 60_000,
  singleUse: false,
  pullRequest: null,
  ...more,
});
const said = (result: { ok: true } | { ok: false; error: string }) => (result.ok ? 'yes' : result.error);

describe('the start gate, asked about freezes', () => {
  const two = revision('two');
  /** The gate let version two through a freeze of checkout in prod, for a minute. */
  const decided = (more: Partial<GovernanceData<'gate.decided'>['decision']> = {}, lane = scope) =>
    ({
      decision: {
        schema: 'sluice.dev/decision/v1',
        id: 'd-1',
        allow: true,
        deny: [],
        warn: [],
        recorded: [{ code: 'FROZEN', msg: '', evidence: {}, docs: '', by: ['w1'], ...lane }],
        waiversUsed: ['w1'],
        policy: { revision: 'r', digest: 'd' },
        inputDigest: 'i',
        evaluatedAt: NOW,
        validUntil: NOW + 60_000,
        ...more,
      },
      facts: {
        changes: [{ ...scope, kind: 'release', from: null, to: { version: 'two', digest: two.digest } }],
      },
      engine: 'wasm',
      forge: 'local',
      trigger: 'test',
    }) as GovernanceData<'gate.decided'>;
  const held = async (
    data: GovernanceData<'gate.decided'> | null,
    now = NOW,
    lane = 'checkout/prod',
    target = two,
  ) => {
    const k = await governanceOf();
    await k.freeze(frozen(), OPS, NOW);
    if (data) await k.record('gate.decided', 'pull/7', data, SYSTEM, NOW);
    return k.hold(lane, target, now)?.id ?? null;
  };

  const recorded = (code: string) => [{ code, msg: '', evidence: {}, docs: '', by: [], ...scope }];
  it.each([
    ['nobody let it through', null, 'f1'],
    ['the gate let it through the freeze', decided(), null],
    ['the gate denied it', decided({ allow: false }), 'f1'],
    ['the gate let it through something else', decided({ recorded: recorded('BUDGET_SPENT') }), 'f1'],
    ['the gate let another service through', decided({}, { ...scope, service: 'search' }), 'f1'],
    ['the gate let it through in another environment', decided({}, { ...scope, environment: 'stage' }), 'f1'],
  ])('FREEZE-15: what may begin under a freeze: %s', async (_, data, id) =>
    expect(await held(data)).toBe(id),
  );

  it('FREEZE-15: being let through ends when the decision does, and is of one artefact in one lane', async () => {
    expect(await held(decided(), NOW + 59_999)).toBeNull();
    expect(await held(decided(), NOW + 60_000)).toBe('f1');
    expect(await held(decided(), NOW, 'checkout/prod', revision('three'))).toBe('f1');
  });

  it('FREEZE-15: a freeze of everything holds another lane, though the gate let the same artefact through in one', async () => {
    const k = await governanceOf();
    await k.freeze({ ...frozen(), scope: { environment: '*', service: '*' } }, OPS, NOW);
    await k.record('gate.decided', 'pull/7', decided(), SYSTEM, NOW);
    expect(k.hold('checkout/prod', two, NOW)).toBeNull();
    expect(k.hold('search/prod', two, NOW)?.id).toBe('f1');
    expect(k.hold('checkout/stage', two, NOW)?.id).toBe('f1');
  });

  it('FREEZE-15: whoever opens the ledger anew holds the same', async () => {
    const ledger = memoryLedger();
    const first = await governanceOf(platform(), look(), ledger);
    await first.freeze(frozen(), OPS, NOW);
    const again = await governanceOf(platform(), look(), ledger);
    expect(again.hold('checkout/prod', two, NOW)?.id).toBe('f1');
    await again.record('gate.decided', 'pull/7', decided(), SYSTEM, NOW);
    expect((await governanceOf(platform(), look(), ledger)).hold('checkout/prod', two, NOW)).toBeNull();
  });
});

describe('freezes by looks', () => {
  const begun = async (of: Platform, seen: MetricsSnapshot) => {
    const k = await governanceOf(of, seen);
    await k.tick(NOW);
    return k.freezes(NOW).map((f) => f.kind);
  };
  it.each([
    ['the error budget is spent', {}, {}, ['budget']],
    [
      'the burn rule fires',
      {},
      { slos: new Map([['s', { ...SPENT, fast: 14, slow: 3, left: 1, bad: 0 }]]) },
      ['burn'],
    ],
    ['the budget of this environment holds nothing', { budgetHolds: false }, {}, []],
    ['the look failed', {}, { failure: { code: 'SOURCE_UNAVAILABLE', message: '' } }, []],
    ['nobody has looked yet', {}, { at: 0 }, []],
    ['nothing is known of the SLO', {}, { slos: new Map() }, []],
  ])('FREEZE-6: %s', async (_, of, seen, kinds) =>
    expect(await begun(platform(of), look(seen as Partial<MetricsSnapshot>))).toEqual(kinds),
  );

  it('FREEZE-7: a person lifts it once; the same cause does not bring it back', async () => {
    const k = await governanceOf();
    await k.tick(NOW);
    expect(said(await k.lift('auto:s@prod', 'known', OPS, NOW))).toBe('yes');
    expect(said(await k.lift('auto:s@prod', 'known', OPS, NOW))).toContain('no freeze');
    await k.tick(NOW + 1);
    expect(k.freezes(NOW + 1)).toEqual([]);
  });
});

describe('freezes and waivers by people', () => {
  it.each([
    ['that ends now', NOW, 'the end of a freeze must be in the future'],
    ['that ends in a moment', NOW + 1, 'yes'],
    ['of 92 days', NOW + 92 * DAY_MS, 'yes'],
    ['of more than 92 days', NOW + 92 * DAY_MS + 1, 'a freeze lasts at most 92 days'],
  ])('FREEZE-8: a freeze %s', async (_, until, answer) =>
    expect(said(await (await governanceOf()).freeze(frozen(until), OPS, NOW))).toBe(answer),
  );

  it('FREEZE-8: the same order twice is one freeze, lifted once', async () => {
    const k = await governanceOf();
    const orders = [await k.freeze(frozen(), OPS, NOW), await k.freeze(frozen(NOW + 5), LEAD, NOW + 1)];
    expect(orders.map((o) => o.ok && o.value.seq)).toEqual([1, 1]);
    expect(said(await k.lift('f1', 'over', OPS, NOW))).toBe('yes');
    expect(said(await k.lift('f1', 'over', OPS, NOW))).toBe('freeze f1 was lifted already, by ops');
    expect(k.freezes(NOW)).toEqual([]);
  });

  it.each([
    ['that expires now', NOW, 'the end of a waiver must be in the future'],
    ['that expires in a moment', NOW + 1, 'yes'],
    ['as long as may be', NOW + 3_600_000, 'yes'],
    ['longer than may be', NOW + 3_600_001, 'a waiver lasts at most 60 minutes here (policy.waiver.max)'],
  ])('WAIVER-1: a waiver %s', async (_, expiresAt, answer) =>
    expect(said(await (await governanceOf()).grant(waived({ expiresAt }), OPS, NOW))).toBe(answer),
  );

  const granted = async (): Promise<FreezesAndWaivers> => {
    const k = await governanceOf(platform({ secondPerson: true }));
    await k.grant(waived(), OPS, NOW);
    return k;
  };
  it('WAIVER-3: the second person is another than the first, and there is one', async () => {
    const k = await granted();
    expect(k.state().waivers.get('w1')).toMatchObject({ needsSecond: true, approvedBy: null });
    expect(said(await k.approve('w1', 'yes', OPS, NOW))).toBe(
      'the second person must not be the one who granted it',
    );
    expect(said(await k.approve('w1', 'yes', LEAD, NOW))).toBe('yes');
    expect(said(await k.approve('w1', 'yes', { ...SYSTEM, id: 'third' }, NOW))).toContain(
      'approved by lead already',
    );
  });

  it('WAIVER-4: revoked or expired it is not approved any more, and it is revoked once', async () => {
    expect(said(await (await granted()).approve('w1', 'yes', LEAD, NOW + 59_999))).toBe('yes');
    expect(said(await (await granted()).approve('w1', 'yes', LEAD, NOW + 60_000))).toContain(
      'no longer valid',
    );
    const k = await granted();
    expect(said(await k.revoke('w1', 'no', LEAD, NOW))).toBe('yes');
    expect(said(await k.revoke('w1', 'no', LEAD, NOW))).toContain('revoked already');
    expect(said(await k.approve('w1', 'yes', LEAD, NOW))).toContain('no longer valid');
  });
});
