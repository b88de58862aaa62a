import { afterEach, describe, expect, it } from 'vitest';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import { DESIRED_LIMITS } from '../../src/gitops/desired.ts';
import { bareRepository } from '../contract/forge/repository.ts';
import { desired, digest, gateHouse } from './harness.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const PATH = 'environments/prod/checkout.yaml';
/** The words of a link that say one artefact, and are the name of a file that says another. */
const TWO_FACED = `service: checkout\nversion: 1.0.0\ndigest: ${digest('a')}\n`;

describe('symbolic links in pull requests', () => {
  it.each([
    ['a desired state', { [PATH]: '../../elsewhere.yaml' }, PATH],
    ['a desired state whose link is worded as one', { [PATH]: TWO_FACED }, PATH],
    ['the folder of an environment', { 'environments/prod': '../elsewhere' }, 'environments/prod'],
    ['the folder of all of them', { environments: 'elsewhere' }, 'environments'],
    ['a file of the declaration', { 'platform/slos.yaml': '../elsewhere.yaml' }, 'platform/slos.yaml'],
    ['the folder of the declaration', { platform: 'elsewhere' }, 'platform'],
  ])('GATE-34: %s that becomes one is denied with its path', async (_, links, path) => {
    const h = await gateHouse();
    closing.push(() => h.close());
    await h.repository.link('links', links);
    const made = await h.forge.open({ title: 'links', body: '', base: 'main', head: 'links', labels: [] });
    if (!made.ok) throw new Error(made.error.message);
    await h.tick(2_000);
    const { allow, deny } = h.decision(made.value.number);
    expect(allow).toBe(false);
    expect(deny.map((d) => d.msg).join('\n')).toContain(`${path}:1: it is a symbolic link`);
  });

  it('GATE-34: one that leads from elsewhere concerns nobody', async () => {
    const h = await gateHouse();
    closing.push(() => h.close());
    await h.repository.link('links', { 'docs/latest.md': 'v1.md' });
    const made = await h.forge.open({ title: 'links', body: '', base: 'main', head: 'links', labels: [] });
    if (!made.ok) throw new Error(made.error.message);
    await h.tick(2_000);
    expect(h.decision(made.value.number)).toMatchObject({ allow: true });
  });
});

describe('what is no desired state', () => {
  const lanes = [
    { service: 'checkout', environment: 'prod', branch: 'main' },
    { service: 'cart', environment: 'prod', branch: 'main' },
  ];

  it('COMMIT-14: the words of a link ask for nothing, even where they are those of a desired state', async () => {
    const before = desired('1.0.0', 'a').trimEnd();
    const repository = await bareRepository({
      [PATH]: before,
      'environments/prod/cart.yaml': desired('1.0.0', 'c', 'cart'),
    });
    closing.push(() => repository.close());
    const port = gitDesired(repository.remote, lanes);
    const first = (await port.read())!;
    expect(first.lanes.get('checkout/prod')?.version).toBe('1.0.0');
    // The same bytes: Git has one object for both.
    await repository.link('main', { [PATH]: before });
    const linked = (await port.read())!;
    expect(linked.lanes.has('checkout/prod')).toBe(false);
    expect(linked.problems).toMatchObject([
      { file: PATH, message: expect.stringContaining('symbolic link') },
    ]);
    expect(linked.lanes.get('cart/prod')?.version).toBe('1.0.0');
    const told = await port.since('main', first.commit, linked.commit);
    expect(told?.commits.map(({ sides }) => sides.get('checkout/prod'))).toMatchObject([
      { base: { version: '1.0.0' }, head: null },
    ]);
    await repository.push('main', { [PATH]: null }, 'origin/main');
    await repository.push('main', { [PATH]: before }, 'origin/main');
    expect((await port.read())!.lanes.get('checkout/prod')?.version).toBe('1.0.0');
  });

  it('COMMIT-14: a file that is far too long is not read, and what other files of its commit ask for is recorded', async () => {
    const cart = 'environments/prod/cart.yaml';
    const repository = await bareRepository({
      [PATH]: desired('1.0.0', 'a'),
      [cart]: desired('1.0.0', 'c', 'cart'),
    });
    closing.push(() => repository.close());
    const port = gitDesired(repository.remote, lanes);
    const first = (await port.read())!;
    const long = `${desired('1.1.0', 'b')}# ${'x'.repeat(DESIRED_LIMITS.size)}\n`;
    await repository.push('main', { [PATH]: long, [cart]: desired('1.1.0', 'd', 'cart') });
    const after = (await port.read())!;
    const told = await port.since('main', first.commit, after.commit);
    expect(told?.commits.map(({ sides }) => Object.fromEntries(sides))).toMatchObject([
      {
        'checkout/prod': { base: { version: '1.0.0' }, head: null },
        'cart/prod': { head: { version: '1.1.0' } },
      },
    ]);
  });
});
