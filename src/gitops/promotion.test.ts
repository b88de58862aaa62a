import { describe, expect, it } from 'vitest';
import {
  condemnedBefore,
  declinedKey,
  orderObjection,
  type Pipeline,
  type PipelineStage,
  type Proposal,
  plansOf,
  stableBefore,
} from './promotion.ts';

const NOW = 1_000_000;
const SOAK_MS = 60_000;
const artefact = (version: string) => ({ version, digest: `sha256:${version}` });
const digests = (...versions: string[]) => versions.map((version) => artefact(version).digest);

/** Version 2 is stable in stage for exactly as long as declared; prod serves version 1. */
const stage = (more: Partial<PipelineStage> = {}): PipelineStage => ({
  environment: 'stage',
  after: ['dev'],
  state: 'Stable',
  stable: artefact('2'),
  restSince: NOW - SOAK_MS,
  soakMs: SOAK_MS,
  desired: artefact('2'),
  served: digests('1', '2'),
  rejected: [],
  ...more,
});
const prod = (more: Partial<PipelineStage> = {}): PipelineStage => ({
  ...stage(),
  environment: 'prod',
  after: ['stage'],
  stable: artefact('1'),
  desired: artefact('1'),
  served: digests('1'),
  ...more,
});
const dev = (more: Partial<PipelineStage> = {}): PipelineStage => ({
  ...stage(),
  environment: 'dev',
  after: [],
  ...more,
});

const pipeline = (stands: PipelineStage[], more: Partial<Pipeline> = {}): Pipeline => ({
  service: 'checkout',
  stands,
  open: [],
  declined: new Set(),
  now: NOW,
  ...more,
});
const row = (
  stands: Partial<Record<'dev' | 'stage' | 'prod', Partial<PipelineStage>>>,
  more?: Partial<Pipeline>,
) => pipeline([dev(stands.dev), stage(stands.stage), prod(stands.prod)], more);

/** Plans in short: what, where, which version, which pull request is brought up to date. */
const planned = (p: Pipeline): string[] =>
  plansOf(p).map((plan) =>
    plan.kind === 'withdraw'
      ? `withdraw #${plan.number}: ${plan.why}`
      : `${plan.kind} ${plan.artefact.version} to ${plan.environment}${plan.updates === null ? '' : ` as #${plan.updates}`}`,
  );

const open = (kind: Proposal['kind'], environment: string, version: string): Proposal => ({
  kind,
  number: 7,
  environment,
  digest: artefact(version).digest,
});
const promotion = (version: string) => open('promotion', 'prod', version);
const revert = (version: string) => open('revert', 'prod', version);

