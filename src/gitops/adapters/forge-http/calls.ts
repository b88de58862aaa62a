import { createHmac, timingSafeEqual } from 'node:crypto';
import { ExponentialBackoff, handleWhenResult, retry } from 'cockatiel';
import { parseForeign } from '../../../kit/json.ts';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure } from '../../forge.ts';

const RATE_WORDS = /rate limit|too many requests|abuse/i;
/** The delay for a rate limit that does not say how long to wait. */
const LIMITED_MS = 60_000;

type Headers = Readonly<Record<string, unknown>>;
const headerOf = (headers: Headers, name: string): string | null =>
  headers[name] === undefined ? null : String(headers[name]);

/** How long a forge asks to wait: as seconds or as a date, or by when its limit ends. Null: it does not say. */
function waitOf(headers: Headers): number | null {
  const after = headerOf(headers, 'retry-after');
  const seconds = Number(after);
  if (after !== null && seconds > 0) return seconds * 1_000;
  const until = after === null ? Number.NaN : Date.parse(after);
  if (Number.isFinite(until)) return Math.max(0, until - Date.now());
  const reset = Number(headerOf(headers, 'x-ratelimit-reset'));
  return reset > 0 ? Math.max(0, reset * 1_000 - Date.now()) : null;
}

const isLimited = (status: number, message: string, headers: Headers): boolean =>
  status === 429 ||
  (status === 403 &&
    (headerOf(headers, 'x-ratelimit-remaining') === '0' ||
      headerOf(headers, 'retry-after') !== null ||
      RATE_WORDS.test(message)));

/** An HTTP status as a failure with a code. Forges report a rate limit by 403 and by 429. */
export function failureOf(status: number, message: string, headers: Headers = {}): ForgeFailure {
  if (isLimited(status, message, headers))
    return { code: 'RATE_LIMITED', message, retryAfterMs: waitOf(headers) ?? LIMITED_MS };
  if (status === 401) return { code: 'UNAUTHORISED', message };
  if (status === 403) return { code: 'FORBIDDEN', message };
  if (status === 404 || status === 410) return { code: 'NOT_FOUND', message };
  if (status === 409) return { code: 'CONFLICT', message };
  if (status === 405) return { code: 'REFUSED', message };
  if (status >= 400 && status < 500) return { code: 'INVALID', message };
  const wait = headerOf(headers, 'retry-after') === null ? null : waitOf(headers);
  return { code: 'UNAVAILABLE', message, ...(wait === null ? {} : { retryAfterMs: wait }) };
}

/** A page for people, as what stands in front of a forge answers with: nothing was read, posted or merged by it. */
export const isPage = (headers: Headers): boolean =>
  /^text\/html\b/i.test(headerOf(headers, 'content-type') ?? '');
export const A_PAGE = 'a web page answered instead of the API: does something in front of it ask to sign in?';

export const unavailable = (doing: string, thrown: unknown): { ok: false; error: ForgeFailure } =>
  fail({ code: 'UNAVAILABLE', message: `${doing}: ${messageOf(thrown)}` });

const MAX_ATTEMPTS = 3;

/**
 * Tries again what failed for want of an answer. An operation begins with a read of what is there, so that
 * doing it twice leaves one result; what asks to be left alone for a while is passed on.
 */
export async function retrying<T>(
  operation: () => Promise<Result<T, ForgeFailure>>,
  waitMs = 200,
  attempts = MAX_ATTEMPTS,
): Promise<Result<T, ForgeFailure>> {
  const policy = retry(
    handleWhenResult((result) => {
      const { ok: done, error } = result as { ok: boolean; error?: ForgeFailure };
      return !done && error?.code === 'UNAVAILABLE' && error.retryAfterMs === undefined;
    }),
    {
      maxAttempts: attempts - 1,
      backoff: new ExponentialBackoff({ initialDelay: waitMs, maxDelay: 20 * waitMs }),
    },
  );
  return policy.execute(operation);
}

/** Compares a hex HMAC-SHA-256 of the exact body, in constant time. */
export function signed(secret: string, body: string, signature: string | undefined): boolean {
  if (!signature || !/^[0-9a-f]{64}$/.test(signature)) return false;
  const wanted = createHmac('sha256', secret).update(body, 'utf8').digest();
  return timingSafeEqual(wanted, Buffer.from(signature, 'hex'));
}

export const badSignature: Result<never, ForgeFailure> = fail({
  code: 'UNAUTHORISED',
  message: 'the signature of the delivery is missing or wrong',
});

/** The body of a delivery as JSON, or what is wrong with it. */
export function deliveryOf(body: string): Result<Record<string, unknown>, ForgeFailure> {
  try {
    const value = parseForeign(body);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? ok(value as Record<string, unknown>)
      : fail({ code: 'INVALID', message: 'the delivery is not a JSON object' });
  } catch (thrown) {
    return fail({ code: 'INVALID', message: `the delivery is not JSON: ${messageOf(thrown)}` });
  }
}
