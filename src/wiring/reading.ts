import type { PullReader } from '../controller/gate/reading.ts';
import type { WiringContext } from './context.ts';

/** Reads what pull requests bring on threads of its own, away from what decides. */
export async function openReader({ platform }: Pick<WiringContext, 'platform'>): Promise<PullReader> {
  return (await import('../controller/adapters/worker/reader.ts')).workerReader(platform);
}