describe('promotion', () => {
  it('ORDER-3: what is stable before, for as long as declared, is asked for', () =>
    expect(planned(row({}))).toEqual(['promotion 2 to prod']));

  it('ORDER-3: a promotion names every environment that it comes from, and why', () => {
    const regional = pipeline([
      stage({ environment: 'eu', after: [] }),
      stage({ environment: 'us', after: [] }),
      prod({ after: ['eu', 'us'] }),
    ]);
    expect(plansOf(regional)).toMatchObject([{ from: ['eu', 'us'], why: '2 is stable in eu, us' }]);
  });

  it.each([
    ['it is stable a moment less than declared', { stage: { restSince: NOW - SOAK_MS + 1 } }],
    ['it is not at rest', { stage: { restSince: null } }],
    ['it is Degraded', { stage: { state: 'Degraded' } }],
    ['it is being released again', { stage: { state: 'Evaluating' } }],
    ['nothing is stable before', { stage: { stable: null } }],
    ['Git asks for another version there by now', { stage: { desired: artefact('3') } }],
    ['Git asks for nothing there any more', { stage: { desired: null } }],
    ['it was rejected here', { prod: { rejected: digests('2') } }],
    ['it was condemned right before', { stage: { rejected: digests('2') } }],
    ['it was condemned further before', { dev: { rejected: digests('2') } }],
    ['Git asks for it here already', { prod: { desired: artefact('2') } }],
  ])('ORDER-3: it is not asked for: %s', (_, stands) => expect(planned(row(stands))).toEqual([]));

  it('ORDER-5: what a person turned down is not asked for again; the same as a revert is another question', () => {
    const no = (kind: Proposal['kind']) => new Set([declinedKey(kind, 'prod', 'sha256:2')]);
    expect(planned(row({}, { declined: no('promotion') }))).toEqual([]);
    expect(planned(row({}, { declined: no('revert') }))).toEqual(['promotion 2 to prod']);
  });

  it('ORDER-6: a version that was stable here before, and was followed by another, is not brought back', () =>
    expect(planned(row({ prod: { served: digests('2', '1') } }))).toEqual([]));

  const regions = (eu: Partial<PipelineStage>, us: Partial<PipelineStage>) =>
    pipeline([
      stage({ environment: 'eu', after: [], ...eu }),
      stage({ environment: 'us', after: [], ...us }),
      prod({ after: ['eu', 'us'] }),
    ]);
  it.each([
    ['both are stable on it', {}, {}, ['promotion 2 to prod']],
    ['one is not stable on it yet', {}, { state: 'Canary' }, []],
    ['the first one is not stable on it yet', { state: 'Canary' }, {}, []],
    ['they are stable on different versions', {}, { stable: artefact('3'), desired: artefact('3') }, []],
    [
      'the service does not run in one of them',
      {},
      { stable: null, desired: null, state: 'Idle' },
      ['promotion 2 to prod'],
    ],
  ])('ORDER-4: of two environments before: %s', (_, eu, us, plans) =>
    expect(planned(regions(eu, us))).toEqual(plans),
  );

  it.each([
    ['it is open already', {}, '2', []],
    [
      'an older version is open: that pull request is brought up to date',
      {},
      '1.5',
      ['promotion 2 to prod as #7'],
    ],
    [
      'it was merged',
      { prod: { desired: artefact('2') } },
      '2',
      ['withdraw #7: Git already asks for it there'],
    ],
    [
      'it was condemned meanwhile',
      { stage: { rejected: digests('2') } },
      '2',
      ['withdraw #7: it was rejected'],
    ],
    ['a newer version is on its way before', { stage: { state: 'Canary', desired: artefact('3') } }, '2', []],
  ])('ORDER-5: with a pull request open: %s', (_, stands, version, plans) =>
    expect(planned(row(stands, { open: [promotion(version)] }))).toEqual(plans),
  );

  it('ORDER-5: a pull request to another environment, or a revert, is not a promotion to this one', () => {
    const others = [open('promotion', 'stage', '2'), revert('2')];
    expect(planned(row({ stage: { desired: artefact('2') } }, { open: others })).sort()).toEqual([
      'promotion 2 to prod',
      'withdraw #7: Git already asks for it there',
      'withdraw #7: Git no longer asks for what failed',
    ]);
  });
});

describe('a revert', () => {
  /** Git asks prod for version 2, which failed there; version 1 serves. */
  const failed: Partial<PipelineStage> = { desired: artefact('2'), rejected: digests('2') };
  const at = (more: Partial<PipelineStage>, rest?: Partial<Pipeline>) =>
    row({ prod: { ...failed, ...more } }, rest);

  it('ORDER-7: Git asks for what failed: what serves is asked for in its place', () =>
    expect(planned(at({}))).toEqual(['revert 1 to prod']));

  it.each([
    ['Git asks for another version already', { desired: artefact('3') }],
    ['Git asks for nothing', { desired: null }],
    ['Git asks for what serves', { desired: artefact('1') }],
    ['nothing serves', { stable: null }],
    ['what serves was condemned, too', { rejected: digests('2', '1') }],
    ['what was condemned serves: a person promoted it', { stable: artefact('2') }],
  ])('ORDER-7: nothing is reverted: %s', (_, more) =>
    expect(planned(at(more)).filter((plan) => plan.startsWith('revert'))).toEqual([]),
  );

  it.each([
    ['it is open already', {}, '1', []],
    ['it is open for a version before: brought up to date', {}, '0', ['revert 1 to prod as #7']],
    [
      'Git asks for another version by now',
      { desired: artefact('1') },
      '1',
      ['withdraw #7: Git no longer asks for what failed'],
    ],
  ])('ORDER-7: with a revert open: %s', (_, more, version, plans) =>
    expect(planned(at(more, { open: [revert(version)] }))).toEqual(plans),
  );

  it.each([
    [
      'to another version, though none was rejected',
      { desired: artefact('2'), rejected: [], returnTo: artefact('1') },
      'users in prod are rolled back from 2 to 1',
    ],
    [
      'to another configuration of the same version',
      {
        desired: artefact('2'),
        rejected: [],
        returnTo: artefact('2'),
        asked: { condemned: false, good: false },
      },
      'users in prod are rolled back to the configuration before, of 2',
    ],
    ['while Git asks for nothing there', { desired: null, rejected: [], returnTo: artefact('1') }, undefined],
  ])('ORDER-7: a person returns users %s', (_, more, why) => {
    const reverts = plansOf(at(more)).filter((plan) => plan.kind === 'revert');
    expect(reverts.map((plan) => plan.why)).toEqual(why === undefined ? [] : [why]);
  });

  it('ORDER-7: a revert that a person closed is not asked for again; a promotion that was closed is no such no', () => {
    const no = (kind: Proposal['kind']) => new Set([declinedKey(kind, 'prod', 'sha256:1')]);
    expect(planned(at({}, { declined: no('revert') }))).toEqual([]);
    expect(planned(at({}, { declined: no('promotion') }))).toEqual(['revert 1 to prod']);
  });
});

