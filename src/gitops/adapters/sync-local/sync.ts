import type { DeliveryPort } from '../../../delivery/port.ts';
import { laneName } from '../../../kit/lane.ts';
import { fail, messageOf, ok } from '../../../kit/result.ts';
import type { DesiredRepository } from '../../port.ts';
import { type Live, liveOf, type SyncPort } from '../../sync.ts';

export interface LocalSyncOptions {
  /** Those that run in an environment. */
  services(environment: string): readonly string[];
  delivery(environment: string): DeliveryPort;
  readonly repository: Pick<DesiredRepository, 'hint'>;
}

/** On one machine the loop itself applies the repository: what serves is what the edge says. */
export function localSync({ services, delivery, repository }: LocalSyncOptions): SyncPort {
  return {
    async live(environment) {
      try {
        const found = await Promise.all(
          services(environment).map(async (service): Promise<[string, Live]> => {
            const seen = await delivery(environment).observe(laneName(service, environment), null);
            return [service, liveOf(seen)];
          }),
        );
        return ok(new Map(found));
      } catch (thrown) {
        return fail(messageOf(thrown));
      }
    },
    refresh: async () => repository.hint(),
  };
}
