import type { Environment } from '../../../src/declaration/platform.ts';
import { HASH_LABEL } from '../../../src/delivery/adapters/argo-rollouts/template.ts';
import type { answerFor } from '../../../src/delivery/answer.ts';
import type { Revision } from '../../../src/delivery/events.ts';
import { canonicalText } from '../../../src/kit/canonical.ts';
import { sha256 } from '../../../src/kit/digest.ts';
import type { Outside } from './outside.ts';
import type { Place, Services } from './services.ts';
import type { SimTime } from './time.ts';
import { createWatches } from './watches.ts';

interface SimRollout {
  readonly service: string;
  readonly place: Place;
  asked: Revision | null;
  hash: string;
  stable: string;
  generation: number;
  /** -1: it has no traffic yet. */
  step: number;
  aborted: boolean;
  full: boolean;
  message: string;
  askAt: number;
  /** Pods of what is over, and until when they are still there. */
  readonly going: Map<string, number>;
  /** Every template that it was asked for, by its hash. */
  readonly made: Map<string, Revision>;
}

const ASK_EVERY_MS = 5_000;
const PODS_END_MS = 3_000;
const STEPS = [20, 50, 100] as const;
const VERDICT = { analysis: { templates: [{ templateName: 'service-verdict' }] } };

/** The pod template that a file of the desired state becomes: the version is a label of the pods. */
export const templateOf = ({ version, digest, config, chart }: Revision): string =>
  sha256(canonicalText({ version, digest, config, chart: chart ?? '' })).slice(0, 10);

type Answer = ReturnType<typeof answerFor>;
type Question = Parameters<typeof answerFor>[2];

export interface ClusterOptions {
  readonly services: Services;
  readonly outside: Outside;
  readonly time: SimTime;
  readonly environment: Environment;
  /** What Git asks for now, as Argo CD applies it. */
  readonly wanted: (lane: string) => Revision | null;
  readonly burns: (place: Place) => boolean;
  /** The server's answer; null: none. */
  readonly verdict: (service: string, question: Question) => Answer | null;
}

