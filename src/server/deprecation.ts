import type { MiddlewareHandler } from 'hono';
import type { HttpApp, Variables } from './http.ts';

/** An operation that goes on working, and will end. */
export interface Deprecated {
  readonly method: 'GET' | 'POST';
  /** As the description has it: `/api/v1/releases/{id}`. */
  readonly path: string;
  /** The day from which it is deprecated, and the day from which it may be gone: `2027-01-31`. */
  readonly since: string;
  readonly sunset: string;
  /** What to ask in its place. */
  readonly instead: string;
}

/**
 * Every operation that is deprecated, or was: an entry stays once its operation is gone. Its route says
 * `deprecated: true`. The rules are in docs/operations/api.md.
 */
export const DEPRECATED: readonly Deprecated[] = [];

const dayOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/** RFC 9745 and RFC 8594: since when, until when, and where it is said what to do. */
const headersOf = ({ since, sunset }: Deprecated): readonly (readonly [name: string, value: string])[] => [
  ['deprecation', `@${dayOf(since) / 1_000}`],
  ['sunset', new Date(dayOf(sunset)).toUTCString()],
  ['link', '</openapi.json>; rel="deprecation"'],
];

const tellOf =
  (one: Deprecated): MiddlewareHandler<Variables> =>
  async (c, next) => {
    await next();
    for (const [name, value] of headersOf(one)) c.header(name, value);
  };

/** Every answer of a deprecated operation says so, refusals too. */
export function tellDeprecated(app: HttpApp, all: readonly Deprecated[] = DEPRECATED): void {
  for (const one of all) app.on(one.method, one.path.replace(/\{(\w+)\}/g, ':$1'), tellOf(one));
}
