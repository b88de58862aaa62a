import { createHmac, timingSafeEqual } from 'node:crypto';
import { ExponentialBackoff, handleWhenResult, retry } from 'cockatiel';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { ForgeFailure } from '../../forge.ts';

const RATE_WORDS = /rate limit|too many requests|abuse/i;
const MAX_WAIT_MS = 60_000;

/** A status as a failure with a code of ours. Forges say "too many" by 403 and by 429. */
export function failureOf(
  status: number,
  message: string,
  headers: Readonly<Record<string, unknown>> = {},
): ForgeFailure {
  const header = (name: string) => (headers[name] === undefined ? null : String(headers[name]));
  const limited =
    status === 429 ||
    (status === 403 && (header('x-ratelimit-remaining') === '0' || RATE_WORDS.test(message)));
  if (limited) {
    const after = Number(header('retry-after'));
    const reset = Number(header('x-ratelimit-reset'));
    const wait =
      after > 0 ? after * 1_000 : reset > 0 ? Math.max(0, reset * 1_000 - Date.now()) : MAX_WAIT_MS;
    return { code: 'RATE_LIMITED', message, retryAfterMs: wait };
  }
  if (status === 401) return { code: 'UNAUTHORISED', message };
  if (status === 403) return { code: 'FORBIDDEN', message };
  if (status === 404 || status === 410) return { code: 'NOT_FOUND', message };
  if (status === 409) return { code: 'CONFLICT', message };
  if (status === 405) return { code: 'REFUSED', message };
  if (status >= 400 && status < 500) return { code: 'INVALID', message };
  return { code: 'UNAVAILABLE', message };
}

export const unavailable = (doing: string, thrown: unknown): { ok: false; error: ForgeFailure } =>
  fail({ code: 'UNAVAILABLE', message: `${doing}: ${messageOf(thrown)}` });

const MAX_ATTEMPTS = 3;

/**
 * Tries again what failed for want of an answer. An operation begins with a read of what is there, so that
 * doing it twice leaves one result; a limit that asks to wait longer is passed on.
 */
export async function retrying<T>(
  operation: () => Promise<Result<T, ForgeFailure>>,
  waitMs = 200,
  attempts = MAX_ATTEMPTS,
): Promise<Result<T, ForgeFailure>> {
  const policy = retry(
    handleWhenResult((result) => {
      const { ok: done, error } = result as { ok: boolean; error?: ForgeFailure };
      return !done && error?.code === 'UNAVAILABLE';
    }),
    {
      maxAttempts: attempts - 1,
      backoff: new ExponentialBackoff({ initialDelay: waitMs, maxDelay: 20 * waitMs }),
    },
  );
  return policy.execute(operation);
}

/** Compares a hex HMAC-SHA-256 of the exact body, in a time that tells nothing. */
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
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? ok(value as Record<string, unknown>)
      : fail({ code: 'INVALID', message: 'the delivery is no JSON object' });
  } catch (thrown) {
    return fail({ code: 'INVALID', message: `the delivery is not JSON: ${messageOf(thrown)}` });
  }
}