/** Argo Rollouts and Argo CD in one cluster: their objects, and their reactions to answers. */
export function createCluster(options: ClusterOptions) {
  const { services, outside, time, environment } = options;
  const rollouts = new Map<string, SimRollout>();
  /** Actions of people in the cluster, without Sluice. */
  const byHand = new Set<string>();
  for (const place of services.places.values())
    if (place.environment === environment.name)
      rollouts.set(place.service, {
        service: place.service,
        place,
        asked: null,
        hash: '',
        stable: '',
        generation: 0,
        step: -1,
        aborted: false,
        full: false,
        message: '',
        askAt: 0,
        going: new Map(),
        made: new Map(),
      });

  const weightOf = (r: SimRollout): number =>
    r.step < 0 || r.aborted || r.hash === r.stable ? 0 : STEPS[r.step]!;
  const route = (r: SimRollout) => {
    const weight = weightOf(r);
    services.route(r.place, { stable: r.stable || null, canary: weight > 0 ? r.hash : null, weight });
  };
  const end = (r: SimRollout, hash: string) => {
    if (hash !== '' && hash !== r.stable) r.going.set(hash, time.now() + PODS_END_MS);
  };

  function begin(r: SimRollout): void {
    r.going.delete(r.hash);
    if (!r.place.processes.has(r.hash)) services.start(r.place, r.hash);
    Object.assign(r, { step: -1, aborted: false, full: false, message: '', askAt: time.now() });
  }

  /** Argo CD applies what Git asks for. */
  function apply(r: SimRollout): void {
    const wanted = options.wanted(r.place.lane);
    const hash = wanted ? templateOf(wanted) : '';
    if (!wanted || hash === r.hash) return;
    end(r, r.hash);
    r.asked = wanted;
    r.hash = hash;
    r.made.set(hash, wanted);
    r.generation++;
    begin(r);
    route(r);
  }

  function abort(r: SimRollout, message: string): void {
    if (r.aborted || r.hash === r.stable) return;
    r.aborted = true;
    r.message = message;
    end(r, r.hash);
    route(r);
  }

  function complete(r: SimRollout): void {
    const old = r.stable;
    r.stable = r.hash;
    end(r, old);
    Object.assign(r, { step: -1, full: false });
    route(r);
  }

  function analyse(r: SimRollout): void {
    if (time.now() < r.askAt) return;
    r.askAt = time.now() + ASK_EVERY_MS;
    if (options.burns(r.place)) {
      abort(r, 'RolloutAborted: metric "burn" assessed Failed');
      return;
    }
    const question = {
      revision: r.hash,
      step: Math.max(0, r.step),
      phase: r.step < 0 ? 'start' : 'step',
    } as const;
    const answer = options.verdict(r.service, question);
    if (answer?.verdict === 'fail') abort(r, 'RolloutAborted: metric "verdict" assessed Failed');
    if (answer?.verdict !== 'pass') return;
    r.step++;
    if (r.step >= STEPS.length) complete(r);
    else route(r);
  }

  function tick(r: SimRollout): void {
    apply(r);
    services.flow(r.place);
    for (const [hash, until] of r.going)
      if (time.now() >= until) {
        r.going.delete(hash);
        if (hash !== r.stable && (hash !== r.hash || r.aborted)) r.place.processes.delete(hash);
      }
    const mine = r.place.processes.get(r.hash);
    if (r.hash === '' || r.hash === r.stable || r.aborted || !mine || !services.isReady(mine)) return;
    if (r.stable === '' || r.full) complete(r);
    else analyse(r);
  }

  function rolloutObject(r: SimRollout) {
    const { asked, service, hash, stable, aborted } = r;
    const phase = aborted ? 'Degraded' : hash === stable ? 'Healthy' : 'Progressing';
    return {
      metadata: { name: service, generation: r.generation },
      spec: {
        template: {
          metadata: { labels: { 'app.kubernetes.io/version': asked?.version ?? '' } },
          spec: {
            containers: [{ name: 'app', image: `registry.invalid/${service}@${asked?.digest ?? ''}` }],
          },
        },
        strategy: {
          canary: { steps: STEPS.flatMap((setWeight) => [{ setWeight }, VERDICT]), trafficRouting: {} },
        },
      },
      status: {
        abort: aborted,
        promoteFull: r.full,
        phase,
        message: r.message,
        observedGeneration: String(r.generation),
        currentPodHash: hash,
        stableRS: stable,
        canary: { weights: { canary: { weight: weightOf(r), podTemplateHash: hash } } },
      },
    };
  }

  /** Argo Rollouts makes a ReplicaSet of each template, and keeps it. */
  function replicaSetObject(r: SimRollout, { version, digest }: Revision, hash: string) {
    return {
      metadata: {
        name: `${r.service}-${hash}`,
        labels: { [HASH_LABEL]: hash },
        ownerReferences: [{ kind: 'Rollout', name: r.service }],
      },
      spec: {
        template: {
          metadata: { labels: { 'app.kubernetes.io/version': version } },
          spec: { containers: [{ name: 'app', image: `registry.invalid/${r.service}@${digest}` }] },
        },
      },
    };
  }
  const replicaSets = (r: SimRollout) =>
    [...r.made].map(([hash, revision]) => replicaSetObject(r, revision, hash));

  const podObjects = (r: SimRollout) =>
    [...r.place.processes.values()].map((p) => ({
      metadata: {
        name: `${r.service}-${p.revision}`,
        labels: { [HASH_LABEL]: p.revision },
        ownerReferences: [{ kind: 'ReplicaSet', name: `${r.service}-${p.revision}` }],
        ...(r.going.has(p.revision) ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      status: {
        containerStatuses: [
          {
            name: 'app',
            ready: services.isReady(p),
            restartCount: p.exited ? 3 : 0,
            state: p.exited ? { waiting: { reason: 'CrashLoopBackOff' } } : {},
          },
        ],
      },
    }));

  const watches = createWatches(outside, time, (service, status) => {
    const r = rollouts.get(service)!;
    const {
      abort: aborted,
      promoteFull,
      currentStepIndex: index,
    } = status as { abort?: boolean; promoteFull?: boolean; currentStepIndex?: number };
    if (aborted === true) abort(r, 'RolloutAborted: Rollout aborted update');
    if (aborted === false && r.aborted) begin(r);
    if (promoteFull) r.full = true;
    if (index !== undefined && !r.aborted && r.hash !== r.stable) {
      // Of each weight its `setWeight` comes first, then its analysis.
      r.step = Math.floor(index / 2);
      r.askAt = time.now() + ASK_EVERY_MS;
      route(r);
    }
  });

  return {
    rollouts,
    byHand,
    watches,
    /** Its controllers reconcile once. */
    tick() {
      for (const r of rollouts.values()) tick(r);
      watches.show('rollouts', [...rollouts.values()].filter((r) => r.hash !== '').map(rolloutObject));
      watches.show('replicasets', [...rollouts.values()].flatMap(replicaSets));
      watches.show('pods', [...rollouts.values()].flatMap(podObjects));
      if (outside.faultOf('cluster')?.kind === 'down') watches.breakOff();
    },
    /** It already runs the desired state. */
    settle(scrapeMs: number) {
      for (const r of rollouts.values()) {
        const wanted = options.wanted(r.place.lane)!;
        r.asked = wanted;
        r.hash = templateOf(wanted);
        r.made.set(r.hash, wanted);
        r.stable = r.hash;
        r.generation = 1;
        services.seed(r.place, r.hash, scrapeMs);
      }
    },
    /** A person promotes, aborts or retries there. */
    hand(service: string, what: 'promote' | 'abort' | 'retry') {
      const r = rollouts.get(service)!;
      if (r.hash === r.stable || r.hash === '') return;
      byHand.add(r.hash);
      if (what === 'promote' && !r.aborted) r.full = true;
      if (what === 'abort') abort(r, 'RolloutAborted: Rollout aborted update');
      if (what === 'retry' && r.aborted) begin(r);
    },
  };
}
export type SimCluster = ReturnType<typeof createCluster>;
