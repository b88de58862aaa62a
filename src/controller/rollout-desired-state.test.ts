import { describe, expect, it } from 'vitest';
import { availabilitySlo } from '../../test/slo.ts';
import type { Revision } from '../delivery/events.ts';
import type { DesiredRepository, DesiredState } from '../gitops/port.ts';
import { compile } from './compile.ts';
import { rolloutDesiredState } from './rollout-desired-state.ts';

const LANE = 'checkout/prod';
const platform = (() => {
  const compiled = compile([
    {
      file: 'platform.yaml',
      text: `${availabilitySlo('checkout')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - { name: dev, prometheus: { address: 'http://prometheus.invalid' } }
    - { name: prod, delivery: argo-rollouts, prometheus: { address: 'http://prometheus.invalid' } }
  services: [{ name: checkout, slos: [checkout-availability] }]
`,
    },
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
})();

const git = (version: string, config = {}): Revision => ({
  revision: `git-${version}`,
  version,
  digest: `sha256:${version}`,
  config,
});
const there = (version: string, revision: string): Revision => ({
  ...git(version),
  revision,
  template: 'unknown',
});

/** What Git and the cluster say, and what follows for everybody and for the loop. */
async function follow(...looks: { git: Revision | null; cluster: Revision | null; readable?: boolean }[]) {
  let now = looks[0]!;
  const dev = git('1.0.0');
  const inner: DesiredRepository = {
    since: async () => null,
    hint: () => {},
    read: async (): Promise<DesiredState | null> =>
      now.readable === false
        ? null
        : {
            commit: 'abc',
            lanes: new Map([['checkout/dev', dev], ...(now.git ? [[LANE, now.git] as const] : [])]),
            problems: [],
          },
  };
  const followed = rolloutDesiredState(platform, inner, () => now.cluster);
  let state: DesiredState | null = null;
  for (const look of looks) {
    now = look;
    state = await followed.repository.read();
  }
  expect(state?.lanes.get('checkout/dev') ?? dev).toBe(dev);
  return { state, desired: state?.lanes.get(LANE) ?? null, wanted: followed.wanted(LANE) };
}

describe('what Git asks for, by what it became in the cluster', () => {
  it('FOLLOWED-1: applied, it has the revision of the cluster and the configuration of Git', async () => {
    const { desired, wanted } = await follow({
      git: git('1.1.0', { a: 1 }),
      cluster: there('1.1.0', 'hash'),
    });
    expect(desired).toEqual({ ...git('1.1.0', { a: 1 }), revision: 'hash', template: 'known' });
    expect(wanted).toEqual(desired);
  });

  it('FOLLOWED-1: not applied yet, everybody is told what Git asks for, and the loop goes by what is there', async () => {
    const { desired, wanted } = await follow({ git: git('1.1.0'), cluster: there('1.0.0', 'old') });
    expect(desired).toEqual(git('1.1.0'));
    expect(wanted).toEqual(there('1.0.0', 'old'));
  });

  it('FOLLOWED-1: a change of configuration alone is a new revision once the cluster has it', async () => {
    const looks = [
      { git: git('1.1.0'), cluster: there('1.1.0', 'one') },
      { git: git('1.1.0', { a: 2 }), cluster: there('1.1.0', 'one') },
      { git: git('1.1.0', { a: 2 }), cluster: there('1.1.0', 'two') },
    ];
    expect((await follow(...looks.slice(0, 2))).wanted?.revision).toBe('one');
    expect((await follow(...looks)).wanted?.revision).toBe('two');
  });

  it('FOLLOWED-4: a template is known once Git asks for its artefact, and not before', async () => {
    const one = there('1.0.0', 'hash');
    expect((await follow({ git: git('1.0.0', { a: 1 }), cluster: one })).wanted?.template).toBe('known');
    expect((await follow({ git: git('1.1.0'), cluster: one })).wanted?.template).toBe('unknown');
    expect((await follow({ git: null, cluster: one })).wanted?.template).toBe('unknown');
  });

  it('FOLLOWED-2: where Git says nothing the Rollout alone counts', async () => {
    const { desired, wanted } = await follow({ git: null, cluster: there('7.0.0', 'hash') });
    expect([desired, wanted]).toEqual([there('7.0.0', 'hash'), there('7.0.0', 'hash')]);
  });

  it('FOLLOWED-3: a cluster that says nothing changes nothing: what it said last stays', async () => {
    const known = { git: git('1.1.0'), cluster: there('1.1.0', 'hash') };
    expect((await follow(known, { ...known, cluster: null })).wanted?.revision).toBe('hash');
    expect((await follow({ git: git('1.1.0'), cluster: null })).wanted).toBeNull();
  });

  it('FOLLOWED-3: a repository that cannot be read is none', async () => {
    const known = { git: git('1.1.0'), cluster: there('1.1.0', 'hash') };
    expect((await follow(known, { ...known, readable: false })).state).toBeNull();
  });
});