describe('the order that the start gate asks for', () => {
  const fresh = { dev: { served: [] }, stage: { served: [] }, prod: { served: [] } };
  it.each([
    ['it was stable right before', { stage: { served: digests('2') } }, null],
    ['it was never stable right before', {}, 'it was never stable in stage, the environment before'],
    [
      'it was stable further before only',
      { dev: { served: digests('2') } },
      'it was never stable in stage, the environment before',
    ],
    [
      'it was stable and condemned right before',
      { stage: { served: digests('2'), rejected: digests('2') } },
      'it was rejected in stage',
    ],
    [
      'it was condemned further before',
      { dev: { rejected: digests('2') }, stage: { served: digests('2') } },
      'it was rejected in dev',
    ],
    [
      'it was stable here before, whatever came of it elsewhere',
      { dev: { rejected: digests('2') }, prod: { served: digests('2') } },
      null,
    ],
    ['the service does not run right before', { stage: { served: [], stable: null, desired: null } }, null],
    [
      'right before, Git asks for it and nothing is stable yet',
      { stage: { served: [], stable: null } },
      'it was never stable in stage, the environment before',
    ],
  ])('ORDER-8: a version begins in prod only in order: %s', (_, stands, why) =>
    expect(orderObjection(row({ ...fresh, ...stands }), 'prod', 'sha256:2')).toBe(why),
  );

  it('ORDER-8: nothing comes before the first environment', () =>
    expect(orderObjection(row(fresh), 'dev', 'sha256:2')).toBeNull());

  it.each([
    ['nowhere, before the first environment', 'dev', {}, null],
    ['what was stable right before', 'prod', { stage: { served: digests('1', '2') } }, digests('1', '2')],
    ['nothing, where nothing was stable right before', 'prod', { stage: { served: [] } }, []],
  ])('ORDER-8: order lets in %s', (_, environment, stands, digestsThere) => {
    const p = row(stands);
    expect(stableBefore(p, p.stands.find((s) => s.environment === environment)!)).toEqual(digestsThere);
  });

  it('ORDER-8: of two environments before, order lets in what was stable in both', () => {
    const p = pipeline([
      stage({ environment: 'eu', after: [], served: digests('1', '2') }),
      stage({ environment: 'us', after: [], served: digests('2', '3') }),
      prod({ after: ['eu', 'us'] }),
    ]);
    expect(stableBefore(p, p.stands[2]!)).toEqual(digests('2'));
  });

  it('ORDER-8: what was condemned before is named with where, unless it was stable here', () => {
    const there = { dev: { rejected: digests('2') }, stage: { rejected: digests('2') } };
    const named = (served: string[]) => {
      const p = row({ ...there, prod: { served } });
      return condemnedBefore(p, p.stands[2]!, 'sha256:2').sort();
    };
    expect(named([])).toEqual(['dev', 'stage']);
    expect(named(digests('2'))).toEqual([]);
  });
});
