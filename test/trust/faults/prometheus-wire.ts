import { prometheusHttp } from '../../../src/runtime/adapters/prometheus/http.ts';
import type { MetricsPort, Series } from '../../../src/runtime/port.ts';
import { type Answer, misbehaving } from '../../misbehaving.ts';
import { until } from '../../wait.ts';

/** Far more than any answer here has; what is longer is read in no time. */
const LONGEST_BYTES = 8 << 20;

const seconds = (ms: number): number => ms / 1_000;
const JSON_200 = (data: object): Answer => ({
  status: 200,
  body: JSON.stringify({ status: 'success', data }),
});

const matrix = (series: readonly Series[]): Answer =>
  JSON_200({
    resultType: 'matrix',
    result: series.map(({ labels, samples }) => ({
      metric: labels,
      values: samples.map(([at, value]) => [seconds(at), String(value)]),
    })),
  });

const vector = (series: readonly Series[]): Answer =>
  JSON_200({
    resultType: 'vector',
    result: series.map(({ labels, samples: [sample] }) => ({
      metric: labels,
      value: [seconds(sample![0]), String(sample![1])],
    })),
  });

/** Another source of metrics behind the API of Prometheus on loopback, asked by the real client: what may break is between. */
export async function overTheWire(timeoutMs: number) {
  let source: MetricsPort | null = null;
  let pending = 0;
  const server = await misbehaving(async ({ body }): Promise<Answer> => {
    const form = new URLSearchParams(body);
    const [query, at] = [form.get('query')!, Math.round(Number(form.get('time')) * 1_000)];
    const range = /^(.*)\[(\d+)ms\]$/s.exec(query);
    const answer = range
      ? await source!.raw(range[1]!, Number(range[2]), at)
      : await source!.instant(query, at);
    if (!answer.ok) throw new Error(answer.error.message);
    return range ? matrix(answer.value) : vector(answer.value);
  });
  const client = prometheusHttp({
    address: server.address,
    timeoutMs,
    headers: {},
    tls: null,
    longestBytes: LONGEST_BYTES,
  });
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    pending++;
    try {
      return await work;
    } finally {
      pending--;
    }
  };
  return {
    server,
    /** The client, over what `of` says. */
    over(of: MetricsPort): MetricsPort {
      source = of;
      return {
        raw: (...asked) => counted(client.raw(...asked)),
        instant: (...asked) => counted(client.instant(...asked)),
      };
    },
    client,
    /** Every call has ended, well or not. */
    idle: () => until('every query has ended', 60_000, () => pending === 0, 1),
    async close() {
      await server.close();
      await client.close();
    },
  };
}
