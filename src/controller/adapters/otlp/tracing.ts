import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { messageOf } from '../../../kit/result.ts';
import { isRefusal } from '../../flow/counting.ts';
import type { Tracing } from '../../flow/tracing.ts';
import { changesOnly } from './changes-only.ts';

export interface OtlpOptions {
  /** Where spans are posted: `…/v1/traces`. */
  readonly url: string;
  readonly service: string;
  warn(details: object, message: string): void;
}

/** How long the last spans may take when a server ends. */
const LAST_MS = 5_000;

/** Says once that nothing can be sent, and once more after it could. */
function telling(inner: SpanExporter, { url, warn }: OtlpOptions): SpanExporter {
  let failing = false;
  return {
    export: (spans, done) =>
      inner.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed && !failing)
          warn(
            { url, error: result.error ? messageOf(result.error) : 'refused' },
            'traces cannot be sent: these spans are lost, nothing else is affected',
          );
        failing = failed;
        done(result);
      }),
    shutdown: () => inner.shutdown(),
    ...(inner.forceFlush ? { forceFlush: () => inner.forceFlush!() } : {}),
  };
}

function failed(span: Span, why: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: why });
  span.end();
}

/** Why an answer is a refusal, in its own word where it has one. */
function refusalOf(answer: unknown): string {
  const { error } = answer as { error?: unknown };
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : 'refused';
  return String(code);
}

/** Traces by OTLP over HTTP: what a server did, from what it observed to what it had done, as one tree. */
export function createTracing(options: OtlpOptions): { tracing: Tracing; close(): Promise<void> } {
  const exporter = telling(new OTLPTraceExporter({ url: options.url }), options);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.service }),
    spanProcessors: [changesOnly(new BatchSpanProcessor({ exporter }))],
  });
  const tracer = provider.getTracer('sluice');
  const around = new AsyncLocalStorage<Context>();

  function span<T>(name: string, facts: Parameters<Tracing['span']>[1], work: () => T): T {
    const within = around.getStore() ?? ROOT_CONTEXT;
    const own = tracer.startSpan(name, { attributes: facts }, within);
    let answer: T;
    try {
      answer = around.run(trace.setSpan(within, own), work);
    } catch (thrown) {
      failed(own, messageOf(thrown));
      throw thrown;
    }
    if (!(answer instanceof Promise)) return answer;
    return answer.then(
      (value: unknown) => {
        if (isRefusal(value)) failed(own, refusalOf(value));
        else own.end();
        return value;
      },
      (thrown: unknown) => {
        failed(own, messageOf(thrown));
        throw thrown;
      },
    ) as T;
  }

  return {
    tracing: { span },
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}
