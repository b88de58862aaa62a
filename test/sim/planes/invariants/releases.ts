import type { EventData } from '../../../../src/delivery/events.ts';
import { AFTER, FOLLOWED } from '../declared.ts';
import type { Invariant } from './invariant.ts';
import { type Past, thingOf } from './past.ts';

type Opened = EventData<'release.opened'>;

/** Whether it is a revert: exactly this was stable here. */
const comesBack = (past: Past, lane: string, { target }: Opened): boolean => {
  const known = past.laneOf(lane);
  return known.things.has(thingOf(target)) || known.revisions.has(target.revision);
};

export const freezeHolds: Invariant = {
  id: 'SIM-1',
  says: 'nothing new begins under a freeze unless an allow that passed it is on record and valid',
  start: (_, past, held) => ({
    record({ type, subject, data, at }) {
      if (type !== 'release.opened') return;
      const opened = data as Opened;
      const freezes = past.freezesOf(subject, at);
      const may =
        freezes.length === 0 ||
        comesBack(past, subject, opened) ||
        past.isPassed(subject, opened.target.digest, at);
      held(may, () => `${opened.release} (${opened.target.version}) began under ${freezes.join(', ')}`);
    },
  }),
};

export const orderHolds: Invariant = {
  id: 'SIM-2',
  says: 'nothing begins in an environment that was not stable in the one before, or here',
  start: (_, past, held) => ({
    record({ type, subject, data }) {
      if (type !== 'release.opened') return;
      const { release, target } = data as Opened;
      const missing = past.missingBefore(subject, target.digest);
      held(
        missing.length === 0,
        () => `${release} (${target.version}) was never stable in ${missing.join(', ')}`,
      );
    },
  }),
};

export const rejectionHolds: Invariant = {
  id: 'SIM-3',
  says: 'nothing begins that was condemned here or before, until a person lifts it',
  start: (_, past, held) => ({
    record({ type, subject, data }) {
      if (type !== 'release.opened') return;
      const { release, target } = data as Opened;
      const { condemned, stable, served } = past.laneOf(subject);
      const [service, environment] = subject.split('/') as [string, string];
      const here = condemned.some(
        (c) =>
          (c.digest === target.digest && stable?.digest !== target.digest) ||
          (c.thing === thingOf(target) && (!stable || thingOf(stable) !== c.thing)),
      );
      const before = served.has(target.digest)
        ? []
        : (AFTER[environment] ?? []).filter((e) => {
            const lane = past.laneOf(`${service}/${e}`);
            return (
              lane.stable?.digest !== target.digest && lane.condemned.some((c) => c.digest === target.digest)
            );
          });
      held(
        !here && before.length === 0,
        () => `${release} (${target.version}) was condemned ${here ? 'here' : `in ${before.join()}`}`,
      );
    },
  }),
};

export const nothingRunsUnseen: Invariant = {
  id: 'SIM-4',
  says: 'no request reaches what was not stable in the environment before, or here, whoever merged it',
  start: (w, past, held) => ({
    step() {
      for (const { lane, environment, stable, canary, weight } of w.services.places.values())
        for (const revision of [stable, ...(weight > 0 ? [canary] : [])]) {
          const digest = revision === null ? undefined : w.revisions.get(revision)?.digest;
          if (digest === undefined || (environment === FOLLOWED && w.cluster.byHand.has(revision!))) continue;
          // Before its records begin there is nothing to compare with.
          if (past.laneOf(lane).served.size === 0) continue;
          const missing = past.missingBefore(lane, digest);
          held(
            missing.length === 0,
            () =>
              `${lane} gives requests to ${digest.slice(-4)}, which was never stable in ${missing.join()}`,
          );
        }
    },
  }),
};

export const effectsOnce: Invariant = {
  id: 'SIM-5',
  says: 'each effect is carried out once, however often the server is killed and whatever answers are lost',
  start(w, _, held) {
    const seen = new Map<string, number>();
    return {
      step() {
        for (const [id, times] of w.edge.done) {
          if (seen.get(id) === times) continue;
          seen.set(id, times);
          held(times === 1, () => `${id} was carried out ${times} times`);
        }
      },
    };
  },
};

/** The longest time from an abort to no traffic, while its own dependencies answer. */
const ABORT_MS = 8_000;

export const abortsInTime: Invariant = {
  id: 'SIM-6',
  says: 'an abort takes the traffic away at once, whatever else is broken, slow or large',
  start(w, past, held) {
    const waiting = new Map<string, { readonly since: number; readonly order: string }>();
    const isInFlight = (lane: string) =>
      ['Deploying', 'Canary', 'Evaluating'].includes(past.laneOf(lane).state);
    return {
      record({ type, subject, data, at }) {
        if (subject.endsWith(`/${FOLLOWED}`)) return;
        if (type === 'command.accepted' && (data as { command: string }).command === 'abort')
          if (isInFlight(subject)) waiting.set(subject, { since: at, order: 'ordered' });
        if (type !== 'lane.moved') return;
        const { from, to } = data as EventData<'lane.moved'>;
        if (to === 'Abort') waiting.set(subject, { since: at, order: 'decided' });
        else if (from === 'Abort') {
          waiting.delete(subject);
          const { weight } = w.services.places.get(subject)!;
          held(
            weight === 0,
            () => `${subject}: its traffic counts as restored, and ${weight} % go to the canary`,
          );
        } else if (to === 'Promote' || !isInFlight(subject)) waiting.delete(subject);
      },
      step() {
        for (const [lane, { since, order }] of waiting) {
          const well = w.outside.wellFor(`edge:${lane}`, `edge:${lane.split('/')[1]}`);
          const waited = Math.min(w.now() - since, well, w.runsFor());
          held(
            waited <= ABORT_MS,
            () =>
              `${lane}: an abort that was ${order} waits for ${waited / 1_000} s; broken: ${w.outside.broken().join(', ')}`,
          );
        }
      },
    };
  },
};
