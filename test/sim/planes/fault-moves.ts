import { ENVIRONMENTS } from './declared.ts';
import type { MoveKind } from './move.ts';
import type { FaultKind } from './outside.ts';
import { pick } from './pull-moves.ts';
import type { World } from './world.ts';

/** How long a fault lasts: mostly seconds, sometimes minutes. */
const spanOf = (share: number): number => Math.round(3_000 + 90_000 * share ** 3);

const broken = (
  weight: number,
  names: (w: World) => readonly string[],
  kinds: readonly FaultKind[],
): MoveKind => ({
  weight,
  move(w, { a, b, c }) {
    const name = pick(names(w), a);
    const kind = pick(kinds, b);
    if (name === undefined || kind === undefined) return null;
    if (kind === 'stale') w.forge.remember();
    w.outside.fault(name, kind, spanOf(c));
    return `${name}: ${kind} for ${Math.round(spanOf(c) / 1_000)} s`;
  },
});

const embedded = ENVIRONMENTS.filter((e) => e !== 'eu');
const lanes = (w: World): string[] =>
  w.names.filter((n) => n.environment !== 'eu').map((n) => `edge:${n.service}/${n.environment}`);

/** Faults: of every external system, and of the server itself. */
export const faultMoves: Readonly<Record<string, MoveKind>> = {
  'Prometheus does not answer': broken(3, () => ENVIRONMENTS.map((e) => `metrics:${e}`), [
    'down',
    'hang',
    'slow',
    'partial',
  ]),
  'an edge does not answer': broken(1, () => embedded.map((e) => `edge:${e}`), ['down', 'slow', 'lost']),
  'one lane breaks': broken(2, lanes, ['throws', 'hang', 'slow', 'lost']),
  'the forge does not answer': broken(4, () => ['forge'], [
    'down',
    'hang',
    'slow',
    'limited',
    'limited',
    'lost',
    'stale',
  ]),
  'one pull request breaks': broken(2, (w) => w.forge.openOnes().map((p) => w.forge.headOf(p)), [
    'throws',
    'hang',
  ]),
  'the repository does not answer': broken(2, () => ['git'], ['down', 'hang', 'slow']),
  'the cluster does not answer': broken(1, () => ['cluster'], ['down', 'slow', 'lost']),
  'a receiver does not answer': broken(2, () => ['chat', 'mail', 'hook'], ['down', 'hang', 'slow', 'lost']),
  'a load generator breaks off': {
    weight: 1,
    move(w, { a }) {
      if (a < 0.5) w.outside.fault('load', 'throws', 10_000);
      else w.load.breakOff();
      return 'load';
    },
  },
  'an incident hits every version': {
    weight: 2,
    move(w, { a, b, c }) {
      const place = pick([...w.services.places.values()], a)!;
      w.services.flow(place);
      place.sharedErrorRate = b < 0.6 ? 0.02 + c * 0.3 : 0;
      return `${place.lane}: ${Math.round(place.sharedErrorRate * 100)} %`;
    },
  },
  'an incident ends': {
    weight: 3,
    move(w) {
      const hit = [...w.services.places.values()].filter((p) => p.sharedErrorRate > 0 || p.queueDepth > 1);
      for (const place of hit) {
        w.services.flow(place);
        Object.assign(place, { sharedErrorRate: 0, queueDepth: 1 });
      }
      return hit.length > 0 ? hit.map((p) => p.lane).join() : null;
    },
  },
  'a guard is violated': {
    weight: 1,
    move(w, { a }) {
      const place = pick([...w.services.places.values()], a)!;
      place.queueDepth = 1_000;
      return place.lane;
    },
  },
  'traffic changes': {
    weight: 1,
    move(w, { a, b }) {
      const place = pick([...w.services.places.values()], a)!;
      w.services.flow(place);
      place.rps = pick([0, 5, 60, 200], b)!;
      return `${place.lane}: ${place.rps}/s`;
    },
  },
  'the server is killed': {
    weight: 3,
    move(w, { a, b, c }) {
      w.outside.killAt(a < 0.5 ? 'append' : 'effect', b < 0.5, Math.floor(c * 4));
      return `${b < 0.5 ? 'after' : 'before'} an ${a < 0.5 ? 'append' : 'effect'}`;
    },
  },
  'the server is started anew': {
    weight: 1,
    move(w, { a }) {
      if (!w.server()) return null;
      w.restart(1_000 + a * 20_000);
      return 'restart';
    },
  },
  'the ledger cannot be written': {
    weight: 1,
    move(w, { c }) {
      w.fillLedger(spanOf(c) / 3);
      return 'full';
    },
  },
};
