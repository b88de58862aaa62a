import { isDeepStrictEqual } from 'node:util';
import { lanesOf } from '../declaration/layout.ts';
import type { Platform } from '../declaration/platform.ts';
import type { Revision } from '../delivery/events.ts';
import type { DesiredRepository, DesiredState } from '../gitops/port.ts';
import { laneName } from '../kit/lane.ts';

/** The revision that the cluster asks for in one lane; null: none, or unknown. */
export type DesiredRevision = (service: string, environment: string) => Revision | null;

export interface Followed {
  readonly repository: DesiredRepository;
  /** The desired revision of a followed lane, as the cluster has it, whoever set it. */
  wanted(lane: string): Revision | null;
}

/**
 * Where Argo Rollouts delivers, a revision is a pod template: what Git asks for is known by the template that it
 * became in the cluster, once it is there. Where Git says nothing, the Rollout alone does.
 */
export function rolloutDesiredState(
  platform: Platform,
  inner: DesiredRepository,
  asked: DesiredRevision,
): Followed {
  const lanes = lanesOf(platform).filter(({ environment }) => environment.delivery === 'argo-rollouts');
  const last = new Map<string, Revision>();
  const wanted = new Map<string, Revision>();
  let told: { readonly of: DesiredState; readonly state: DesiredState } | null = null;

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
        const moved = lanes.filter(({ service, environment }) => {
          const lane = laneName(service.name, environment.name);
          const now = asked(service.name, environment.name);
          const before = last.get(lane);
          if (now) last.set(lane, now);
          return now !== null && !isDeepStrictEqual(now, before);
        });
        // Neither Git nor the cluster asks for anything else: it is the same value.
        if (told?.of === state && moved.length === 0) return told.state;
        const known = new Map(state.lanes);
        for (const { service, environment } of lanes) {
          const lane = laneName(service.name, environment.name);
          const one = translated(lane, state.lanes.get(lane));
          if (one) known.set(lane, one);
        }
        told = { of: state, state: { ...state, lanes: known } };
        return told.state;
      },
    },
  };
}
