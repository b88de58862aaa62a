import type { Edge, EdgeArm } from '../delivery/edge-port.ts';
import type { ReleaseEffect, Revision } from '../delivery/events.ts';
import { onlyNewest } from '../delivery/generations.ts';
import type { Delivery, DeliveryPort, Probe } from '../delivery/port.ts';
import type { Processes } from '../delivery/process-port.ts';
import { partsOfLane } from '../kit/lane.ts';

const serviceOf = (lane: string): string => partsOfLane(lane)[0];

interface EmbeddedDeliveryOptions {
  readonly edge: Edge;
  readonly processes: Processes;
  /** What a revision is: version, digest and configuration. */
  revisionOf(lane: string, revision: string): Revision | null;
}

/** A version as the edge sends requests to it; throws where it does not run. */
async function armOf(
  { processes }: EmbeddedDeliveryOptions,
  service: string,
  revision: string,
): Promise<EdgeArm> {
  const { port } = await processes.status(service, revision);
  if (port === null) throw new Error(`${service} ${revision} does not run`);
  return { revision, port };
}

async function carryOut(options: EmbeddedDeliveryOptions, effect: ReleaseEffect): Promise<void> {
  const { edge, processes } = options;
  const service = serviceOf(effect.lane);
  const { revision, weight } = effect;
  switch (effect.kind) {
    case 'start': {
      const known = options.revisionOf(effect.lane, revision);
      if (!known) throw new Error(`revision ${revision} of ${effect.lane} is not known`);
      return processes.start(service, known);
    }
    case 'step': {
      const arm = await armOf(options, service, revision);
      return edge.change(service, (lane) => ({ ...lane, canary: arm, weight }));
    }
    case 'abort':
      return edge.change(service, (lane) => ({ ...lane, canary: null, weight: 0 }));
    case 'promote': {
      const arm = await armOf(options, service, revision);
      return edge.change(service, (lane) => ({ ...lane, stable: arm, canary: null, weight: 0 }));
    }
    case 'clean':
      return processes.stop(service, revision);
  }
}

/** Whether an effect is there already, asked of what carries it out. */
async function probe({ edge, processes }: EmbeddedDeliveryOptions, effect: ReleaseEffect): Promise<Probe> {
  const service = serviceOf(effect.lane);
  const { revision, weight } = effect;
  if (effect.kind === 'start' || effect.kind === 'clean') {
    const { health } = await processes.status(service, revision);
    return (health === 'absent') === (effect.kind === 'clean') ? 'done' : 'absent';
  }
  const lane = (await edge.served()).lanes[service];
  if (!lane) return 'unknown';
  if (effect.kind === 'step')
    return lane.canary?.revision === revision && lane.weight === weight ? 'done' : 'absent';
  if (effect.kind === 'abort') return lane.canary === null ? 'done' : 'absent';
  return lane.stable?.revision === revision && lane.canary === null ? 'done' : 'absent';
}

async function servedBy(edge: Edge): ReturnType<Edge['served']> {
  const state = await edge.served().catch(() => null);
  if (state) return state;
  await edge.start();
  return edge.served();
}

/** What runs and serves; a stable version that ended is started again. */
async function observe(
  { edge, processes }: EmbeddedDeliveryOptions,
  service: string,
  target: string | null,
): Promise<Delivery> {
  const lane = (await servedBy(edge)).lanes[service];
  const stable = lane?.stable?.revision ?? null;
  if (stable !== null && (await processes.status(service, stable)).health === 'exited')
    await processes.revive(service, stable);
  const canary = target !== null && target !== stable ? await processes.status(service, target) : null;
  return {
    stable,
    canary: canary && canary.health !== 'absent' ? target : null,
    weight: lane?.canary ? lane.weight : 0,
    canaryHealth: canary?.health ?? 'absent',
    ...(canary?.refused ? { refused: true } : {}),
    ...(canary?.exit ? { exit: canary.exit } : {}),
  };
}

/** Versions as processes, traffic by nginx: the delivery port on one machine. */
export function embeddedDelivery(options: EmbeddedDeliveryOptions): DeliveryPort {
  const isNewest = onlyNewest();
  return {
    observe: (name, target) => observe(options, serviceOf(name), target),
    async apply(effect) {
      if (isNewest(effect)) await carryOut(options, effect);
    },
    probe: (effect) => probe(options, effect),
  };
}
