import type { LaneView } from '../../../../src/controller/loop.ts';
import { isRefused } from '../../../../src/delivery/admission.ts';
import { isSame } from '../../../../src/delivery/identity.ts';
import { isRelease } from '../../../../src/delivery/transitions.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';

const AT_REST: readonly string[] = ['Idle', 'Stable'];

/** What a lane reports to wait for; null: it is at rest on the desired version; undefined: it reports nothing. */
function waitsFor(w: World, { state, wanted, environment, service }: LaneView): string | null | undefined {
  const { release } = state;
  if (state.pending.length > 0 || state.commands.length > 0) return undefined;
  if (isRelease(state.state))
    return release?.paused ? 'paused' : release?.heldAt != null ? 'held' : undefined;
  // Its stable version burns: it was promoted by hand, or began to fail later. Only a fix ends that.
  const burn = w.metrics.get(environment.name)!.told.get(`${service.name}-availability`)?.at(-1)?.fast ?? 0;
  if (['Degraded', 'Recovery'].includes(state.state) && burn >= w.platform.recovery.burnBelow) return 'a fix';
  if (!AT_REST.includes(state.state)) return undefined;
  if (!wanted || (state.stable && isSame(state.stable, wanted))) return null;
  if (isRefused(state, wanted)) return 'condemned';
  if (state.aside.includes(wanted.revision)) return 'set aside';
  if (state.waiting && state.hold) return `held: ${state.hold.id}`;
  return release && isSame(release.target, wanted) ? 'tried often enough' : undefined;
}

/** Everything that has not ended and does not report why. */
function loose(w: World): string[] {
  const server = w.server();
  if (!server) return ['the server does not run'];
  const { controller, gate, gitops } = server.planes;
  const lanes = controller
    .lanes()
    .filter((view) => waitsFor(w, view) === undefined)
    .map(({ state, trouble }) => {
      const more = [state.pending.map((e) => e.id).join(), trouble?.message].filter(Boolean).join('; ');
      return `${state.lane} is ${state.state}, and does not say why${more ? ` (${more})` : ''}`;
    });
  const known = new Map(gate!.pulls().map((p) => [p.pull.number, p]));
  const pulls = w.forge.openOnes().flatMap(({ number }) => {
    const one = known.get(number);
    return one?.decision && one.trouble === null
      ? []
      : [`#${number}: ${one?.trouble?.message ?? 'nothing was decided'}`];
  });
  const proposals = gitops.promoter!.proposals().flatMap(({ number, ended }) => {
    const state = w.forge.pulls.get(number)?.state;
    return ended === null && state !== 'open' ? [`proposal #${number} counts as open, and is ${state}`] : [];
  });
  return [...lanes, ...pulls, ...proposals];
}

export const hasEnded = (w: World): boolean => loose(w).length === 0;

export const everythingEnds: Invariant = {
  id: 'SIM-7',
  says: 'once faults cease every lane, pull request and proposal ends, or says what it waits for',
  start: (w, _, held) => ({
    end() {
      const left = loose(w);
      held(left.length === 0, () => left.join('; '));
    },
  }),
};
