import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { fail } from '../../../src/kit/result.ts';
import { prometheusHttp } from '../../../src/runtime/adapters/prometheus/http.ts';
import type { MetricsPort } from '../../../src/runtime/port.ts';
import { createHouse } from '../../sim/harness.ts';
import { patiently } from '../../wait.ts';

/**
 * A querier answers 200 with `warnings`: one store is away, and just the pods that fail are in it (thanos#622). The
 * rest looked healthy, and was promoted while 268 requests had failed (Sluice at dc1fc67).
 */
const WARNING = 'fetch series for {replica="b"}: rpc error: code = Unavailable desc = store-b';
const QUARTER_OF_AN_HOUR = 900_000;

async function answered(more: object) {
  const agent = new MockAgent();
  agent.disableNetConnect();
  agent
    .get('http://querier.test')
    .intercept({ path: '/api/v1/query', method: 'POST' })
    .reply(200, {
      status: 'success',
      ...more,
      data: { resultType: 'vector', result: [{ metric: { pod: 'a' }, value: [1, '1'] }] },
    });
  const access = {
    address: 'http://querier.test',
    timeoutMs: patiently(5_000),
    headers: {},
    tls: null,
    dispatcher: agent,
  };
  return prometheusHttp(access).instant('up', 1_000);
}

describe('d01: an answer that lacks a part', () => {
  it('FIELD-30: an answer with warnings is no answer; without any, and with remarks on the query, it is', async () => {
    expect(await answered({ warnings: [WARNING] })).toEqual({
      ok: false,
      error: { code: 'PARTIAL', message: `the answer is partial: ${WARNING}` },
    });
    for (const more of [
      {},
      { warnings: [] },
      { warnings: null },
      { infos: ['PromQL info: might not be a counter'] },
    ])
      expect(await answered(more)).toMatchObject({ ok: true, value: [{ labels: { pod: 'a' } }] });
  });

  it.each(['raw', 'instant'] as const)(
    'PARTIAL-2: partial answers to %s promote nothing, and say why on record',
    async (kind) => {
      const house = await createHouse({ seed: 7 });
      house.world.push('1.0.0', { errorRate: 0 });
      await house.until(() => house.state().stable?.version === '1.0.0');
      house.world.push('1.1.0', { errorRate: 0 });
      await house.until(() => house.state().state === 'Evaluating');
      const { step } = house.state().release!;
      const partial = async () =>
        fail({ code: 'PARTIAL', message: `the answer is partial: ${WARNING}` } as const);
      const whole = { ...house.world.metrics };
      Object.assign(house.world.metrics, { [kind]: partial } satisfies Partial<MetricsPort>);
      await house.until(() => false, QUARTER_OF_AN_HOUR);
      expect(house.state().release).toMatchObject({ step, blamed: false, cause: null });
      expect(house.state().release!.verdict!.reasons).toContain('PARTIAL_DATA');
      const looked = (await house.ledger.read({ type: 'release.looked' })).map(
        (r) => r.data as { said?: string },
      );
      expect(looked.some(({ said }) => said?.includes('store-b'))).toBe(true);
      Object.assign(house.world.metrics, whole);
      await house.until(() => house.state().stable?.version === '1.1.0');
      expect(house.state().stable?.version).toBe('1.1.0');
    },
  );
});
