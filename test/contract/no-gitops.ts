import type { AppParts } from '../../src/server/http.ts';

/** A server beside which nothing of the GitOps plane runs. */
export const NO_GITOPS: Pick<
  AppParts,
  'sync' | 'measures' | 'lastEnvironments' | 'onPush' | 'argoCdToken' | 'onSync'
> = {
  sync: { tick: async () => {}, of: () => null, refresh: () => {} },
  measures: () => ({
    deployments: 0,
    perDay: 0,
    leadTimeMs: null,
    failures: 0,
    changeFailureRate: null,
    timeToRestoreMs: null,
    leftOutAt: null,
  }),
  lastEnvironments: ['prod'],
  onPush: () => {},
  argoCdToken: null,
  onSync: async () => {},
};
