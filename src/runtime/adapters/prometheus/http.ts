import { ConstantBackoff, handleWhen, retry } from 'cockatiel';
import { Agent, type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { MetricsFailure, MetricsPort, Series } from '../../port.ts';

export interface PrometheusAccess {
  readonly address: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: { readonly cert: string; readonly key: string; readonly ca?: string } | null;
  /** Replaced in tests by one that fails on unexpected calls. */
  readonly dispatcher?: Dispatcher;
}

const sample = z.tuple([z.number(), z.string()]);
const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({
        resultType: z.literal('matrix'),
        result: z.array(
          z.object({ metric: z.record(z.string(), z.string()), values: z.array(sample).default([]) }),
        ),
      }),
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample })),
      }),
      z.object({ resultType: z.literal('scalar'), result: sample }),
      z.object({ resultType: z.literal('string'), result: z.tuple([z.number(), z.string()]) }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

/** Prometheus writes NaN, +Inf and -Inf as words. */
const numberOf = (text: string): number =>
  text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
const sampleOf = ([seconds, value]: [number, string]): readonly [number, number] => [
  Math.round(seconds * 1_000),
  numberOf(value),
];

function seriesOf(body: unknown): Result<readonly Series[], MetricsFailure> {
  const parsed = answer.safeParse(body);
  if (!parsed.success)
    return fail({ code: 'NONSENSE', message: 'the answer is not one of a Prometheus query' });
  if (parsed.data.status === 'error')
    return fail({ code: 'QUERY_REFUSED', message: `${parsed.data.errorType}: ${parsed.data.error}` });
  const { data } = parsed.data;
  if (data.resultType === 'matrix')
    return ok(data.result.map((r) => ({ labels: r.metric, samples: r.values.map(sampleOf) })));
  if (data.resultType === 'vector')
    return ok(data.result.map((r) => ({ labels: r.metric, samples: [sampleOf(r.value)] })));
  if (data.resultType === 'scalar') return ok([{ labels: {}, samples: [sampleOf(data.result)] }]);
  return fail({ code: 'NONSENSE', message: 'the query answers a string, not numbers' });
}

const MAX_RETRIES = 1;

/** Speaks the query API of one Prometheus; every call is bounded, and a refused connection is tried once more. */
export function prometheusHttp(access: PrometheusAccess): MetricsPort & { close(): Promise<void> } {
  const own = access.dispatcher
    ? null
    : new Agent({
        connect: { timeout: access.timeoutMs, ...(access.tls ?? {}) },
        headersTimeout: access.timeoutMs,
        bodyTimeout: access.timeoutMs,
      });
  const dispatcher = access.dispatcher ?? own!;
  const again = retry(
    handleWhen(
      (e) =>
        (e as { code?: string }).code === 'ECONNRESET' || (e as { code?: string }).code === 'UND_ERR_SOCKET',
    ),
    { maxAttempts: MAX_RETRIES, backoff: new ConstantBackoff(50) },
  );
  const query = async (
    expression: string,
    at: number,
  ): Promise<Result<readonly Series[], MetricsFailure>> => {
    try {
      const response = await again.execute(() =>
        request(`${access.address.replace(/\/$/, '')}/api/v1/query`, {
          method: 'POST',
          dispatcher,
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...access.headers },
          body: new URLSearchParams({ query: expression, time: (at / 1_000).toFixed(3) }).toString(),
          signal: AbortSignal.timeout(access.timeoutMs),
        }),
      );
      const text = await response.body.text();
      let body: unknown;
      try {
        body = JSON.parse(text);
      } catch {
        return fail({ code: 'NONSENSE', message: `answered ${response.statusCode} without JSON` });
      }
      return seriesOf(body);
    } catch (thrown) {
      return fail({ code: 'SOURCE_UNAVAILABLE', message: `${access.address}: ${messageOf(thrown)}` });
    }
  };
  return {
    raw: (selector, rangeMs, at) => query(`${selector}[${Math.ceil(rangeMs)}ms]`, at),
    instant: query,
    close: async () => {
      await own?.close();
    },
  };
}
