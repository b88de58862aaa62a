import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fleetView } from '../../src/api/fleet.ts';
import { compile } from '../../src/controller/compile.ts';
import { type FactSources, gatherFacts } from '../../src/controller/gate/facts.ts';
import { readerHere } from '../../src/controller/gate/reading.ts';
import { promotable } from '../../src/controller/promotion/by-hand.ts';
import { standsOf } from '../../src/controller/promotion/order.ts';
import { renderAll } from '../../src/controller/render.ts';
import { adopt } from '../../src/declaration/import/rollouts/adopt.ts';
import { readManifests } from '../../src/declaration/import/rollouts/resources.ts';
import { beforeIn, lanesOf, slosIn } from '../../src/declaration/layout.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import type { Lane } from '../../src/delivery/lane.ts';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import type { ChangedFile, PullRequest } from '../../src/gitops/forge.ts';
import { orderObjection, plansOf } from '../../src/gitops/promotion.ts';
import { governanceFold } from '../../src/governance/fold.ts';
import { relaxedIn } from '../../src/governance/relaxations.ts';
import { ok } from '../../src/kit/result.ts';
import { bareRepository } from '../contract/forge/repository.ts';
import { lanes as fleetLanes } from '../fleet.ts';
import { desired, digest } from '../gate/harness.ts';
import { laneOf, NOW, revision } from '../lane.ts';
import { availabilitySlo } from '../slo.ts';

const SLOS = `${availabilitySlo('checkout')}---\n${availabilitySlo('cart')}---\n`;
const textWith = (checkout: string, more = '') => `${SLOS}
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - { name: dev, prometheus: { address: "http://p.invalid" } }
    - { name: stage, delivery: argo-rollouts, prometheus: { address: "http://p.invalid" } ${more} }
    - { name: prod, delivery: argo-rollouts, prometheus: { address: "http://p.invalid" }, cluster: { namespace: prod } }
  services:
    - { name: checkout, slos: [checkout-availability] ${checkout} }
    - { name: cart, slos: [cart-availability] }
  kubernetes: { argoCd: { repository: "https://git.invalid/desired.git" } }
  forge: { local: true, declaration: platform }
`;
const compiled = (checkout: string, more?: string) =>
  compile([{ file: 'platform.yaml', text: textWith(checkout, more) }]);
const DEV_PROD = ', environments: [dev, prod]';
function platformOf(checkout: string): Platform {
  const made = compiled(checkout);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}
const problemsOf = (checkout: string, more?: string) => {
  const made = compiled(checkout, more);
  return made.ok ? [] : made.error.map(({ path, message, next }) => ({ path, message, next }));
};

