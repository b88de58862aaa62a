import { readFileSync } from 'node:fs';
import type { PrometheusSource, SecretRef } from '../../../declaration/platform.ts';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { PrometheusAccess } from './http.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a secret where its reference points; its value goes nowhere but into a header. */
export function readSecret(ref: SecretRef, env: Environment): Result<string, string> {
  if ('env' in ref) {
    const value = env[ref.env];
    return value ? ok(value) : fail(`the environment variable ${ref.env} is not set`);
  }
  try {
    return ok(readFileSync(ref.file, 'utf8').trim());
  } catch (thrown) {
    return fail(`the secret file cannot be read: ${messageOf(thrown)}`);
  }
}

/** What it takes to reach a declared Prometheus: its address, headers and certificates. */
export function accessOf(
  source: PrometheusSource,
  address: string,
  env: Environment,
): Result<PrometheusAccess, string> {
  const headers: Record<string, string> = {};
  if (source.tenant) headers[source.tenant.header] = source.tenant.value;
  if (source.auth && 'bearer' in source.auth) {
    const token = readSecret(source.auth.bearer, env);
    if (!token.ok) return token;
    headers['authorization'] = `Bearer ${token.value}`;
  } else if (source.auth) {
    const password = readSecret(source.auth.basic.password, env);
    if (!password.ok) return password;
    const pair = `${source.auth.basic.username}:${password.value}`;
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  if (!source.mtls) return ok({ address, timeoutMs: source.timeoutMs, headers, tls: null });
  const [cert, key] = [readSecret(source.mtls.cert, env), readSecret(source.mtls.key, env)];
  const ca = source.mtls.ca ? readSecret(source.mtls.ca, env) : null;
  if (!cert.ok) return cert;
  if (!key.ok) return key;
  if (ca && !ca.ok) return ca;
  const tls = { cert: cert.value, key: key.value, ...(ca ? { ca: ca.value } : {}) };
  return ok({ address, timeoutMs: source.timeoutMs, headers, tls });
}
