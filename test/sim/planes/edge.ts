import type { ReleaseEffect } from '../../../src/delivery/events.ts';
import { onlyNewest } from '../../../src/delivery/generations.ts';
import type { Delivery, DeliveryPort, Probe } from '../../../src/delivery/port.ts';
import type { Life, Outside } from './outside.ts';
import type { Place, Services } from './services.ts';

/** The edge and the processes of one machine. Every effect that is carried out is counted. */
export function createEdge(services: Services, outside: Outside, drawsAtLooks = true) {
  /** How often each effect was carried out. */
  const done = new Map<string, number>();
  const isNewest = onlyNewest();
  const placeOf = (lane: string): Place => services.places.get(lane)!;

  function observe(lane: string, target: string | null): Delivery {
    const place = placeOf(lane);
    if (drawsAtLooks) services.flow(place);
    const seen = target !== null && target !== place.stable ? place.processes.get(target) : undefined;
    const health = !seen ? 'absent' : seen.exited ? 'exited' : services.isReady(seen) ? 'ready' : 'starting';
    return {
      stable: place.stable,
      canary: seen?.revision ?? null,
      weight: place.canary ? place.weight : 0,
      canaryHealth: health,
    };
  }

  function isDone({ lane, kind, revision, weight }: ReleaseEffect): boolean {
    const { processes, canary, stable, weight: served } = placeOf(lane);
    if (kind === 'start') return processes.has(revision);
    if (kind === 'step') return canary === revision && served === weight;
    if (kind === 'abort') return canary !== revision;
    if (kind === 'promote') return stable === revision && canary === null;
    return !processes.has(revision);
  }

  function carryOut({ id, lane, kind, revision, weight }: ReleaseEffect): void {
    const place = placeOf(lane);
    done.set(id, (done.get(id) ?? 0) + 1);
    if (kind === 'start') services.start(place, revision);
    else if (kind === 'step') services.route(place, { stable: place.stable, canary: revision, weight });
    else if (kind === 'abort') services.route(place, { stable: place.stable, canary: null, weight: 0 });
    else if (kind === 'promote') services.route(place, { stable: revision, canary: null, weight: 0 });
    else place.processes.delete(revision);
  }

  return {
    done,
    portOf(life: Life, environment: string): DeliveryPort {
      const port = `edge:${environment}`;
      const ask = <T>(verb: string, lane: string, work: () => T, changes = false): Promise<T> =>
        outside.ask<T>(life, port, verb, {
          also: [`edge:${lane}`],
          changes,
          work,
          refused: ({ message }) => {
            throw new Error(message);
          },
        });
      return {
        observe: (lane, target) => ask('observe', lane, () => observe(lane, target)),
        probe: (effect) => ask<Probe>('probe', effect.lane, () => (isDone(effect) ? 'done' : 'absent')),
        apply: (effect) =>
          ask('apply', effect.lane, () => (isNewest(effect) ? carryOut(effect) : undefined), true),
      };
    },
  };
}
export type SimEdge = ReturnType<typeof createEdge>;