describe('a service that lives in some environments only', () => {
  it('LAYOUT-4: it has lanes and SLOs there, and nowhere else', () => {
    const platform = platformOf(DEV_PROD);
    expect(lanesOf(platform).map((l) => `${l.service.name}/${l.environment.name}`)).toEqual([
      'checkout/dev',
      'cart/dev',
      'cart/stage',
      'checkout/prod',
      'cart/prod',
    ]);
    const [, stage] = platform.environments;
    expect(slosIn(platform, stage!).map((s) => s.name)).toEqual(['cart-availability']);
  });

  it('LAYOUT-4: what is rendered of it is there, and nowhere else', async () => {
    const files = await renderAll(platformOf(DEV_PROD), 'kubernetes');
    const elements = (file: string) =>
      (
        parse(files.get(file)!) as { spec: { generators: { list: { elements: { service: string }[] } }[] } }
      ).spec.generators[0]!.list.elements.map((e) => e.service);
    expect(elements('stage/applicationset.yaml')).toEqual(['cart']);
    expect(elements('prod/applicationset.yaml')).toEqual(['checkout', 'cart']);
    const about = [...files]
      .filter(([path]) => path.startsWith('stage/'))
      .filter(([path, text]) => `${path} ${text}`.includes('checkout'))
      .map(([path]) => path);
    expect(about).toEqual([]);
    expect(files.has('prod/checkout/values.yaml')).toBe(true);
    const plain = await renderAll(platformOf(DEV_PROD));
    expect(plain.get('stage/prometheus/rules.yml')).not.toContain('checkout');
    expect(plain.get('prod/prometheus/rules.yml')).toContain('checkout');
  });

  it.each([
    [
      'an environment that is not declared',
      ', environments: [dev, prd]',
      { path: 'spec.services[0].environments[1]', next: 'did you mean "prod"?' },
    ],
    [
      'one that is named twice',
      ', environments: [dev, dev]',
      { path: 'spec.services[0].environments[1]', message: 'environment "dev" is declared twice' },
    ],
    [
      'none at all',
      ', environments: []',
      {
        path: 'spec.services[0].environments',
        message: expect.stringContaining('expected at least one environment'),
      },
    ],
    [
      'an SLO of a service that does not run there',
      ', environments: [dev]}\n    - { name: web, slos: [web-availability], burnSlos: [checkout-availability]',
      {
        path: 'spec.services[1].burnSlos[0]',
        message: 'SLO "checkout-availability" is not recorded in "stage": "checkout" does not run there',
      },
    ],
  ])('LAYOUT-4: it is refused with its place: %s', (_, checkout, problem) =>
    expect(problemsOf(checkout)).toContainEqual(expect.objectContaining(problem)),
  );

  it('LAYOUT-4: load that would be sent where it does not run is refused', () =>
    expect(
      problemsOf(DEV_PROD, ', load: { targets: [{ service: checkout, path: /, rps: 1 }] }'),
    ).toContainEqual(
      expect.objectContaining({
        path: 'spec.environments[1].load.targets[0].service',
        message: '"checkout" does not run in "stage"',
      }),
    ));

  it('LAYOUT-4: a declaration without the key has the digest that it had', () =>
    expect(platformOf('').services[0]).not.toHaveProperty('environments'));
});

describe('the promotion order of such a service', () => {
  const platform = platformOf(DEV_PROD);
  const lane = (name: string, more: Partial<Lane>): [string, Lane] => [name, laneOf({ lane: name, ...more })];
  const two = { ...revision('two'), digest: digest('b') };
  const one = { ...revision('one'), digest: digest('a') };

  it('LAYOUT-5: promotion goes from dev to prod where stage is passed over', () => {
    const lanes = new Map([
      lane('checkout/dev', { state: 'Stable', stable: two, since: NOW }),
      lane('checkout/prod', { state: 'Stable', stable: one, since: NOW }),
    ]);
    const wanted = { lanes: new Map([...lanes].map(([name, l]) => [name, l.stable!])) };
    const stands = standsOf(platform, 'checkout', lanes, wanted);
    expect(stands.map((s) => [s.environment, s.after])).toEqual([
      ['dev', []],
      ['prod', ['dev']],
    ]);
    const pipeline = { service: 'checkout', stands, open: [], declined: new Set<string>(), now: NOW };
    expect(plansOf(pipeline)).toMatchObject([{ kind: 'promotion', environment: 'prod', from: ['dev'] }]);
  });

  it('LAYOUT-5: the start gate holds what was never stable in dev', () => {
    const stands = standsOf(platform, 'checkout', new Map([lane('checkout/dev', { stable: one })]), null);
    expect(orderObjection({ stands }, 'prod', digest('c'))).toBe(
      'it was never stable in dev, the environment before',
    );
    expect(standsOf(platform, 'cart', new Map(), null).at(-1)!.after).toEqual(['stage']);
  });

  /** An order without circles: each environment comes after some of those declared above it. */
  const orders = fc
    .integer({ min: 1, max: 9 })
    .chain((count) =>
      fc.tuple(
        fc.tuple(
          ...Array.from({ length: count }, (_, i) => fc.subarray(Array.from({ length: i }, (__, j) => j))),
        ),
        fc.subarray(Array.from({ length: count }, (_, i) => i)),
      ),
    );
  const name = (i: number) => `e${i}`;
  function ancestors(after: (one: string) => readonly string[], of: string): Set<string> {
    const found = new Set<string>();
    const visit = (at: string) => {
      for (const before of after(at))
        if (!found.has(before)) {
          found.add(before);
          visit(before);
        }
    };
    visit(of);
    return found;
  }

  it('LAYOUT-5: for any order, what comes before an environment is what came before it and has the service', () =>
    fc.assert(
      fc.property(orders, ([after, kept]) => {
        const all = after.map((list, i) => ({ name: name(i), after: list.map(name) }));
        const service = { environments: kept.map(name) };
        const there = new Set(service.environments);
        const whole = (one: string) => all.find((e) => e.name === one)!.after;
        const own = (one: string) => beforeIn(all, service, all.find((e) => e.name === one)!);
        for (const environment of service.environments) {
          const expected = [...ancestors(whole, environment)].filter((one) => there.has(one));
          expect([...ancestors(own, environment)].sort()).toEqual(expected.sort());
          // Nothing is waited for twice: neither named twice, nor reached through another one without being declared.
          const before = own(environment);
          expect(new Set(before).size).toBe(before.length);
          for (const one of before.filter((b) => !whole(environment).includes(b)))
            for (const other of before) expect(ancestors(own, other).has(one)).toBe(false);
        }
      }),
    ));
});

