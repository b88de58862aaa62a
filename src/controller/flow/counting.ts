import type { Ms } from '../../kit/time.ts';

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
}

const isRefusal = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'ok' in answer && answer.ok === false;

/** Wraps a port: every call that returns a promise is counted and timed by its verb. */
export function counted<T extends object>(port: string, inner: T, calls: Calls): T {
  const told = (verb: string, begun: number, outcome: PortCall['outcome']) =>
    calls.call({ port, verb, tookMs: performance.now() - begun, outcome });
  return new Proxy(inner, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function' || typeof name === 'symbol') return method;
      return (...args: unknown[]) => {
        const begun = performance.now();
        const answer: unknown = method.apply(target, args);
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
