import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAnchors } from '../../src/gitops/adapters/git/anchors.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { until } from '../wait.ts';
import { openStage, type Stage } from './stage.ts';

const OUTAGE = { service: 'payment', errorRate: 0.5, seconds: 12 };

/** Given the shop behind its gate, with a real Prometheus and a real Alertmanager. */
describe('burning without a release', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ platform: 'gated-shop', incidents: { 'bank-fails': OUTAGE } });
    await stage.open();
  });
  afterAll(() => stage?.close());

  const states = async (service: string): Promise<string[]> =>
    (await stage.records())
      .filter((r) => r.subject === `${service}/prod` && r.type === 'lane.moved')
      .map((r) => (r.data as { to: string }).to);
  const alerts = (records: readonly LedgerRecord[]) =>
    records
      .filter((r) => r.type === 'alert.received' && r.subject === 'payment/prod')
      .map((r) => r.data as { status: string; alert: string; id: string; startsAt: string })
      .filter((a) => a.alert === 'SloMultiWindowBurn');

  it('ALERT-9: Alertmanager tells, the machine goes Stable → Degraded → Recovery → Stable, a freeze comes and goes', async () => {
    // When the bank fails for everybody
    const edge = stage.server().edges['prod']!['payment']!;
    await (await request(`${edge}/incidents/bank-fails`, { method: 'POST' })).body.dump();
    // Then the alert becomes one event, confirmed at the source
    await until('the alert', 60_000, async () =>
      alerts(await stage.records()).some((a) => a.status === 'firing'),
    );
    await until('Degraded', 30_000, async () => (await states('payment')).includes('Degraded'));
    await until('frozen', 30_000, async () =>
      (await stage.client().get('/api/v1/freezes')).freezes.some(
        (f) => f.state === 'stands' && f.scope.service === 'payment',
      ),
    );
    // And once it has passed, everything goes back by itself
    await until('resolved', 120_000, async () =>
      alerts(await stage.records()).some((a) => a.status === 'resolved'),
    );
    await until('Stable again', 120_000, async () => (await stage.lane('payment')).state === 'Stable');
    expect((await states('payment')).slice(-3)).toEqual(['Degraded', 'Recovery', 'Stable']);
    await until('no freeze of payment', 60_000, async () =>
      (await stage.client().get('/api/v1/freezes')).freezes.every(
        (f) => f.state !== 'stands' || f.scope.service !== 'payment',
      ),
    );
    const seen = alerts(await stage.records());
    expect(new Set(seen.map((a) => `${a.id} ${a.status} ${a.startsAt}`)).size).toBe(seen.length);
  });

  it('AUDIT-3: the head of the ledger gets into the repository by itself', async () => {
    const { repository } = JSON.parse(readFileSync(join(stage.work, 'serve.json'), 'utf8')) as {
      repository: string;
    };
    const { seq } = (await stage.records()).at(-1)!;
    const anchor = await until(`an anchor of record ${seq} or a later one`, 30_000, async () => {
      const found = await readAnchors(repository);
      return found.ok && found.value.find((a) => a.seq >= seq);
    });
    const records = await stage.records();
    expect(records.find((r) => r.seq === anchor.seq)?.hash).toBe(anchor.hash);
  });
});
