import type { Actor } from '../../../src/kit/actor.ts';
import { ENVIRONMENTS, SERVICES } from './declared.ts';
import { OBJECTIVE_WINDOW_MS } from './invariants/numbers.ts';
import type { MoveKind, Step } from './move.ts';
import { pick } from './pull-moves.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

const ANA: Actor = { id: 'ana', kind: 'person', scopes: ['operate', 'waive', 'admin'] };
const BEN: Actor = { id: 'ben', kind: 'person', scopes: ['operate', 'waive', 'admin'] };

const scopeOf = ({ a, b }: Step) => ({
  service: pick(['*', ...SERVICES], a)!,
  environment: pick(['*', ...ENVIRONMENTS], b)!,
});

/** An order of a person; it may be cut short by a kill, and is then neither done nor refused. */
const order = (
  weight: number,
  give: (w: World, step: Step, server: Server) => Promise<string | null> | string | null,
): MoveKind => ({
  weight,
  move(w, step) {
    const server = w.server();
    if (!server) return null;
    // Nobody waits for the answer: a server that is killed gives none.
    const said = give(w, step, server);
    if (said instanceof Promise) {
      void said.catch(() => undefined);
      return 'ordered';
    }
    return said;
  },
});

const lanesInFlight = (server: Server): string[] =>
  server.planes.controller
    .lanes()
    .filter((v) => !['Idle', 'Stable'].includes(v.state.state))
    .map((v) => v.state.lane);

const CODES = ['FROZEN', 'BUDGET_EXHAUSTED', 'BURNING', 'NOT_STABLE_BEFORE'] as const;

/** What operators order and record. */
export const peopleMoves: Readonly<Record<string, MoveKind>> = {
  'a release is controlled by hand': order(4, async (w, step, server) => {
    const lane = pick(lanesInFlight(server), step.a);
    if (!lane) return null;
    const command = pick(['abort', 'abort', 'pause', 'resume', 'promote'] as const, step.b)!;
    await server.planes.controller.command(
      lane,
      command,
      'the dice say so',
      ANA,
      `order-${w.now()}-${step.c}`,
    );
    return `${lane}: ${command}`;
  }),
  'a person freezes': order(3, async (w, step, server) => {
    const wanted = {
      id: `freeze-${w.now()}`,
      scope: scopeOf(step),
      reason: 'migration',
      until: w.now() + 20_000 + step.c * 120_000,
    };
    await server.planes.governance.freeze(wanted, ANA, w.now());
    return wanted.id;
  }),
  'a person lifts a freeze': order(2, async (w, step, server) => {
    const freeze = pick(server.planes.governance.freezes(w.now()), step.a);
    if (!freeze) return null;
    await server.planes.governance.lift(freeze.id, 'over', ANA, w.now());
    return freeze.id;
  }),
  'a waiver is granted': order(2, async (w, step, server) => {
    const codes = [pick(CODES, step.c)!];
    const wanted = {
      codes,
      scope: scopeOf(step),
      reason: 'customers wait',
      expiresAt: w.now() + 30_000 + step.c * 200_000,
    };
    const single = step.c < 0.5;
    await server.planes.governance.grant(
      { ...wanted, id: `waiver-${w.now()}`, singleUse: single, pullRequest: null },
      ANA,
      w.now(),
    );
    return codes.join();
  }),
  'a waiver is approved or revoked': order(2, async (w, step, server) => {
    const { governance } = server.planes;
    const waiver = pick([...governance.state().waivers.values()], step.a);
    if (!waiver) return null;
    if (step.b < 0.7) await governance.approve(waiver.id, 'yes', BEN, w.now());
    else await governance.revoke(waiver.id, 'no', BEN, w.now());
    return waiver.id;
  }),
  'an incident is excluded': order(4, async (w, step, server) => {
    const lanes = [...w.services.places.values()].filter((p) => p.buckets.some((b) => b.bad > b.total / 50));
    const place = pick(lanes, step.a);
    if (!place) return null;
    const { requests, bad } = w.services.counted(place, OBJECTIVE_WINDOW_MS);
    const slo = w.platform.slos.find((s) => s.service === place.service)!;
    const share = step.b < 0.7 ? 1 : 0.5;
    const counts = { requests: Math.floor(bad * share), bad: Math.floor(bad * share) };
    if (requests - counts.requests <= 0) return null;
    const span = { fromMs: w.now() - OBJECTIVE_WINDOW_MS, toMs: w.now() };
    const wanted = {
      id: `incident-${w.now()}-${place.lane}`,
      ...span,
      ...counts,
      reason: 'the network',
      approver: 'ben',
    };
    await server.planes.budgets.adjust(slo, place.environment, wanted, ANA, w.now());
    return place.lane;
  }),
  'a condemned artefact is lifted': order(1, async (_, step, server) => {
    const views = server.planes.controller.lanes().filter((v) => v.state.rejected.length > 0);
    const view = pick(views, step.a);
    const digest = view && pick(view.state.rejected, step.b)?.digest;
    if (!view || !digest) return null;
    await server.planes.controller.record(
      view.state.lane,
      { type: 'lane.lifted', data: { digest, reason: 'fixed' } },
      ANA,
    );
    return `${view.state.lane} ${digest.slice(-4)}`;
  }),
  'a promotion is asked for by hand': order(2, async (w, step, server) => {
    const environment = pick(['stage', 'prod', 'eu'], step.b)!;
    await server.planes.gitops.promoter?.promote(pick(SERVICES, step.a)!, environment, ANA, w.now());
    return environment;
  }),
  'a weight is moved by hand': {
    weight: 1,
    move(w, step) {
      const place = pick(
        [...w.services.places.values()].filter((p) => p.canary !== null && p.environment !== 'eu'),
        step.a,
      );
      if (!place) return null;
      w.services.route(place, {
        stable: place.stable,
        canary: place.canary,
        weight: pick([1, 37, 99], step.b)!,
      });
      return place.lane;
    },
  },
  'a Rollout is moved by hand': {
    weight: 1,
    move(w, step) {
      const service = pick(SERVICES, step.a)!;
      const what = pick(['promote', 'abort', 'retry'] as const, step.b)!;
      w.cluster.hand(service, what);
      return `${service}: ${what}`;
    },
  },
};
