import { ConstantBackoff, handleWhen, retry } from 'cockatiel';
import { request } from 'undici';
import { z } from 'zod';
import { textOf } from '../../../io/answer.ts';
import { parseForeign } from '../../../kit/json.ts';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { MetricsFailure, MetricsPort, Series } from '../../port.ts';
import { foreignAnswer } from './answers.ts';
import { connect, LONGEST_BYTES, type PrometheusAccess } from './connection.ts';

/** Prometheus writes numbers as Go does: no text of them is empty or in another base. */
const NUMBER = /^[+-]?(\d+(\.\d*)?(e[+-]?\d+)?|Inf)$|^NaN$/i;
const sample = z.tuple([z.number(), z.string().regex(NUMBER)]);
const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    warnings: z.array(z.string()).nullish(),
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
const numberOf = (text: string): number => Number(text.replace(/inf$/i, 'Infinity'));
const sampleOf = ([seconds, value]: [number, string]): readonly [number, number] => [
  Math.round(seconds * 1_000),
  numberOf(value),
];

const MAX_WORDS = 500;

function seriesOf(body: unknown): Result<readonly Series[], MetricsFailure> {
  const parsed = answer.safeParse(body);
  if (!parsed.success)
    return fail({ code: 'NONSENSE', message: 'the answer is not one of a Prometheus query' });
  if (parsed.data.status === 'error')
    return fail({ code: 'QUERY_REFUSED', message: `${parsed.data.errorType}: ${parsed.data.error}` });
  const { data, warnings } = parsed.data;
  // What is missing may be just what fails: an answer of which a part is missing is none.
  if (warnings && warnings.length > 0)
    return fail({
      code: 'PARTIAL',
      message: `the answer is partial: ${warnings.join('; ').slice(0, MAX_WORDS)}`,
    });
  if (data.resultType === 'matrix')
    return ok(data.result.map((r) => ({ labels: r.metric, samples: r.values.map(sampleOf) })));
  if (data.resultType === 'vector')
    return ok(data.result.map((r) => ({ labels: r.metric, samples: [sampleOf(r.value)] })));
  if (data.resultType === 'scalar') return ok([{ labels: {}, samples: [sampleOf(data.result)] }]);
  return fail({ code: 'NONSENSE', message: 'the query answers a string, not numbers' });
}

/** Samples are stored to the millisecond: this much is rounding. */
const ROUNDING_MS = 1_000;

/**
 * Stored samples of the span that was asked for, or a failure: one of another time, as a stale cache gives it, would
 * be counted as new, and one that is yet to come would keep every real one from being counted until then.
 */
function ofSpan(
  answered: Result<readonly Series[], MetricsFailure>,
  from: number,
  to: number,
): Result<readonly Series[], MetricsFailure> {
  if (!answered.ok) return answered;
  const strayed = answered.value
    .flatMap(({ samples }) => samples)
    .find(([at]) => at < from - ROUNDING_MS || at > to + ROUNDING_MS);
  return strayed
    ? fail({
        code: 'NONSENSE',
        message: `the answer has a sample of ${strayed[0]}, and was asked for ${from} to ${to} (ms)`,
      })
    : answered;
}

const MAX_RETRIES = 1;

/** Speaks the query API of one Prometheus; every call is bounded, and a refused connection is tried once more. */
export function prometheusHttp(access: PrometheusAccess): MetricsPort & { close(): Promise<void> } {
  const connection = connect(access);
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
        request(connection.endpoint('query'), {
          method: 'POST',
          dispatcher: connection.dispatcher,
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...access.headers },
          body: new URLSearchParams({ query: expression, time: (at / 1_000).toFixed(3) }).toString(),
          signal: AbortSignal.timeout(access.timeoutMs),
        }),
      );
      const text = await textOf(response, access.longestBytes ?? LONGEST_BYTES);
      let body: unknown;
      try {
        body = parseForeign(text);
      } catch {
        return fail(foreignAnswer(access.address, response));
      }
      const answered = seriesOf(body);
      // What stands in front of a Prometheus may fail with an old answer of it, or lead elsewhere with one.
      if (answered.ok && response.statusCode >= 300) return fail(foreignAnswer(access.address, response));
      return answered;
    } catch (thrown) {
      return fail({ code: 'SOURCE_UNAVAILABLE', message: `${access.address}: ${messageOf(thrown)}` });
    }
  };
  return {
    raw: async (selector, rangeMs, at) =>
      ofSpan(await query(`${selector}[${Math.ceil(rangeMs)}ms]`, at), at - rangeMs, at),
    instant: query,
    close: connection.close,
  };
}
