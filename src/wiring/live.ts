import type { LiveSource } from '../controller/live-check.ts';
import type { Platform } from '../declaration/platform.ts';
import { ok, type Result } from '../kit/result.ts';
import type { Env } from './context.ts';
import { readSecret } from './secrets.ts';

/** A live Prometheus to compare a declaration with, with the credentials of an environment; close it afterwards. */
export async function openLive(
  platform: Platform,
  environment: string,
  address: string,
  env: Env,
): Promise<Result<LiveSource & { close(): Promise<void> }, string>> {
  const { accessOf } = await import('../runtime/adapters/prometheus/access.ts');
  const { prometheusHttp } = await import('../runtime/adapters/prometheus/http.ts');
  const { prometheusCatalog } = await import('../runtime/adapters/prometheus/catalog.ts');
  const { prometheus } = platform.environments.find((e) => e.name === environment)!;
  const access = accessOf(prometheus, address, (ref) => readSecret(ref, env));
  if (!access.ok) return access;
  const [metrics, catalog] = [prometheusHttp(access.value), prometheusCatalog(access.value)];
  return ok({
    ...metrics,
    ...catalog,
    close: async () => {
      await Promise.all([metrics.close(), catalog.close()]);
    },
  });
}