describe('what Git and pull requests say of where it does not run', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  it('LAYOUT-6: a file of it is a problem of that file, and affects no other', async () => {
    const repository = await bareRepository({
      'environments/stage/checkout.yaml': desired('1.0.0', 'a'),
      'environments/stage/cart.yaml': desired('2.0.0', 'b', 'cart'),
    });
    closing.push(() => repository.close());
    const stage = { environment: 'stage', branch: 'main' };
    const source = gitDesired(repository.remote, [
      { service: 'checkout', ...stage, elsewhere: true },
      { service: 'cart', ...stage },
    ]);
    const read = await source.read();
    expect([...read!.lanes.keys()]).toEqual(['cart/stage']);
    expect(read!.problems).toMatchObject([
      {
        file: 'environments/stage/checkout.yaml',
        line: 1,
        message: 'checkout does not run in stage',
        next: 'remove the file, or add stage to the environments of checkout',
      },
    ]);
    const before = read!.commit;
    await repository.push('main', {
      'environments/stage/checkout.yaml': desired('1.1.0', 'c'),
      'environments/stage/cart.yaml': desired('2.1.0', 'd', 'cart'),
    });
    const after = (await source.read())!;
    expect(after.problems).toHaveLength(1);
    const told = await source.since('main', before, after.commit);
    expect(told!.commits.flatMap((c) => [...c.sides.keys()])).toEqual(['cart/stage']);
  });

  const PULL = {
    number: 1,
    title: '',
    author: 'somebody',
    labels: [],
    fork: false,
    url: '',
    base: { branch: 'main', sha: 'base' },
    head: { branch: 'change', sha: 'head' },
  } as unknown as PullRequest;
  function factsOf(platform: Platform, files: readonly ChangedFile[]) {
    const sources = {
      platform,
      forge: {
        links: async () => ok([]),
        list: async () => ok(['platform/platform.yaml']),
        text: async (at: string, path: string) =>
          ok(
            path.startsWith('platform/')
              ? textWith('')
              : at === 'base'
                ? desired('1.0.0', 'a')
                : desired('1.1.0', 'c'),
          ),
      },
      reader: readerHere(platform),
      metrics: () => undefined,
      lanes: () => new Map(),
      governance: () => governanceFold.initial,
      adjustments: () => [],
    } as unknown as FactSources;
    return gatherFacts(sources, PULL, { files, complete: true }, NOW);
  }

  it('LAYOUT-6: the gate names such a file, and lets it be removed', async () => {
    const platform = platformOf(DEV_PROD);
    const path = 'environments/stage/checkout.yaml';
    const problems = async (file: ChangedFile) => {
      const facts = await factsOf(platform, [file]);
      return facts.ok ? facts.value.declaration.problems : facts.error;
    };
    expect(await problems({ path, status: 'added' })).toEqual([`${path}:1: checkout does not run in stage`]);
    expect(await problems({ path, status: 'removed' })).toEqual([]);
    const moved = { path: 'environments/prod/checkout.yaml', previous: path, status: 'renamed' } as const;
    expect(await problems(moved)).toEqual([]);
  });

  it('LAYOUT-6: the gate asks for the order of the service: prod follows dev', async () => {
    const facts = await factsOf(platformOf(DEV_PROD), [
      { path: 'environments/prod/checkout.yaml', status: 'modified' },
    ]);
    if (!facts.ok) throw new Error(JSON.stringify(facts.error));
    expect(facts.value.lanes).toMatchObject([{ environment: 'prod', previous: 'dev', stableBefore: [] }]);
  });

  it('LAYOUT-7: taking an environment from a service relaxes, giving it one does not', () => {
    const relaxed = (from: string, to: string) =>
      relaxedIn(platformOf(from), platformOf(to)).map(({ path, service }) => [path, service]);
    const path = 'services[checkout].environments';
    expect(relaxed('', DEV_PROD)).toEqual([[path, 'checkout']]);
    expect(relaxed(DEV_PROD, ', environments: [prod]')).toEqual([[path, 'checkout']]);
    expect(relaxed(', environments: [dev, prod]', ', environments: [dev, stage, prod]')).toEqual([]);
    expect(relaxed(DEV_PROD, '')).toEqual([]);
  });

  it('LAYOUT-7: a lane that is only being added has no budget that could be spent', async () => {
    const facts = await factsOf(platformOf(DEV_PROD), [
      { path: 'platform/platform.yaml', status: 'modified' },
    ]);
    if (!facts.ok) throw new Error(JSON.stringify(facts.error));
    const names = (list: readonly { service: string; environment: string }[]) =>
      list.map((c) => `${c.service}/${c.environment}`);
    expect(names(facts.value.changes)).toContain('checkout/stage');
    expect(names(facts.value.slos)).not.toContain('checkout/stage');
  });
});

