import { describe, expect, it } from 'vitest';
import { standsOf } from '../../../src/controller/promotion/order.ts';
import { compare, propose } from '../../../src/controller/promotion/proposing.ts';
import type { Platform } from '../../../src/declaration/platform.ts';
import type { Revision } from '../../../src/delivery/events.ts';
import { evolve } from '../../../src/delivery/evolve.ts';
import { identityOf } from '../../../src/delivery/identity.ts';
import type { Lane } from '../../../src/delivery/lane.ts';
import { parseDesired } from '../../../src/gitops/desired.ts';
import type { ForgePort } from '../../../src/gitops/forge.ts';
import type { DesiredState } from '../../../src/gitops/port.ts';
import { type PromotionPlan, plansOf } from '../../../src/gitops/promotion.ts';
import { ok } from '../../../src/kit/result.ts';
import { laneOf, NOW, releaseOf } from '../../lane.ts';
import { digest } from '../cluster/objects.ts';

/**
 * A release that changed its configuration alone, and failed: its artefact is the one that serves, so nothing was
 * reverted, and Git went on asking for what failed.
 */
const GOOD = `# orders in prod
service: checkout
version: &build 1.4.0 # what runs
digest: >-
  ${digest('b')}
# kept by the team
values:
  release: *build
  replicas: 4 # more on Fridays
  env:
    - { name: MODE, value: "on" }
  limits: &limits
    cpu: 500m
  sidecar: *limits
`;
const BAD = GOOD.replace('replicas: 4', 'replicas: 1').replace('value: "on"', 'value: "off"');
const read = (text: string): Revision => {
  const parsed = parseDesired('f', text, 'checkout');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};
const LANE = 'checkout/prod';
const platform = {
  environments: [{ name: 'prod', after: [], branch: null, promotion: { soakMs: 0 } }],
  services: [{ name: 'checkout' }],
  forge: { branch: 'main' },
} as unknown as Platform;
const stable = (revision: Revision): Partial<Lane> => ({
  state: 'Stable',
  stable: revision,
  stables: [{ identity: identityOf(revision), version: revision.version, revision: revision.revision }],
  served: [revision.digest],
});

/** The lane after what Git asks for was tried beside what serves, and condemned. */
function failed(serves: Revision, tried: Revision): Lane {
  const release = releaseOf({ target: tried, from: serves });
  const lane = laneOf({ ...stable(serves), state: 'Evaluating', release });
  const data = {
    release: release.id,
    from: 'Evaluating' as const,
    to: 'Abort' as const,
    reason: 'HARM_SHOWN' as const,
    step: 0,
    generation: 5,
    blamed: true,
    effects: [],
  };
  return { ...evolve(lane, { type: 'lane.moved', data }, NOW), state: 'Degraded' };
}
function plans(lane: Lane, asked: string): readonly PromotionPlan[] {
  const desired = { lanes: new Map([[LANE, read(asked)]]) } as unknown as DesiredState;
  const stands = standsOf(platform, 'checkout', new Map([[LANE, lane]]), desired);
  return plansOf({ service: 'checkout', stands, open: [], declined: new Set<string>(), now: NOW });
}
async function written(lane: Lane, plan: PromotionPlan, text: string): Promise<string | undefined> {
  let files: Readonly<Record<string, string | null>> = {};
  const forge = {
    text: async () => ok(text),
    propose: async (change: { files: typeof files }) => {
      files = change.files;
      return ok({ number: 7 });
    },
  } as unknown as ForgePort;
  const parts = { platform, forge, lanes: new Map([[LANE, lane]]) } as unknown as Parameters<
    typeof propose
  >[0];
  await propose(parts, { lane: LANE, plan } as Parameters<typeof propose>[1]);
  return files['environments/prod/checkout.yaml'] ?? undefined;
}

