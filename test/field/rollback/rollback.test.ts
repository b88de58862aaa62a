import { describe, expect, it } from 'vitest';
import type { Hold, Revision } from '../../../src/delivery/events.ts';
import { identityOf } from '../../../src/delivery/identity.ts';
import { returnIn } from '../../../src/delivery/rollback-order.ts';
import { type Pipeline, type PipelineStage, plansOf } from '../../../src/gitops/promotion.ts';
import { laneOf } from '../../lane.ts';
import { createHouse, LANE } from '../../sim/harness.ts';
import { machine } from '../cluster/machine.ts';
import { digest } from '../cluster/objects.ts';
import { sceneOf } from '../cluster/scene.ts';
import { canaryPods, ONE, recorded, stablePods, TWO } from '../faults/rows.ts';

/** A bad version became stable, and users are to be away from it at once: steps and freezes were in the way. */
const FREEZE: Hold = { id: 'f', reason: 'quarter end', by: 'ops', until: null };
const MINUTE = 60_000;
const versionsIn = async (house: Awaited<ReturnType<typeof createHouse>>): Promise<Revision[]> =>
  (await house.ledger.read({ type: 'release.opened' })).map((r) => (r.data as { target: Revision }).target);

async function served(...versions: string[]) {
  const frozen = { on: false };
  const house = await createHouse({ seed: 41, frozen: () => (frozen.on ? FREEZE : null) });
  for (const version of versions) {
    house.world.push(version, { errorRate: 0 });
    await house.until(() => house.state().stable?.version === version);
  }
  frozen.on = true;
  return house;
}

