import { request } from 'undici';
import { z } from 'zod';
import { textOf } from '../../../io/answer.ts';
import { parseForeign } from '../../../kit/json.ts';
import { fail, mapOk, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { MetricsCatalog, MetricType } from '../../catalog.ts';
import type { MetricsFailure } from '../../port.ts';
import { foreignAnswer } from './answers.ts';
import { connect, LONGEST_BYTES, type PrometheusAccess } from './connection.ts';

const HOUR_S = 3_600;
const answerOf = <T extends z.ZodType>(data: T) =>
  z.discriminatedUnion('status', [
    z.object({ status: z.literal('success'), data }),
    z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
  ]);
const texts = answerOf(z.array(z.string()));
const metadata = answerOf(z.record(z.string(), z.array(z.object({ type: z.string() }))));
const TYPES: ReadonlySet<string> = new Set([
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
]);

/** Several targets may tell differently of one metric: then it is not known. */
function typeOf(told: readonly { readonly type: string }[]): MetricType {
  const types = new Set(told.map((one) => one.type));
  const [only] = types;
  return types.size === 1 && TYPES.has(only!) ? (only as MetricType) : 'unknown';
}

/** Reads lists of what there is from one Prometheus, or what speaks like it; every call is bounded. */
export function prometheusCatalog(access: PrometheusAccess): MetricsCatalog & { close(): Promise<void> } {
  const connection = connect(access);
  const get = async <T>(
    path: string,
    query: Readonly<Record<string, string>>,
    schema: z.ZodType<
      | { readonly status: 'success'; readonly data: T }
      | { readonly status: 'error'; readonly errorType: string; readonly error: string }
    >,
  ): Promise<Result<T, MetricsFailure>> => {
    const search = new URLSearchParams(query).toString();
    try {
      const response = await request(`${connection.endpoint(path)}?${search}`, {
        dispatcher: connection.dispatcher,
        headers: access.headers,
        signal: AbortSignal.timeout(access.timeoutMs),
      });
      const nonsense = fail({
        code: 'NONSENSE' as const,
        message: `the answer to ${path} is not one of Prometheus`,
      });
      const text = await textOf(response, access.longestBytes ?? LONGEST_BYTES);
      let body: unknown;
      try {
        body = parseForeign(text);
      } catch {
        return fail(foreignAnswer(access.address, response));
      }
      const parsed = schema.safeParse(body);
      if (!parsed.success) return nonsense;
      if (parsed.data.status === 'success')
        return response.statusCode < 300
          ? ok(parsed.data.data)
          : fail(foreignAnswer(access.address, response));
      return fail({ code: 'QUERY_REFUSED', message: `${parsed.data.errorType}: ${parsed.data.error}` });
    } catch (thrown) {
      return fail({ code: 'SOURCE_UNAVAILABLE', message: `${access.address}: ${messageOf(thrown)}` });
    }
  };
  const span = (selector: string | null, at: number): Record<string, string> => ({
    ...(selector === null ? {} : { 'match[]': selector }),
    start: String(Math.floor(at / 1_000) - HOUR_S),
    end: String(Math.ceil(at / 1_000)),
  });
  return {
    labelNames: (selector, at) => get('labels', span(selector, at), texts),
    labelValues: (label, selector, at) =>
      get(`label/${encodeURIComponent(label)}/values`, span(selector, at), texts),
    types: async () =>
      mapOk(
        await get('metadata', {}, metadata),
        (data) => new Map(Object.entries(data).map(([name, told]) => [name, typeOf(told)])),
      ),
    close: connection.close,
  };
}