describe('d04: a configuration that failed', () => {
  const lane = failed(read(GOOD), read(BAD));

  it('EDIT-5: is reverted: the configuration that serves comes back, and every other byte stays', async () => {
    const found = plans(lane, BAD);
    expect(found).toMatchObject([
      {
        kind: 'revert',
        artefact: { digest: digest('b') },
        why: expect.stringContaining('the configuration of 1.4.0'),
      },
    ]);
    expect(await written(lane, found[0]!, BAD)).toBe(GOOD);
  });

  it('EDIT-5: once Git asks for what serves nothing is reverted, nor a configuration that was not condemned', () => {
    expect(plans(lane, GOOD)).toEqual([]);
    expect(plans(lane, BAD.replace('replicas: 1', 'replicas: 5'))).toEqual([]);
    expect(plans(laneOf(stable(read(GOOD))), BAD)).toEqual([]);
  });

  it('EDIT-5: an artefact that failed is reverted as before, with its configuration', async () => {
    const next = BAD.replace('1.4.0', '1.5.0').replace(digest('b'), digest('c'));
    const other = failed(read(GOOD), read(next));
    const found = plans(other, next);
    expect(found).toMatchObject([{ kind: 'revert', why: expect.stringContaining('1.5.0 failed') }]);
    expect(await written(other, found[0]!, next)).toBe(GOOD);
  });

  it('EDIT-5: a person returns users from one configuration to the one before', async () => {
    const good = read(GOOD);
    const at = { ...laneOf({ ...stable(read(BAD)), release: null }), returning: good };
    const found = plans(at, BAD);
    expect(found).toMatchObject([
      { kind: 'revert', why: 'users in prod are rolled back to the configuration before, of 1.4.0' },
    ]);
    expect(await written(at, found[0]!, BAD)).toBe(GOOD);
  });

  it('EDIT-5: beside a Rollout, where the template is what is known', () => {
    const template = (r: Revision, hash: string): Revision => ({ ...r, revision: hash, template: 'known' });
    const followed = failed(template(read(GOOD), 'pod-1'), template(read(BAD), 'pod-2'));
    expect(plans(followed, BAD)).toMatchObject([{ kind: 'revert' }]);
    expect(plans(followed, GOOD)).toEqual([]);
    const unknown = failed({ ...read(GOOD), template: 'unknown' }, template(read(BAD), 'pod-2'));
    expect(plans(unknown, BAD)).toEqual([]);
  });
});

/** A release that named a chart, another one, or none any more, and changed nothing else. */
describe('d04: a chart that failed', () => {
  const FIRST = GOOD.replace('# kept by', 'chart: service@1.2.0 # by hand\n# kept by');
  const NEXT = FIRST.replace('1.2.0', '1.3.0');
  const FLOW = `{ service: checkout, version: 1.4.0, digest: "${digest('b')}", values: { a: 1 } }\n`;
  const ALIASED = GOOD.replace('values:', 'chart: &c service@1.3.0\nvalues:\n  by: *c');

  it.each([
    ['was added', GOOD, FIRST],
    ['was changed', FIRST, NEXT],
    ['was added in a flow', FLOW, FLOW.replace('values', 'chart: service@1.2.0, values')],
  ])('EDIT-6: %s: what served returns, and every other byte stays', async (_, before, after) => {
    const lane = failed(read(before), read(after));
    const found = plans(lane, after);
    expect(found).toMatchObject([{ kind: 'revert', artefact: { digest: digest('b') } }]);
    const text = (await written(lane, found[0]!, after))!;
    expect(text).toBe(before);
    expect(plans(lane, text)).toEqual([]);
  });

  it.each([
    ['was removed', FIRST, GOOD],
    ['was added, and its text is used elsewhere', GOOD, ALIASED],
  ])('EDIT-6: %s: exactly what served is asked for again', async (_, before, after) => {
    const lane = failed(read(before), read(after));
    const text = (await written(lane, plans(lane, after)[0]!, after))!;
    expect(read(text)).toEqual(read(before));
    expect(plans(lane, text)).toEqual([]);
  });

  it('EDIT-6: a person returns users to the time before it, also beside a Rollout', async () => {
    const template = (r: Revision, hash: string): Revision => ({ ...r, revision: hash, template: 'known' });
    for (const [good, bad] of [
      [read(GOOD), read(FIRST)],
      [template(read(GOOD), 'pod-1'), template(read(FIRST), 'pod-2')],
    ] as const) {
      const at = { ...laneOf({ ...stable(bad), release: null }), returning: good };
      expect(await written(at, plans(at, FIRST)[0]!, FIRST)).toBe(GOOD);
    }
  });

  it('EDIT-6: where only the pods of what served are known its chart is left alone', async () => {
    const next = FIRST.replace('1.4.0', '1.5.0').replace(digest('b'), digest('c'));
    const lane = failed({ ...read(GOOD), template: 'unknown' }, read(next));
    expect(await written(lane, plans(lane, next)[0]!, next)).toBe(FIRST);
  });

  it('EDIT-7: the branch of a revert holds all that it restores, or is written again', async () => {
    const lane = failed(read(GOOD), read(FIRST));
    const held = async (text: string, kind: 'revert' | 'promotion' = 'revert', digests = digest('b')) => {
      const forge = { text: async () => ok(text) } as unknown as ForgePort;
      const parts = { platform, forge, lanes: new Map([[LANE, lane]]) };
      const kept = { kind, number: 7, lane: LANE, environment: 'prod', digest: digests, basis: null };
      const target = { kept, pull: { head: { sha: 'a' } }, at: 'a' };
      const [into, of] = [parts, target] as unknown as Parameters<typeof compare>;
      return (await compare(into, of)).asked;
    };
    expect(await held(GOOD)).toBe(true);
    for (const other of [FIRST, BAD, GOOD.replace(digest('b'), digest('c'))])
      expect(await held(other)).toBe(false);
    // What a person adds to a promotion is theirs; and one for another artefact is planned anew.
    expect(await held(FIRST, 'promotion')).toBe(true);
    expect(await held(FIRST.replace(digest('b'), digest('c')), 'revert', digest('c'))).toBe(true);
  });
});
