import { describe, expect, it } from 'vitest';
import { answerFor } from './answer.ts';
import type { Revision } from './events.ts';
import { emptyLane, type Lane, type Release } from './lane.ts';

const revision = (name: string): Revision => ({
  revision: name,
  version: name,
  digest: `sha256:${name}`,
  config: {},
});
const verdict = (word: 'pass' | 'fail' | 'inconclusive'): Release['verdict'] => ({
  verdict: word,
  reasons: word === 'pass' ? ['TRIED_ENOUGH'] : word === 'fail' ? ['HARM_SHOWN'] : ['TOO_FEW_REQUESTS'],
  numbers: [],
});
const lane = (release: Partial<Release> | null, more: Partial<Lane> = {}): Lane => ({
  ...emptyLane('checkout/prod'),
  state: 'Evaluating',
  stable: revision('one'),
  release:
    release &&
    ({
      target: revision('two'),
      step: 1,
      stepsBack: 0,
      settings: { weights: [20, 50, 100] },
      cause: null,
      endedAt: null,
      enforced: true,
      paused: false,
      heldAt: null,
      blamed: false,
      verdict: verdict('inconclusive'),
      ...release,
    } as unknown as Release),
  ...more,
});
const hold = { id: 'f', reason: 'peak', by: 'ops', until: null };

describe('what Argo Rollouts is told', () => {
  it.each([
    ['no release', lane(null), 'start', 0, 'inconclusive', 'UNKNOWN_RELEASE'],
    [
      'a release of another revision',
      lane({ target: revision('three') }),
      'step',
      1,
      'inconclusive',
      'UNKNOWN_RELEASE',
    ],
    ['its start, while nothing holds it', lane({ step: 0, verdict: null }), 'start', 0, 'pass', undefined],
    [
      'its start under a freeze',
      lane(null, { hold, waiting: revision('two') }),
      'start',
      0,
      'inconclusive',
      'HELD',
    ],
    ['the step before', lane({}), 'step', 0, 'pass', 'TRIED_ENOUGH'],
    ['the step it is at', lane({}), 'step', 1, 'inconclusive', 'TOO_FEW_REQUESTS'],
    [
      'the step it is at, passed and not yet on record as passed',
      lane({ verdict: verdict('pass') }),
      'step',
      1,
      'inconclusive',
      'NOT_YET',
    ],
    [
      'the step that it was set back to, for the second time',
      lane({ step: 3, stepsBack: 1 }),
      'step',
      1,
      'inconclusive',
      'TOO_FEW_REQUESTS',
    ],
    [
      'full traffic, which it is to leave',
      lane({ step: 3, stepsBack: 1, verdict: verdict('pass') }),
      'step',
      2,
      'inconclusive',
      'OTHER_STEP',
    ],
    [
      'the step that it was set back to, once it may go on',
      lane({ step: 4, stepsBack: 1 }),
      'step',
      1,
      'pass',
      'TRIED_ENOUGH',
    ],
    ['a step that was never looked at', lane({ verdict: null }), 'step', 1, 'inconclusive', 'OTHER_STEP'],
    ['the step after', lane({ verdict: verdict('pass') }), 'step', 2, 'inconclusive', 'OTHER_STEP'],
    [
      'a paused release',
      lane({ paused: true, verdict: verdict('pass') }),
      'step',
      1,
      'inconclusive',
      'PAUSED',
    ],
    [
      'a release held for a person',
      lane({ heldAt: 5, verdict: verdict('pass') }),
      'step',
      1,
      'inconclusive',
      'HELD',
    ],
    [
      'in observe mode the look itself',
      lane({ enforced: false, verdict: verdict('pass') }),
      'step',
      1,
      'pass',
      'TRIED_ENOUGH',
    ],
    ['the last step, passed', lane({ step: 2, cause: 'PASSED' }), 'step', 2, 'pass', 'TRIED_ENOUGH'],
    ['a release that a person promoted', lane({ cause: 'OVERRIDDEN' }), 'step', 2, 'pass', 'TRIED_ENOUGH'],
    [
      'a condemned release',
      lane({ blamed: true, cause: 'HARM_SHOWN', verdict: verdict('fail') }),
      'step',
      1,
      'fail',
      'HARM_SHOWN',
    ],
    [
      'a condemned release, asked by its start',
      lane({ blamed: true, verdict: verdict('fail') }),
      'start',
      0,
      'fail',
      'HARM_SHOWN',
    ],
    ['a release that a person stops', lane({ cause: 'OPERATOR' }), 'step', 1, 'fail', 'OPERATOR'],
    [
      'a release that was stopped, without blame',
      lane({ cause: 'OPERATOR', endedAt: 9 }),
      'start',
      0,
      'inconclusive',
      'UNKNOWN_RELEASE',
    ],
  ] as const)('VERDICT-3: %s', (_, given, phase, step, word, reason) => {
    const said = answerFor(given, revision('two'), { revision: 'two', step, phase });
    expect(said.verdict).toBe(word);
    expect(said.reasons[0]).toBe(reason);
  });

  it('ARTEFACT-5: a Rollout whose artefact is ambiguous waits, and is told why; another revision is not meant', () => {
    const wanted = { ...revision('two'), unclear: 'two containers changed' };
    const ask = (name: string) =>
      answerFor(lane({ step: 0, verdict: null }), wanted, { revision: name, step: 0, phase: 'start' });
    expect(ask('two')).toEqual({ verdict: 'inconclusive', reasons: ['UNCLEAR_ARTEFACT'] });
    expect(ask('three')).toEqual({ verdict: 'inconclusive', reasons: ['UNKNOWN_RELEASE'] });
  });

  it('VERDICT-3: what was condemned before fails at its start, under any revision', () => {
    const rejected = [
      { revision: 'two', digest: 'sha256:two', reason: 'HARM_SHOWN' as const, identity: null, release: 'r' },
    ];
    const again = { ...revision('four'), digest: 'sha256:two' };
    const ask = (wanted: Revision) =>
      answerFor(lane(null, { rejected }), wanted, { revision: wanted.revision, step: 0, phase: 'start' });
    expect(ask(again)).toEqual({ verdict: 'fail', reasons: ['REJECTED'] });
    expect(ask(revision('five')).verdict).toBe('inconclusive');
  });
});
