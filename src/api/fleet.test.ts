import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freezes, lanes, NOW } from '../../test/fleet.ts';
import { type ActiveFreeze, ATTENTION, attentionOf, fleetSentence, fleetView, urgency } from './fleet.ts';
import type { LaneSummary } from './lane.ts';

const ENVIRONMENTS = ['dev', 'stage', 'prod'];
const TEAMS = { 'service-1': 'shop', 'service-2': 'shop', 'service-3': 'data' };
const covered = (l: LaneSummary, f: ActiveFreeze) =>
  [l.service, '*'].includes(f.scope.service) && [l.environment, '*'].includes(f.scope.environment);
const spent = (all: readonly LaneSummary[]) =>
  all.flatMap((l) => l.slos).filter((s) => s.budgetLeft !== null && s.budgetLeft <= 0).length;
const burns = ({ slos, thresholds }: LaneSummary) =>
  slos.some(
    (s) =>
      s.burnFast !== null &&
      s.burnFast >= thresholds.fast &&
      (thresholds.slow === null || (s.burnSlow !== null && s.burnSlow >= thresholds.slow)),
  );
/** The number in front of some words of a text; 0: they are not in it. */
const said = (text: string, words: RegExp): number =>
  Number(new RegExp(`(\\d+) ${words.source}`).exec(text)?.[1] ?? 0);

describe('the overview of a fleet', () => {
  it('FLEET-1: each count is the number of lanes that its list shows', () =>
    fc.assert(
      fc.property(lanes, freezes, (all, frozen) => {
        const facts = { lanes: all, freezes: frozen, environments: ENVIRONMENTS, teams: TEAMS };
        const { counts } = fleetView(facts, {}, NOW);
        for (const attention of ATTENTION) {
          const list = fleetView(facts, { attention }, NOW);
          expect(list.matching).toBe(counts[attention]);
          expect(list.matching).toBe(all.filter((l) => attentionOf(l, frozen).includes(attention)).length);
        }
      }),
    ));

  it('FLEET-1: what is frozen, burning, spent or waits for somebody is not called fine', () =>
    fc.assert(
      fc.property(lanes, freezes, (all, frozen) => {
        for (const l of all) {
          const trouble =
            frozen.some((f) => covered(l, f)) ||
            burns(l) ||
            spent([l]) > 0 ||
            l.held ||
            l.paused ||
            l.trouble !== null;
          if (trouble) expect(attentionOf(l, frozen)).not.toContain('fine');
        }
      }),
    ));

  it('FLEET-2: the sentence counts spent budgets and says what is frozen, whatever else there is', () =>
    fc.assert(
      fc.property(lanes, freezes, (all, frozen) => {
        fc.pre(all.length > 0);
        const sentence = fleetSentence(all, frozen, NOW);
        expect(said(sentence, /error budgets? (is|are) spent/)).toBe(spent(all));
        expect(/ is frozen (until|for)/.test(sentence)).toBe(frozen.length > 0);
        if (frozen.length > 1) expect(said(sentence, /more freezes?/)).toBe(frozen.length - 1);
      }),
    ));

  it('FLEET-2: it says healthy only where nothing burns, waits, is held or is in progress', () =>
    fc.assert(
      fc.property(lanes, freezes, (all, frozen) => {
        if (!/healthy/.test(fleetSentence(all, frozen, NOW))) return;
        for (const l of all) {
          expect(burns(l) || l.held || l.trouble !== null || l.waiting !== null).toBe(false);
          expect(l.family).toBe('at rest');
        }
        expect(spent(all)).toBe(0);
      }),
    ));

  it('FLEET-2: it counts every lane that burns', () =>
    fc.assert(
      fc.property(lanes, freezes, (all, frozen) => {
        expect(
          said(fleetSentence(all, frozen, NOW), /lanes? burns? (its|their) error budgets? too fast/),
        ).toBe(all.filter(burns).length);
      }),
    ));

  it('FLEET-3: trouble is on top, every service once, and a filter by name leaves out the others alone', () =>
    fc.assert(
      fc.property(lanes, freezes, fc.constantFrom('', '1', 'SERVICE-2'), (all, frozen, text) => {
        const facts = { lanes: all, freezes: frozen, environments: ENVIRONMENTS, teams: TEAMS };
        const { rows } = fleetView(facts, { text }, NOW);
        const names = rows.map((r) => r.service);
        const wanted = all.map((l) => l.service).filter((s) => s.includes(text.toLowerCase()));
        expect(new Set(names)).toEqual(new Set(wanted));
        expect(names.length).toBe(new Set(names).size);
        expect(rows.map((r) => r.urgency)).toEqual(rows.map((r) => r.urgency).sort((a, b) => a - b));
        for (const row of rows)
          expect(row.urgency).toBe(
            Math.min(...Object.values(row.cells).map(({ lane }) => urgency(lane, frozen))),
          );
      }),
    ));

  it('FLEET-3: a team sees its own services, and counts of them alone', () =>
    fc.assert(
      fc.property(lanes, freezes, (all, frozen) => {
        const facts = { lanes: all, freezes: frozen, environments: ENVIRONMENTS, teams: TEAMS };
        const { rows, lanes: count } = fleetView(facts, { team: 'shop' }, NOW);
        for (const { service } of rows) expect(['service-1', 'service-2']).toContain(service);
        expect(count).toBe(all.filter((l) => ['service-1', 'service-2'].includes(l.service)).length);
      }),
    ));
});
