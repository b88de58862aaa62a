import { describe, expect, it } from 'vitest';
import { laneOf, NOW, releaseOf, revision } from '../../test/lane.ts';
import { COMMANDS } from '../delivery/events.ts';
import { differencesOf } from './difference.ts';
import { commandsFor, OUTCOME_NAMES, OUTCOMES } from './lane.ts';
import { listSentence, matchingReleases } from './release-list.ts';
import { outcomeOf, releaseView } from './views.ts';

describe('outcomes', () => {
  const held = releaseOf({ heldAt: NOW });
  const failed = releaseOf({ endedAt: NOW, cause: 'HARM_SHOWN' });
  const passed = releaseOf({ endedAt: NOW, cause: 'PASSED' });
  it.each([
    ['judged', laneOf()],
    ['held', laneOf({ release: held })],
    ['paused', laneOf({ release: releaseOf({ paused: true }) })],
    ['aborting', laneOf({ state: 'Rollback', release: held })],
    ['rolled-back', laneOf({ state: 'Degraded', release: failed })],
    ['rolled-back', laneOf({ state: 'Recovery', release: failed })],
    ['burning', laneOf({ state: 'Degraded', release: passed })],
    ['recovering', laneOf({ state: 'Recovery', release: passed })],
    ['stable', laneOf({ state: 'Stable', release: passed })],
    ['stable', laneOf({ state: 'Stable', release: failed })],
    ['waiting', laneOf({ state: 'Stable', release: passed, waiting: revision('three') })],
    ['none', laneOf({ state: 'Idle', release: null, stable: null })],
  ] as const)('OUTCOME-1: %s', (outcome, lane) => expect(outcomeOf(lane)).toBe(outcome));

  it('OUTCOME-1: a release that was rolled back never reads Stable, whatever its lane does since', () => {
    const view = releaseView(laneOf({ state: 'Stable', release: failed }), failed, new Map(), [], null, NOW);
    expect(OUTCOMES[view.outcome].word).toBe('Rolled back');
    expect(view.sentence).toContain('was rolled back');
  });

  it('OUTCOME-2: only orders that the server knows are offered, and none for what is over', () => {
    for (const outcome of OUTCOME_NAMES)
      for (const command of commandsFor(outcome)) expect(COMMANDS).toContain(command);
    for (const over of ['stable', 'promoted', 'rolled-back', 'aborting', 'none'] as const)
      expect(commandsFor(over)).toEqual([]);
  });
});

describe('what a chart is drawn from', () => {
  it('VIEW-6: intervals that one check closed do not share a time: none hides another', () => {
    const interval = { step: 0, canary: { total: 10, bad: 1 }, stable: { total: 10, bad: 0 } };
    const release = releaseOf({
      intervals: { s: Array.from({ length: 5 }, () => interval) },
      lookTimes: [NOW, NOW + 60_000, NOW + 60_000, NOW + 60_000, NOW + 65_000],
    });
    const [chart] = releaseView(laneOf({ release }), release, new Map(), [], null, NOW).charts;
    expect(chart!.at).toEqual([NOW, NOW + 50_000, NOW + 55_000, NOW + 60_000, NOW + 65_000]);
  });
});

describe('what a release changes', () => {
  it('RELEASE-2: setting by setting, with what was not there before and what is gone', () => {
    const from = { ...revision('one', 'sha256:a'), config: { replicas: 2, env: { A: 'x', B: 'y' } } };
    const to = { ...revision('two', 'sha256:a'), config: { replicas: 3, env: { A: 'x', C: 'z' } } };
    expect(differencesOf(from, to)).toEqual([
      { path: 'config.env.B', from: 'y', to: null },
      { path: 'config.env.C', from: null, to: 'z' },
      { path: 'config.replicas', from: '2', to: '3' },
      { path: 'version', from: 'one', to: 'two' },
    ]);
    expect(differencesOf(from, from)).toEqual([]);
  });
});

describe('the list of releases', () => {
  const row = (version: string, outcome: 'promoted' | 'rolled-back' | 'held') => ({
    service: 'checkout',
    environment: 'prod',
    version,
    outcome,
  });
  const all = [row('2.0.0', 'held'), row('1.1.0', 'rolled-back'), row('1.0.0', 'promoted')];
  it.each([
    ['by text', { text: 'Checkout 1.' }, ['1.1.0', '1.0.0']],
    ['in progress', { text: '', outcome: 'judged' }, ['2.0.0']],
    ['by outcome', { text: '', outcome: 'promoted' }, ['1.0.0']],
    ['by environment', { text: '', environment: 'dev' }, []],
  ])('RELEASE-3: %s', (_, filter, versions) =>
    expect(matchingReleases(all, filter).map((r) => r.version)).toEqual(versions),
  );

  it.each([
    [0, 0, 0, 'No release was recorded yet.'],
    [1, 1, 0, '1 release, newest first.'],
    [2, 9, 3, '2 of 9 releases, newest first; 3 older ones are found by their name alone.'],
  ])('RELEASE-3: %i of %i, %i left out', (found, of, leftOut, words) =>
    expect(listSentence(found, of, leftOut)).toBe(words),
  );
});
