/** What is said of a span: names and counts. Never what somebody typed, and no secret. */
export type SpanFacts = Readonly<Record<string, string | number | string[]>>;

/** Tells a tracing tool what ran, how long, and within what. */
export interface Tracing {
  /**
   * Runs work as a part of the work around it, or as the first of a new trace, and gives what it gives. A promise that
   * fails, or that ends with a refusal, marks the span; what gives no promise is no span.
   */
  span<T>(name: string, facts: SpanFacts, work: () => T): T;
}

/** Nobody asked for traces. */
export const UNTRACED: Tracing = { span: (_name, _facts, work) => work() };

/** Spans of effects: `effect deliver`. */
export const EFFECT = 'effect ';
/** The span of every commit of a decision. */
export const APPEND = 'ledger append';
