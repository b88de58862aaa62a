import { describe, expect, it } from 'vitest';
import { oncePerTarget } from '../../../src/runtime/duplicate-targets.ts';
import type { MetricsPort, Series } from '../../../src/runtime/port.ts';
import { createHouse } from '../../sim/harness.ts';

/**
 * Two monitors select the same pods, or a pair of Prometheus is asked whose series are not merged
 * (cockroachdb/helm-charts#207): every request was counted twice, and half of those that a step needs passed it
 * (Sluice at dc1fc67).
 */
const series = (labels: Record<string, string>, value = 1): Series => ({ labels, samples: [[1, value]] });
const POD = { __name__: 'http_requests_total', pod: 'a-1', instance: '10.0.0.1:8080', code: '200' };
const kept = (...all: Series[]) => oncePerTarget(all);

describe('d17: a target that is scraped twice', () => {
  it.each([
    ['two monitors', { job: 'shop/pods' }, { job: 'shop/services' }],
    ['a pair of Prometheus', { prometheus_replica: 'p-0' }, { prometheus_replica: 'p-1' }],
    ['two endpoints of a monitor', { endpoint: 'http' }, { endpoint: 'metrics' }],
  ])('FIELD-37: by %s it is counted once, and the same one at each look', (_, first, second) => {
    const [a, b] = [series({ ...POD, ...first }), series({ ...POD, ...second }, 2)];
    expect(kept(a, b)).toEqual({ series: [a], leftOut: 1 });
    expect(kept(b, a)).toEqual({ series: [a], leftOut: 1 });
  });

  it.each([
    ['two pods', { pod: 'a-1' }, { pod: 'a-2', instance: '10.0.0.2:8080' }],
    ['two answers of a service', { code: '200' }, { code: '500' }],
    ['two replicas that a service tells apart itself', { replica: 'x' }, { replica: 'y' }],
  ])('FIELD-37: %s stay apart', (_, first, second) => {
    expect(kept(series({ ...POD, ...first }), series({ ...POD, ...second })).leftOut).toBe(0);
  });

  it('FIELD-37: without a name of the target nothing is left out', () => {
    expect(kept(series({ job: 'a', code: '1' }), series({ job: 'b', code: '1' })).leftOut).toBe(0);
  });

  it('FIELD-37: a release takes as many requests as it would, scraped once', async () => {
    const requests = async (twice: boolean) => {
      const house = await createHouse({ seed: 9 });
      const { raw } = house.world.metrics;
      const named = (all: readonly Series[], job: string) =>
        all.map((one) => ({ ...one, labels: { ...one.labels, instance: 'pod', job } }));
      const both: MetricsPort['raw'] = async (...asked) => {
        const answer = await raw(...asked);
        return answer.ok && twice
          ? { ...answer, value: [...named(answer.value, 'a'), ...named(answer.value, 'b')] }
          : answer;
      };
      Object.assign(house.world.metrics, { raw: both });
      for (const version of ['1.0.0', '1.1.0']) {
        house.world.push(version, { errorRate: 0 });
        await house.until(() => house.state().stable?.version === version);
      }
      const intervals = Object.values(house.state().release!.intervals)[0]!;
      return intervals.reduce((sum, i) => sum + (i.canary?.total ?? 0), 0);
    };
    expect(await requests(true)).toBe(await requests(false));
  });
});
