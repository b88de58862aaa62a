import { analysisRunOf } from '../../../src/delivery/adapters/argo-rollouts/analysis-runs.ts';
import type { Scene } from '../../../src/delivery/adapters/argo-rollouts/observed.ts';
import { podOf } from '../../../src/delivery/adapters/argo-rollouts/pods.ts';
import { rolloutOf } from '../../../src/delivery/adapters/argo-rollouts/rollout.ts';
import { replicaSetOf } from '../../../src/delivery/adapters/argo-rollouts/template.ts';

/** What is recorded of a Rollout in a cluster. */
export interface Recorded {
  readonly rollout: object;
  readonly replicaSets: readonly object[];
  readonly pods?: readonly object[];
  readonly runs?: readonly object[];
}

/** Recorded objects as they are read. */
export const sceneOf = (
  recorded: Recorded,
  container: string | null = null,
  promotedInFull: string | null = null,
): Scene => ({
  rollout: rolloutOf(recorded.rollout),
  replicaSets: recorded.replicaSets.map(replicaSetOf),
  pods: (recorded.pods ?? []).map(podOf),
  runs: (recorded.runs ?? []).map(analysisRunOf),
  container,
  promotedInFull,
});
