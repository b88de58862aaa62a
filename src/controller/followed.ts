import { lanesOf, type Platform } from '../declaration/platform.ts';
import { laneName, type Revision } from '../delivery/events.ts';
import type { DesiredRepository, DesiredState } from '../gitops/port.ts';

/** What the cluster asks for in one lane; null: nothing, or nobody can say. */
export type Asked = (service: string, environment: string) => Revision | null;

export interface Followed {
  readonly repository: DesiredRepository;
  /** What the loop goes by in a lane that is followed: what the cluster was told, by whomever. */
  wanted(lane: string): Revision | null;
}

/**
 * Where Argo Rollouts delivers, a revision is a pod template: what Git asks for is known by the template that it
 * became in the cluster, once it is there. Where Git says nothing, the Rollout alone does.
 */
export function followCluster(platform: Platform, inner: DesiredRepository, asked: Asked): Followed {
  const lanes = lanesOf(platform).filter(({ environment }) => environment.delivery === 'argo-rollouts');
  const last = new Map<string, Revision>();
  const wanted = new Map<string, Revision>();

  /** Git's word, by the revision that it has in the cluster. */
  function translated(lane: string, git: Revision | undefined): Revision | undefined {
    const there = last.get(lane);
    if (!there) return git;
    const applied: Revision | undefined =
      git?.digest === there.digest ? { ...git, revision: there.revision, template: 'known' } : undefined;
    wanted.set(lane, applied ?? there);
    return applied ?? git ?? there;
  }

  return {
    wanted: (lane) => wanted.get(lane) ?? null,
    repository: {
      since: inner.since,
      hint: inner.hint,
      async read(): Promise<DesiredState | null> {
        const state = await inner.read();
        if (!state || lanes.length === 0) return state;
        const known = new Map(state.lanes);
        for (const { service, environment } of lanes) {
          const lane = laneName(service.name, environment.name);
          const now = asked(service.name, environment.name);
          if (now) last.set(lane, now);
          const one = translated(lane, state.lanes.get(lane));
          if (one) known.set(lane, one);
        }
        return { ...state, lanes: known };
      },
    },
  };
}
