import { describe, expect, it } from 'vitest';
import type { KeptProposal } from '../gitops/events.ts';
import { declinedKey, type Pipeline, type PipelineStage } from '../gitops/promotion.ts';
import { pipelineAnswer } from './pipeline.ts';

const digestOf = (version: string) => `sha256:${version}`;
const artefact = (version: string) => ({ version, digest: digestOf(version) });
const stand = (
  environment: string,
  after: string[],
  version: string,
  more: Partial<PipelineStage> = {},
): PipelineStage => ({
  environment,
  after,
  soakMs: 0,
  state: 'Stable',
  stable: artefact(version),
  restSince: 0,
  desired: artefact(version),
  served: [digestOf('1')],
  rejected: [],
  ...more,
});
const stage = (version: string, more: Partial<PipelineStage> = {}) => stand('stage', [], version, more);
const prod = (version: string, more: Partial<PipelineStage> = {}) => stand('prod', ['stage'], version, more);
const ours = (kind: KeptProposal['kind'], version: string, ended: KeptProposal['ended'] = null) => ({
  kind,
  number: 7,
  environment: 'prod',
  lane: 'cart/prod',
  digest: digestOf(version),
  version,
  from: [],
  openedAt: 0,
  basis: null,
  ended,
});

function inProd(
  stands: PipelineStage[],
  proposals: KeptProposal[] = [],
  declined: string[] = [],
  gate: string | null = null,
) {
  const pipeline: Pipeline = { service: 'cart', stands, open: [], declined: new Set(declined), now: 10_000 };
  const answer = pipelineAnswer([pipeline], proposals, 10_000, {
    sync: () => null,
    lane: () => undefined,
    gate: () => gate,
  });
  return { ...answer.services[0]!.stands.find((s) => s.environment === 'prod')!, whole: answer.sentence };
}

describe('what waits for what, said in words', () => {
  const AT_REST = 'No release is in progress, and nothing is waiting.';
  const rows: [string, ReturnType<typeof inProd>, boolean][] = [
    ['cart in prod is at 1.', inProd([stage('1'), prod('1')]), false],
    [
      'cart in prod: #7 asks for 2; it can merge once the gate allows it.',
      inProd([stage('2'), prod('1')], [ours('promotion', '2')]),
      true,
    ],
    [
      'cart in prod: #7 reverts Git to 1.',
      inProd([stage('2'), prod('1', { desired: artefact('2') })], [ours('revert', '1')]),
      true,
    ],
    [
      'cart in prod: 3 is held at 0% traffic: it was never stable in stage, the environment before.',
      inProd([stage('1'), prod('1', { desired: artefact('3') })]),
      true,
    ],
    [
      'cart in prod: 2 was rejected; 1 serves.',
      inProd([
        stage('2', { served: [digestOf('1'), digestOf('2')] }),
        prod('1', { desired: artefact('2'), rejected: [digestOf('2')] }),
      ]),
      true,
    ],
    [
      'cart in prod: 2 is in progress (Evaluating).',
      inProd([
        stage('2', { served: [digestOf('1'), digestOf('2')] }),
        prod('1', { desired: artefact('2'), state: 'Evaluating' }),
      ]),
      false,
    ],
    [
      'cart in prod: 2 is not promoted from stage: a person closed its pull request.',
      inProd([stage('2'), prod('1')], [], [declinedKey('promotion', 'prod', digestOf('2'))]),
      false,
    ],
    [
      'cart in prod: 2 soaks in stage for another 50 s.',
      inProd([stage('2', { soakMs: 60_000 }), prod('1')]),
      true,
    ],
    [
      'cart in prod waits for stage, which is Evaluating.',
      inProd([stage('2', { state: 'Evaluating' }), prod('1')]),
      true,
    ],
    ['cart in prod is at 1.', inProd([stage('1'), prod('1')], [ours('promotion', '1', 'merged')]), false],
    [
      'cart in prod: #7 asks for 2. Denied: cart is frozen in prod.',
      inProd([stage('2'), prod('1')], [ours('promotion', '2')], [], 'Denied: cart is frozen in prod.'),
      true,
    ],
  ];
  it.each(rows)('PROMOTE-7: %s', (sentence, found, waits) => {
    expect(found.sentence).toBe(sentence);
    expect(found.waits).toBe(waits);
    // What moves is said where nothing waits: "at rest" would not be true.
    expect(found.whole).toBe(waits || found.state === 'Evaluating' ? sentence : AT_REST);
  });
});
