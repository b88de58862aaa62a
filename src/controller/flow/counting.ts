import type { Ms } from '../../kit/time.ts';
import { type SpanFacts, type Tracing, UNTRACED } from './tracing.ts';

/** One call to the outside that has ended. */
export interface PortCall {
  /** What was called: `forge`, `delivery`, `prometheus`, and so on. */
  readonly port: string;
  /** The method of the port. */
  readonly verb: string;
  readonly tookMs: Ms;
  /** `refused`: it answered with a failure. */
  readonly outcome: 'answered' | 'refused' | 'failed';
}

/** Is told of calls. */
export interface Calls {
  call(call: PortCall): void;
  /** Left out: calls are no spans. */
  readonly tracing?: Tracing;
}

/** What a call is about, by its verb and what it was given. */
export type FactsOf = (verb: string, args: readonly unknown[]) => SpanFacts;
const NO_FACTS: FactsOf = () => ({});

/** Whether an answer is a `Result` of a failure. */
export const isRefusal = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'ok' in answer && answer.ok === false;

/** Wraps a port: every call that returns a promise is counted, timed and traced by its verb. */
export function counted<T extends object>(port: string, inner: T, calls: Calls, factsOf = NO_FACTS): T {
  const tracing = calls.tracing ?? UNTRACED;
  const told = (verb: string, begun: number, outcome: PortCall['outcome']) =>
    calls.call({ port, verb, tookMs: performance.now() - begun, outcome });
  return new Proxy(inner, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function' || typeof name === 'symbol') return method;
      return (...args: unknown[]) => {
        const begun = performance.now();
        const work = (): unknown => method.apply(target, args);
        const answer =
          tracing === UNTRACED ? work() : tracing.span(`${port} ${name}`, factsOf(name, args), work);
        if (!(answer instanceof Promise)) return answer;
        return answer.then(
          (value: unknown) => {
            told(name, begun, isRefusal(value) ? 'refused' : 'answered');
            return value;
          },
          (thrown: unknown) => {
            told(name, begun, 'failed');
            throw thrown;
          },
        );
      };
    },
  });
}
