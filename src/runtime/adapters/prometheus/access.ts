import type { PrometheusSource, SecretRef } from '../../../declaration/platform.ts';
import { ok, type Result } from '../../../kit/result.ts';
import type { PrometheusAccess } from './connection.ts';

/** Reads a secret where its reference points, or says why it cannot. */
export type ReadSecret = (ref: SecretRef) => Result<string, string>;

/** What it takes to reach a declared Prometheus: its address, headers and certificates. */
export function accessOf(
  source: PrometheusSource,
  address: string,
  readSecret: ReadSecret,
): Result<PrometheusAccess, string> {
  const headers: Record<string, string> = {};
  if (source.tenant) headers[source.tenant.header] = source.tenant.value;
  if (source.auth && 'bearer' in source.auth) {
    const token = readSecret(source.auth.bearer);
    if (!token.ok) return token;
    headers['authorization'] = `Bearer ${token.value}`;
  } else if (source.auth) {
    const password = readSecret(source.auth.basic.password);
    if (!password.ok) return password;
    const pair = `${source.auth.basic.username}:${password.value}`;
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  if (!source.mtls) return ok({ address, timeoutMs: source.timeoutMs, headers, tls: null });
  const [cert, key] = [readSecret(source.mtls.cert), readSecret(source.mtls.key)];
  const ca = source.mtls.ca ? readSecret(source.mtls.ca) : null;
  if (!cert.ok) return cert;
  if (!key.ok) return key;
  if (ca && !ca.ok) return ca;
  const tls = { cert: cert.value, key: key.value, ...(ca ? { ca: ca.value } : {}) };
  return ok({ address, timeoutMs: source.timeoutMs, headers, tls });
}