describe('users are returned to a good version', () => {
  it('ROLLBACK-1: at rest: past steps and a freeze, within a minute, and what they left is condemned', async () => {
    const house = await served('1.0.0', '1.1.0');
    const bad = house.state().stable!;
    const order = returnIn(house.state(), null, await versionsIn(house), 'it loses orders');
    if (!order.ok) throw new Error(order.error.why);
    expect(order.value.data).toMatchObject({ from: { version: '1.1.0' }, to: { version: '1.0.0' } });
    const began = house.world.clock.now();
    await house.controller().record(LANE, order.value, { id: 'ops', kind: 'person', scopes: ['operate'] });
    await house.until(() => house.state().stable?.version === '1.0.0', MINUTE);
    expect(house.world.clock.now() - began).toBeLessThan(MINUTE);
    expect(house.state()).toMatchObject({ state: 'Stable', returning: null, stable: { version: '1.0.0' } });
    expect(house.state().rejected.map((r) => [r.digest, r.reason])).toEqual([[bad.digest, 'OPERATOR']]);
    expect(house.state().release).toMatchObject({ cause: 'OVERRIDDEN' });
    // Git still asks for what was left: it does not begin again.
    await house.until(() => house.state().state !== 'Stable', 10 * MINUTE);
    expect(house.state().stable?.version).toBe('1.0.0');
  });

  it('ROLLBACK-1: over a restart it goes on, and to an older version that is named', async () => {
    const house = await served('1.0.0', '1.1.0', '1.2.0');
    const order = returnIn(house.state(), '1.0.0', await versionsIn(house), 'both lose orders');
    if (!order.ok) throw new Error(order.error.why);
    await house.controller().record(LANE, order.value);
    await house.step();
    await house.restart();
    await house.until(() => house.state().stable?.version === '1.0.0', MINUTE);
    expect(house.state().stable?.version).toBe('1.0.0');
  });

  it('ROLLBACK-2: a release on its way is left for its stable version', () => {
    const m = machine();
    for (const pods of [stablePods, stablePods, [...stablePods, ...canaryPods(undefined)]])
      m.look(
        sceneOf(recorded(pods === stablePods && !m.lane().stable ? { asked: ONE, stable: ONE } : {}, pods)),
      );
    const lane = m.lane();
    const order = returnIn(lane, null, [], 'it loses orders');
    expect(order).toMatchObject({
      ok: true,
      value: { data: { from: { revision: 'two' }, to: { revision: 'one' } } },
    });
    expect(returnIn(lane, '0.9.0', [], 'why')).toMatchObject({
      ok: false,
      error: { next: expect.stringContaining('without --to') },
    });
  });

  it('ROLLBACK-3: what cannot be returned to is said, with what would help', async () => {
    const house = await served('1.0.0', '1.1.0');
    const known = await versionsIn(house);
    const why = (lane: Parameters<typeof returnIn>[0], version: string | null) => {
      const order = returnIn(lane, version, known, 'why');
      return order.ok ? 'ok' : `${order.error.why}; ${order.error.next}`;
    };
    expect(why(house.state(), '9.9.9')).toBe('9.9.9 was never stable here; stable here were: 1.0.0, 1.1.0');
    const rejected = [
      {
        revision: known[0]!.revision,
        digest: known[0]!.digest,
        identity: null,
        reason: 'OPERATOR' as const,
        release: 'r',
      },
    ];
    expect(why({ ...house.state(), rejected }, null)).toContain(
      'was rejected; sluice release lift checkout prod',
    );
    expect(why({ ...house.state(), stables: [] }, null)).toContain('nothing was stable here before');
    expect(why({ ...house.state(), stable: null }, null)).toContain('nothing is stable here');
  });

  it('ROLLBACK-6: a configuration or chart that was condemned condemns no other of the serving artefact', () => {
    const of = (revision: string, chart?: string): Revision => ({
      revision,
      version: '1.0.0',
      digest: digest('a'),
      config: {},
      ...(chart ? { chart } : {}),
    });
    const [plain, first, failed] = [of('r1'), of('r2', 'service@1.2.0'), of('r3', 'service@1.3.0')];
    const was = (r: Revision) => ({ identity: identityOf(r), version: r.version, revision: r.revision });
    const no = (r: Revision) => ({
      ...was(r),
      digest: r.digest,
      reason: 'OPERATOR' as const,
      release: 'r',
    });
    const at = (rejected: Revision[]) => {
      const stables = [was(plain), was(first)];
      const lane = laneOf({ state: 'Stable', stable: first, stables, rejected: rejected.map(no) });
      const order = returnIn(lane, null, [plain, first, failed], 'it loses orders');
      return order.ok ? order.value.data.to.revision : order.error.why;
    };
    expect(at([failed])).toBe('r1');
    expect(at([failed, plain])).toBe('1.0.0 was rejected');
  });

  it('ROLLBACK-4: beside a Rollout the revert is asked of Git, and what it brings goes past its steps', () => {
    const at = (letter: string) => ({ version: letter, digest: digest(letter) });
    const stand: PipelineStage = {
      environment: 'prod',
      after: [],
      state: 'Stable',
      stable: at('b'),
      restSince: 0,
      soakMs: 0,
      desired: at('b'),
      served: [digest('a'), digest('b')],
      rejected: [],
      returnTo: at('a'),
    };
    const pipeline: Pipeline = { service: 'orders', stands: [stand], open: [], declined: new Set(), now: 1 };
    expect(plansOf(pipeline)).toMatchObject([
      { kind: 'revert', artefact: at('a'), why: 'users in prod are rolled back from b to a' },
    ]);
    const open = [{ kind: 'revert', number: 7, environment: 'prod', digest: digest('a') }] as const;
    expect(plansOf({ ...pipeline, open })).toEqual([]);
    expect(plansOf({ ...pipeline, open, stands: [{ ...stand, desired: at('a') }] })).toMatchObject([
      { kind: 'withdraw' },
    ]);

    const m = machine();
    m.look(sceneOf(recorded({ asked: TWO, stable: TWO, stepIndex: 4 }, canaryPods(undefined))));
    const back = { revision: 'one', version: '1', digest: digest('a'), config: {} };
    m.record({
      type: 'lane.returned',
      data: { from: m.lane().stable!, to: back, reason: 'it loses orders' },
    });
    m.look(sceneOf(recorded({ asked: TWO, stable: TWO, stepIndex: 4 }, canaryPods(undefined))));
    expect(m.lane().state).toBe('Stable');
    const asked = sceneOf(
      recorded({ asked: ONE, stable: TWO, stepIndex: 0 }, [...stablePods, ...canaryPods(undefined)]),
    );
    for (let i = 0; i < 3; i++) m.look(asked, { held: FREEZE });
    expect(m.moves().at(-1)).toMatchObject({
      to: 'Promote',
      reason: 'OVERRIDDEN',
      effects: [{ kind: 'promote', revision: 'one', weight: 100 }],
    });
  });
});
