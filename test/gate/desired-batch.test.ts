import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { DESIRED_LIMITS } from '../../src/gitops/desired.ts';
import { bareRepository, WHO } from '../contract/forge/repository.ts';
import { temporaryFolder } from '../folder.ts';
import { desired } from './harness.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  delete process.env['GIT_TRACE2_EVENT'];
  for (const close of closing.splice(0)) close();
});

const path = (service: string) => `environments/prod/${service}.yaml`;
const names = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);

async function rig(services: readonly string[], files: Readonly<Record<string, string>>) {
  const repository = await bareRepository(files);
  closing.push(() => repository.close());
  const lanes = services.map((service) => ({ service, environment: 'prod', branch: 'main' }));
  return { repository, desired: gitDesired(repository.remote, lanes) };
}

/** How many Git programs some work starts, told by Git itself. */
async function programsOf(work: () => Promise<unknown>): Promise<number> {
  const trace = join(temporaryFolder('trace'), 'trace.json');
  process.env['GIT_TRACE2_EVENT'] = trace;
  await work();
  delete process.env['GIT_TRACE2_EVENT'];
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"event":"start"')).length;
}

async function programsFor(count: number) {
  const services = names(count);
  const files = Object.fromEntries(services.map((s) => [path(s), desired('1.0.0', 'a', s)]));
  const { repository, desired: port } = await rig(services, files);
  const first = await programsOf(() => port.read());
  const before = (await port.read())!;
  const changed = Object.fromEntries(services.map((s) => [path(s), desired('1.1.0', 'b', s)]));
  await repository.push('main', changed);
  const second = await programsOf(() => port.read());
  const after = (await port.read())!;
  const told = await programsOf(() => port.since('main', before.commit, after.commit));
  return { first, second, told, lanes: after.lanes.size };
}

describe('the desired state in few calls', () => {
  it('COMMIT-11: a commit is read and told by as many Git programs for 40 lanes as for 4', async () => {
    const [few, many] = [await programsFor(4), await programsFor(40)];
    expect({ ...many, lanes: few.lanes }).toEqual(few);
    expect(many.lanes).toBe(40);
  });

  it('COMMIT-11: at rest one program asks where a branch stands, and nothing else', async () => {
    const { desired: port } = await rig(['checkout'], { [path('checkout')]: desired('1.0.0', 'a') });
    await port.read();
    expect(await programsOf(() => port.read())).toBe(1);
  });

  it('COMMIT-11: what is no file, or far too large, is a problem of its own; equal files are read as one', async () => {
    const large = `${desired('1.0.0', 'a', 'large')}\n# ${'x'.repeat(DESIRED_LIMITS.size)}\n`;
    const { repository, desired: port } = await rig(['checkout', 'large', 'link'], {
      [path('checkout')]: desired('1.0.0', 'a'),
      [path('large')]: large,
    });
    const home = temporaryFolder('link');
    await git(home, ['clone', '--quiet', repository.remote, 'clone']);
    const work = join(home, 'clone');
    symlinkSync('../../elsewhere', join(work, path('link')));
    writeFileSync(join(work, 'README'), 'x');
    await git(work, ['add', '.']);
    await git(work, [...WHO, 'commit', '--quiet', '-m', 'a link']);
    await git(work, ['push', '--quiet', 'origin', 'HEAD:main']);
    const state = (await port.read())!;
    expect([...state.lanes.keys()]).toEqual(['checkout/prod']);
    expect(state.problems.map((p) => p.file).sort()).toEqual([path('large'), path('link')]);
    expect(state.problems.find((p) => p.file === path('large'))?.message).toMatch(/bytes/);
  });
});
