import { join } from 'node:path';
import type { LoadPort } from '../gitops/load.ts';
import type { StartTraffic } from '../gitops/traffic.ts';
import type { Env, WiringContext } from './context.ts';

/** Who sends the requests of a load test: k6 where it is found, else a generator of ours. */
export async function openLoad(
  { work, env, now }: WiringContext,
  addressOf: (environment: string, service: string) => string | null,
): Promise<LoadPort> {
  const { findK6, loadRunner } = await import('../gitops/adapters/load-test/runner.ts');
  return loadRunner({ directory: join(work, 'load'), env, k6: findK6(env), addressOf, now });
}

/** Where k6 lies; null: it is not on this machine. */
export const locateK6 = async (env: Env): Promise<string | null> =>
  (await import('../gitops/adapters/load-test/runner.ts')).findK6(env);

/** Requests at a steady rate, as the demo's users send them. */
export const openTraffic = async (): Promise<StartTraffic> =>
  (await import('../gitops/adapters/load-test/open-loop.ts')).startTraffic;
