import type { MetricsFailure } from '../../port.ts';

/** What an answer of HTTP shows of itself. */
interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What is there instead of a Prometheus, in words for whoever gave the address. */
function insteadOf({ statusCode, headers }: HttpAnswer): string {
  if (statusCode === 401 || statusCode === 403)
    return 'it asks for credentials, or refuses those that were given';
  if (statusCode === 404) return 'no Prometheus API is at this address';
  if (statusCode >= 300 && statusCode < 400) return 'it leads elsewhere, as a sign-in in front of it does';
  if (statusCode >= 500) return 'the server, or what is in front of it, fails';
  const type = String(headers['content-type'] ?? '');
  return /html/.test(type) ? 'that is a web page, not the API of a Prometheus' : 'that is not JSON';
}

/** An answer that is none of a Prometheus. */
export const foreignAnswer = (address: string, answer: HttpAnswer): MetricsFailure => ({
  code: 'NONSENSE',
  message: `${address} answered ${answer.statusCode}: ${insteadOf(answer)}`,
});