describe('what people see of where it does not run', () => {
  it('LAYOUT-8: the fleet has a gap there', () => {
    const [any] = fc.sample(fleetLanes, { numRuns: 50, seed: 1 }).flat();
    const at = (service: string, environment: string) => ({ ...any!, service, environment });
    const all = [at('checkout', 'dev'), at('checkout', 'prod'), at('cart', 'dev'), at('cart', 'stage')];
    const environments = ['dev', 'stage', 'prod'];
    const fleet = fleetView({ lanes: all, freezes: [], environments, teams: {} }, {}, NOW);
    expect(fleet.environments).toEqual(environments);
    const row = fleet.rows.find((r) => r.service === 'checkout');
    expect(Object.keys(row!.cells)).toEqual(['dev', 'prod']);
  });

  it('LAYOUT-8: an order to promote it there says where it runs', () => {
    const stands = standsOf(platformOf(DEV_PROD), 'checkout', new Map(), null);
    const pipeline = { service: 'checkout', stands, open: [], declined: new Set<string>(), now: NOW };
    expect(promotable(pipeline, 'stage')).toEqual({
      ok: false,
      error: 'checkout does not run in "stage"; it runs in dev, prod',
    });
  });

  it('ADOPT-14: a Rollout that is in some namespaces only becomes a service of these environments', () => {
    const rollout = (name: string, namespace: string) => ({
      file: `${namespace}-${name}.yaml`,
      text: JSON.stringify({
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        metadata: { name, namespace },
        spec: {
          strategy: { canary: { steps: [{ setWeight: 20 }] } },
          template: { metadata: { labels: {} }, spec: { containers: [{ name, image: `${name}:1` }] } },
        },
      }),
    });
    const { rollouts } = adopt(
      readManifests([
        rollout('checkout', 'dev'),
        rollout('checkout', 'prod'),
        ...['dev', 'prod', 'stage'].map((namespace) => rollout('cart', namespace)),
        { file: 'slos.yaml', text: SLOS.replace(/---\n$/, '') },
      ]),
    );
    const placed = rollouts.map(({ entry }) => [entry?.name, entry?.['environments']]);
    expect(placed).toEqual([
      ['cart', undefined],
      ['checkout', ['dev', 'prod']],
    ]);
  });
});
