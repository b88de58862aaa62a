import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lanes, NOW } from '../../test/fleet.ts';
import { type ArchitectureFacts, architectureSentence, architectureView, PARTS } from './architecture.ts';

const facts = (more: Partial<ArchitectureFacts> = {}): ArchitectureFacts => ({
  at: NOW,
  lanes: [],
  problems: [],
  seq: 7,
  releases: [],
  pipeline: null,
  pulls: null,
  ...more,
});
const arrow = (name: string, more: Partial<ArchitectureFacts>) =>
  architectureView(facts(more)).find((a) => a.name === name)!;

describe('the picture of the architecture', () => {
  it('ARCH-1: trouble with a source, and it alone, is trouble of the metrics', () =>
    fc.assert(
      fc.property(lanes, (all) => {
        const troubled = all.some((l) => l.trouble !== null);
        expect(arrow('metrics', { lanes: all }).state).toBe(troubled ? 'trouble' : 'works');
      }),
    ));

  it('ARCH-1: the sentence says that all works only where no arrow is in trouble, and counts them', () =>
    fc.assert(
      fc.property(lanes, (all) => {
        const arrows = architectureView(facts({ lanes: all }));
        const broken = arrows.filter((a) => a.state === 'trouble').length;
        const sentence = architectureSentence(arrows);
        expect(sentence === 'Every control loop works.').toBe(broken === 0);
        if (broken > 0) expect(Number(/^\d+/.exec(sentence)?.[0])).toBe(broken);
        for (const { from, to } of arrows) expect(PARTS).toEqual(expect.arrayContaining([from, to]));
      }),
    ));

  it('ARCH-1: a gate that is not declared is not used; what is not read yet is not told', () => {
    expect(arrow('gate', { pulls: { forge: null, pulls: [] } })).toMatchObject({
      state: 'absent',
      lastAt: null,
    });
    expect(arrow('gate', {}).sentence).toBe('Loading …');
    const denied = { state: 'open', allow: false, evaluatedAt: 5 };
    expect(arrow('gate', { pulls: { forge: 'github', pulls: [denied] } })).toMatchObject({
      state: 'trouble',
      lastAt: 5,
    });
  });

  it('ARCH-1: drift from Git is trouble of GitOps', () =>
    expect(
      arrow('desired', { pipeline: { services: [{ stands: [{ sync: { word: 'OutOfSync' } }] }] } }),
    ).toMatchObject({ state: 'trouble', sentence: '1 lane is out of sync with Git.' }));
});
