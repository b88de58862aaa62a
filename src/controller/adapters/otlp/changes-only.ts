import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { APPEND, EFFECT } from '../../flow/tracing.ts';

/** Spans of one trace that are kept until it ends; what comes after them is left out. */
const MOST_SPANS = 2_000;
/** Traces that are open at a time, and ended ones whose later spans are still sent. */
const MOST_TRACES = 1_000;

const matters = ({ name, status }: ReadableSpan): boolean =>
  name === APPEND || name.startsWith(EFFECT) || status.code === SpanStatusCode.ERROR;

const traceOf = (span: ReadableSpan): string => span.spanContext().traceId;

/** Forgets the oldest of a map or set that has become too long. */
function bound(kept: {
  readonly size: number;
  keys(): Iterator<string>;
  delete(key: string): boolean;
}): void {
  const oldest = kept.size > MOST_TRACES ? kept.keys().next() : null;
  if (oldest && !oldest.done) kept.delete(oldest.value);
}

interface OpenTrace {
  readonly root: string;
  readonly spans: ReadableSpan[];
  matters: boolean;
}

/**
 * Passes on the traces in which something was recorded, done or failed. A server looks at everything once a second, and
 * mostly finds nothing: nobody wants to pay for those.
 */
export function changesOnly(inner: SpanProcessor): SpanProcessor {
  const open = new Map<string, OpenTrace>();
  const sent = new Set<string>();

  function end(id: string, trace: OpenTrace): void {
    open.delete(id);
    if (!trace.matters) return;
    sent.add(id);
    bound(sent);
    for (const span of trace.spans) inner.onEnd(span);
  }

  return {
    onStart(span, context) {
      inner.onStart(span, context);
      if (span.parentSpanContext) {
        // It may outlive its tick, which must not be gone by then.
        const trace = open.get(traceOf(span));
        if (trace && span.name.startsWith(EFFECT)) trace.matters = true;
        return;
      }
      open.set(traceOf(span), { root: span.spanContext().spanId, spans: [], matters: false });
      bound(open);
    },
    onEnd(span) {
      const id = traceOf(span);
      const trace = open.get(id);
      if (!trace) {
        // An effect takes longer than the tick that began it.
        if (sent.has(id) || matters(span)) inner.onEnd(span);
        return;
      }
      trace.matters ||= matters(span);
      const isRoot = span.spanContext().spanId === trace.root;
      if (isRoot || trace.spans.length < MOST_SPANS) trace.spans.push(span);
      if (isRoot) end(id, trace);
    },
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  };
}
