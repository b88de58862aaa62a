import { describe, expect, it } from 'vitest';
import { IMAGE, made, SERVICE, the } from '../../charts/chart.ts';
import type { Resource } from '../../charts/platform.ts';
import { tool } from '../../tools.ts';

/**
 * `http://api` is what callers inside of the cluster know. It selected every pod of the service, so that they reached a
 * canary at any weight, and after an abort for as long as its pods stayed.
 */
type Labels = Readonly<Record<string, string>>;
const HASH = 'rollouts-pod-template-hash';
const ROUTED = {
  'an Ingress at the edge': { mode: 'edge', hosts: ['api.invalid'] },
  'an Ingress of its callers': { mode: 'internal' },
  'a route of a Gateway': { via: 'gateway', gateway: { name: 'public' } },
} as const;

interface Canary {
  readonly stableService: string;
  readonly canaryService: string;
  readonly trafficRouting?: object;
}
const canaryOf = (list: readonly Resource[]): Canary =>
  (the(list, 'Rollout').spec['strategy'] as { canary: Canary }).canary;
const podLabels = (list: readonly Resource[]): Labels =>
  (the(list, 'Rollout').spec['template'] as { metadata: { labels: Labels } }).metadata.labels;

/**
 * What Argo Rollouts 1.9 makes of the selectors of Services: the stable Service gets the hash of the stable ReplicaSet,
 * the canary's that of the new one, which after an abort it keeps where a route splits traffic.
 */
function selectorOf(service: string, canary: Canary, given: Labels, aborted: boolean): Labels {
  if (service === canary.stableService) return { ...given, [HASH]: 'stable' };
  if (service !== canary.canaryService) return given;
  return { ...given, [HASH]: aborted && !canary.trafficRouting ? 'stable' : 'canary' };
}

/** Which of both versions' pods a caller of a Service reaches, with both of them ready. */
function reached(list: readonly Resource[], service: string, aborted: boolean): string[] {
  const given = the(list, 'Service', service).spec['selector'] as Labels;
  const selector = selectorOf(service, canaryOf(list), given, aborted);
  return ['stable', 'canary'].filter((hash) => {
    const labels: Labels = { ...podLabels(list), [HASH]: hash };
    return Object.entries(selector).every(([name, value]) => labels[name] === value);
  });
}

/** To which Services a route sends: first the stable one. */
function backendsOf(list: readonly Resource[]): string[] {
  const text = JSON.stringify(list.find((r) => r.kind === 'Ingress' || r.kind === 'HTTPRoute')!.spec);
  return [...text.matchAll(/"(?:service|backendRefs)":(?:\[?\{"name":"([^"]+)")/g)].map((m) => m[1]!);
}

describe.skipIf(!tool('helm'))('d13: callers inside of the cluster after an abort', () => {
  for (const [by, traffic] of Object.entries(ROUTED)) {
    const values = { image: IMAGE, traffic };

    it(`FIELD-43: where traffic is split by ${by}, the service's own name leads to stable pods alone`, () => {
      const list = made(SERVICE, values);
      expect(canaryOf(list)).toMatchObject({ stableService: 'api', canaryService: 'api-canary' });
      for (const aborted of [false, true]) expect(reached(list, 'api', aborted)).toEqual(['stable']);
      expect(reached(list, 'api-canary', false)).toEqual(['canary']);
    });

    it(`FIELD-43: ${by} sends to the Service that Argo Rollouts keeps on stable pods`, () => {
      const list = made(SERVICE, values);
      expect(backendsOf(list)[0]).toBe(canaryOf(list).stableService);
    });
  }

  it('FIELD-43: where pods are counted it leads to all of them, for that is what splits traffic', () => {
    const list = made(SERVICE, { image: IMAGE, traffic: { mode: 'replicas' } });
    expect(canaryOf(list)).toMatchObject({ stableService: 'api-stable', canaryService: 'api-canary' });
    expect(reached(list, 'api', false)).toEqual(['stable', 'canary']);
    expect(reached(list, 'api-stable', true)).toEqual(['stable']);
  });
});
