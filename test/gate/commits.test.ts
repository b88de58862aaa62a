import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createCommitRecorder } from '../../src/controller/commits/commit-recorder.ts';
import { compile } from '../../src/controller/compile.ts';
import { emptyLane, type Lane } from '../../src/delivery/lane.ts';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import { git } from '../../src/gitops/adapters/git/program.ts';
import { remoteCopy } from '../../src/gitops/adapters/git/remote.ts';
import { commitKind } from '../../src/gitops/commits.ts';
import type { GitopsData } from '../../src/gitops/events.ts';
import type { DesiredRepository, DesiredState } from '../../src/gitops/port.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { bareRepository, type TestRepository } from '../contract/forge/repository.ts';
import { temporaryFolder } from '../folder.ts';
import { journalOver } from '../journal.ts';
import { until } from '../wait.ts';
import { desired, digest, SLOS, stableIn } from './harness.ts';

const SERVICES = ['checkout', 'cart', 'payment'];
const text = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: commits }
spec:
  environments:
    - { name: stage, prometheus: { address: 'http://prometheus.invalid' } }
    - { name: prod, prometheus: { address: 'http://prometheus.invalid' }BRANCH }
  services:
${SERVICES.map((s) => `    - { name: ${s}, slos: [${s}-availability] }`).join('\n')}
`;
const declared = (branch = '') => {
  const compiled = compile([
    { file: 'p.yaml', text: text.replace('BRANCH', branch && `, branch: ${branch}`) },
    ...SERVICES.map((s) => ({ file: `${s}.yaml`, text: SLOS.replaceAll('checkout', s) })),
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
};
const at = (environment: string, service: string) => `environments/${environment}/${service}.yaml`;
const everything = Object.fromEntries(
  ['stage', 'prod'].flatMap((e) => SERVICES.map((s) => [at(e, s), desired('1.0.0', 'a', s)])),
);
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

type Changed = GitopsData<'desired.changed'>;

async function rig(options: { branch?: string; copy?: (remote: string) => Promise<DesiredRepository> } = {}) {
  const platform = declared(options.branch);
  const repository = await bareRepository(everything);
  closing.push(() => repository.close());
  if (options.branch) await git(repository.remote, ['branch', options.branch, 'main']);
  const names = platform.environments.flatMap((e) =>
    SERVICES.map((service) => ({ service, environment: e.name, branch: e.branch ?? 'main' })),
  );
  const source = options.copy ? await options.copy(repository.remote) : gitDesired(repository.remote, names);
  const ledger = memoryLedger('commits');
  const lanes = new Map<string, Lane>(
    names.map(({ service, environment }) => {
      const lane = `${service}/${environment}`;
      return [lane, { ...emptyLane(lane), state: 'Stable' as const, ...stableIn('a') }];
    }),
  );
  let state: DesiredState | null = null;
  const open = async () =>
    createCommitRecorder({
      platform,
      journal: await journalOver(ledger),
      repository: source,
      desired: () => state,
      lanes,
      warn: () => {},
    });
  let recorder = await open();
  let now = 1_000;
  const tick = async () => {
    state = (await source.read()) ?? state;
    now += 1_000;
    await recorder.tick(now);
  };
  await tick();
  /** A commit right onto a branch, past every gate, as one by hand is. */
  const onto = async (branch: string, files: Record<string, string | null>) => {
    await repository.push('by-hand', files, `origin/${branch}`);
    await git(repository.remote, ['update-ref', `refs/heads/${branch}`, 'refs/heads/by-hand']);
  };
  return {
    platform,
    repository,
    ledger,
    lanes,
    tick,
    hint: () => source.hint(),
    onto,
    state: () => state,
    recorder: () => recorder,
    restart: async () => {
      recorder = await open();
    },
    changed: async (): Promise<Changed[]> =>
      (await ledger.read({ type: 'desired.changed' })).map((r) => r.data as Changed),
  };
}

describe('a commit is understood, whoever made it', () => {
  it('COMMIT-12: release, revert, configuration, nothing for us, a removal: each as it is', async () => {
    const r = await rig();
    const stage = at('stage', 'checkout');
    const steps: [Record<string, string | null>, Changed['kind']][] = [
      [{ [stage]: desired('1.1.0', 'b') }, 'release'],
      [{ [stage]: desired('1.0.0', 'a') }, 'revert'],
      [{ [stage]: desired('1.0.0', 'a').replace('config: {}', 'config: { replicas: 3 }') }, 'configuration'],
      [{ 'README.md': 'words' }, 'nothing'],
      [
        { [stage]: desired('1.0.0', 'a').replace('config: {}', '# a comment\nvalues: { replicas: 3 }') },
        'nothing',
      ],
      [{ [stage]: null }, 'release'],
    ];
    for (const [files] of steps) {
      await r.onto('main', files);
      await r.tick();
    }
    const all = await r.changed();
    expect(all.slice(1).map((c) => c.kind)).toEqual(steps.map(([, kind]) => kind));
    expect(all.at(-1)!.changes).toMatchObject([{ lane: 'checkout/stage', kind: 'removal', to: null }]);
    expect(all[1]).toMatchObject({ author: 'developer', message: 'Change by-hand' });
  });

  it('COMMIT-2: three services by hand in one commit are three changes of one author, each with its own objection', async () => {
    const r = await rig();
    await r.onto('main', Object.fromEntries(SERVICES.map((s) => [at('prod', s), desired('2.0.0', 'c', s)])));
    await r.tick();
    const last = (await r.changed()).at(-1)!;
    expect(last.changes.map((c) => [c.lane, c.kind])).toEqual(SERVICES.map((s) => [`${s}/prod`, 'release']));
    // Past the gate: prod is ahead of stage, and that is put on record.
    expect(last.objections.map((o) => o.lane)).toEqual(SERVICES.map((s) => `${s}/prod`));
    expect(last.objections[0]!.why).toContain('never stable in stage');
    expect(r.state()!.lanes.get('payment/prod')).toMatchObject({ version: '2.0.0' });
    expect(r.recorder().origin('cart', digest('c'))).toMatchObject({ authors: ['developer'] });
  });

  it('COMMIT-2: what was condemned and comes back by force is put on record', async () => {
    const r = await rig();
    const lane = r.lanes.get('checkout/stage')!;
    const rejected = {
      revision: 'x',
      digest: digest('d'),
      reason: 'HARM_SHOWN' as const,
      identity: null,
      release: 'checkout.stage.2',
    };
    r.lanes.set('checkout/stage', { ...lane, rejected: [rejected] });
    await r.onto('main', { [at('stage', 'checkout')]: desired('1.2.0', 'd') });
    await r.tick();
    expect((await r.changed()).at(-1)!.objections).toEqual([
      { lane: 'checkout/stage', why: 'it was rejected here' },
    ]);
  });

  it('COMMIT-3: commits between two looks are told one by one, after a restart too, and none twice', async () => {
    const r = await rig();
    for (const letter of ['b', 'c', 'd'])
      await r.onto('main', { [at('stage', 'cart')]: desired(`1.${letter}`, letter, 'cart') });
    await r.restart();
    await r.tick();
    await r.tick();
    const all = await r.changed();
    expect(all.slice(1).map((c) => c.changes[0]!.to!.version)).toEqual(['1.b', '1.c', '1.d']);
  });

  it('COMMIT-4: a branch that was pushed by force is told as such, and what it asks for now counts', async () => {
    const r = await rig();
    const start = (await git(r.repository.remote, ['rev-parse', 'main'])).trim();
    await r.onto('main', { [at('stage', 'checkout')]: desired('1.1.0', 'b') });
    await r.tick();
    await git(r.repository.remote, ['update-ref', 'refs/heads/main', start]);
    await r.tick();
    expect((await r.changed()).at(-1)).toMatchObject({ commit: start, rewritten: true });
    expect(r.state()!.lanes.get('checkout/stage')).toMatchObject({ version: '1.0.0' });
    await r.tick();
    expect(await r.changed()).toHaveLength(3);
  });

  it('COMMIT-5: a branch that was deleted changes nothing, and is a problem that is shown', async () => {
    const r = await rig({ branch: 'production' });
    await git(r.repository.remote, ['update-ref', '-d', 'refs/heads/production']);
    await r.tick();
    expect(r.state()!.lanes.get('checkout/prod')).toMatchObject({ version: '1.0.0' });
    expect(r.state()!.problems).toMatchObject([{ code: 'BRANCH_GONE', file: 'production' }]);
  });

  it('COMMIT-6: an environment with a branch of its own is read from it, and from no other', async () => {
    const r = await rig({ branch: 'production' });
    await r.onto('main', { [at('prod', 'cart')]: desired('9.9.9', 'f', 'cart') });
    await r.tick();
    expect(r.state()!.lanes.get('cart/prod')).toMatchObject({ version: '1.0.0' });
    expect((await r.changed()).at(-1)!.kind).toBe('nothing');
    await r.onto('production', { [at('prod', 'cart')]: desired('1.1.0', 'b', 'cart') });
    await r.tick();
    expect(r.state()!.lanes.get('cart/prod')).toMatchObject({ version: '1.1.0' });
    const last = (await r.ledger.read({ type: 'desired.changed' })).at(-1)!;
    expect(last).toMatchObject({ subject: 'production', data: { kind: 'release' } });
  });

  it('COMMIT-7: several documents, an unknown field and a broken file are refused with their line; the others go on', async () => {
    const r = await rig();
    await r.onto('main', {
      [at('stage', 'checkout')]: `${desired('1.1.0', 'b')}---\n${desired('1.2.0', 'c')}`,
      [at('stage', 'cart')]: `${desired('1.1.0', 'b', 'cart')}tag: latest\n`,
      [at('stage', 'payment')]: desired('1.1.0', 'b', 'payment').replaceAll('\n', '\r\n'),
    });
    await r.tick();
    const state = r.state()!;
    expect(state.lanes.get('payment/stage')).toMatchObject({ version: '1.1.0' });
    expect(state.lanes.has('checkout/stage')).toBe(false);
    expect(state.problems.map((p) => [p.file, p.code])).toEqual([
      [at('stage', 'checkout'), 'DESIRED_STATE'],
      [at('stage', 'cart'), 'DESIRED_STATE'],
    ]);
    expect(state.problems[0]!.message).toMatch(/document/);
  });

  it('COMMIT-8: anchors and aliases are read as what they stand for', async () => {
    const r = await rig();
    const anchored = `service: &s checkout\nversion: &v "1.1.0"\ndigest: ${digest('b')}\nvalues:\n  label: *v\n  app: *s\n`;
    await r.onto('main', { [at('stage', 'checkout')]: anchored });
    await r.tick();
    expect(r.state()!.lanes.get('checkout/stage')).toMatchObject({
      version: '1.1.0',
      config: { label: '1.1.0', app: 'checkout' },
    });
  });

  it('COMMIT-12: a commit in one word is the riskiest thing that it does', () => {
    const change = (kind: Changed['changes'][number]['kind']) => ({
      lane: 'a/b',
      kind,
      from: null,
      to: null,
    });
    expect(commitKind([change('config'), change('revert')])).toBe('revert');
    expect(commitKind([change('revert'), change('release')])).toBe('release');
    expect(commitKind([])).toBe('nothing');
  });
});

describe('a repository that lives elsewhere', () => {
  it('SYNC-5: it is fetched by itself, and at once when a webhook says so; a lost webhook only takes longer', async () => {
    let now = 0;
    const warnings: string[] = [];
    const home = temporaryFolder('copy');
    let remote: TestRepository['remote'] = '';
    const r = await rig({
      copy: async (url) => {
        remote = url;
        const directory = join(home, 'copy.git');
        const names = SERVICES.flatMap((service) =>
          ['stage', 'prod'].map((environment) => ({ service, environment, branch: 'main' })),
        );
        const copy = remoteCopy({
          directory,
          url: `file://${url}`,
          authorization: async () => 'Basic eA==',
          pollMs: 60_000,
          now: () => now,
          warn: (_, message) => warnings.push(message),
        });
        return gitDesired(directory, names, copy);
      },
    });
    expect(r.state()!.lanes.get('cart/stage')).toMatchObject({ version: '1.0.0' });
    const version = async () => {
      await r.tick();
      return r.state()!.lanes.get('cart/stage')!.version;
    };
    await r.onto('main', { [at('stage', 'cart')]: desired('1.1.0', 'b', 'cart') });
    now = 1_000;
    expect(await version()).toBe('1.0.0');
    // No webhook came: found when its time is up.
    now = 61_000;
    await until('it is fetched', 10_000, async () => (await version()) === '1.1.0');
    await r.onto('main', { [at('stage', 'cart')]: desired('1.2.0', 'c', 'cart') });
    expect(await version()).toBe('1.1.0');
    r.hint();
    await until('it is fetched at once', 10_000, async () => (await version()) === '1.2.0');
    expect(warnings).toEqual([]);
    // Where it cannot be reached, what was asked for last stands, and it is said once.
    renameSync(remote, `${remote}.gone`);
    for (let i = 0; i < 3; i++) {
      r.hint();
      expect(await version()).toBe('1.2.0');
    }
    await until('it is said', 10_000, () => warnings.length > 0);
    expect(warnings).toEqual(['the desired state cannot be fetched']);
    renameSync(`${remote}.gone`, remote);
  });

  it('SYNC-5: one that is away when a server starts holds up its first look, and none after', async () => {
    const warnings: string[] = [];
    let asked = 0;
    const copy = remoteCopy({
      directory: join(temporaryFolder('copy'), 'copy.git'),
      url: 'file:///nowhere',
      // The second time nobody answers at all.
      authorization: () => (++asked === 1 ? Promise.reject(new Error('away')) : new Promise(() => undefined)),
      pollMs: 0,
      now: () => 0,
      warn: (_, message) => warnings.push(message),
    });
    await copy.before();
    expect(warnings).toEqual(['the desired state cannot be fetched']);
    await copy.before();
    await until('it is asked again', 10_000, () => asked === 2);
  });
});
