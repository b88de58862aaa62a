import type { Edge } from '../delivery/edge-port.ts';
import type { Effect, Revision } from '../delivery/events.ts';
import { onlyNewest } from '../delivery/generations.ts';
import type { Delivery, DeliveryPort, Probe } from '../delivery/port.ts';
import type { Processes } from '../delivery/process-port.ts';

const serviceOf = (lane: string): string => lane.split('/')[0]!;

export interface EmbeddedDeliveryOptions {
  readonly edge: Edge;
  readonly processes: Processes;
  /** What a revision is: version, digest and configuration. */
  revisionOf(lane: string, revision: string): Revision | null;
}

/** Versions as processes, traffic by nginx: the delivery port on one machine. */
export function embeddedDelivery({ edge, processes, revisionOf }: EmbeddedDeliveryOptions): DeliveryPort {
  const isNewest = onlyNewest();

  const armOf = async (service: string, revision: string) => {
    const { port } = await processes.status(service, revision);
    if (port === null) throw new Error(`${service} ${revision} does not run`);
    return { revision, port };
  };

  async function carryOut(effect: Effect): Promise<void> {
    const service = serviceOf(effect.lane);
    const { revision, weight } = effect;
    switch (effect.kind) {
      case 'start': {
        const known = revisionOf(effect.lane, revision);
        if (!known) throw new Error(`revision ${revision} of ${effect.lane} is not known`);
        return processes.start(service, known);
      }
      case 'step': {
        const arm = await armOf(service, revision);
        return edge.change(service, (lane) => ({ ...lane, canary: arm, weight }));
      }
      case 'abort':
        return edge.change(service, (lane) => ({ ...lane, canary: null, weight: 0 }));
      case 'promote': {
        const arm = await armOf(service, revision);
        return edge.change(service, (lane) => ({ ...lane, stable: arm, canary: null, weight: 0 }));
      }
      case 'clean':
        return processes.stop(service, revision);
    }
  }

  async function probe(effect: Effect): Promise<Probe> {
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

  return {
    async observe(name, target): Promise<Delivery> {
      const service = serviceOf(name);
      let state = await edge.served().catch(() => null);
      if (!state) {
        await edge.start();
        state = await edge.served();
      }
      const lane = state.lanes[service];
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
    },
    async apply(effect) {
      if (isNewest(effect)) await carryOut(effect);
    },
    probe,
  };
}
