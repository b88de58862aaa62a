import type { Platform } from '../declaration/platform.ts';
import { ok, type Result } from '../kit/result.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { Env } from './context.ts';
import { readSecret } from './secrets.ts';

/** The Prometheus of an environment, at the address where it answers from here. */
export async function openMetrics(
  platform: Platform,
  environment: string,
  address: string,
  env: Env,
): Promise<Result<MetricsPort, string>> {
  const { accessOf } = await import('../runtime/adapters/prometheus/access.ts');
  const { prometheusHttp } = await import('../runtime/adapters/prometheus/http.ts');
  const { prometheus } = platform.environments.find((e) => e.name === environment)!;
  const access = accessOf(prometheus, address, (ref) => readSecret(ref, env));
  return access.ok ? ok(prometheusHttp(access.value)) : access;
}
