import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nonsenseIn } from './fact-values.ts';

const SAMPLES = join(import.meta.dirname, '../../policy/samples');
const files = readdirSync(SAMPLES).filter((name) => name.endsWith('.json'));
const read = (name: string) => JSON.parse(readFileSync(join(SAMPLES, name), 'utf8'));

describe('numbers of facts', () => {
  it.each(files)('GATE-31: %s holds none that cannot be', (name) => {
    expect(nonsenseIn(read(name))).toBeNull();
  });

  it.each<[string, (facts: ReturnType<typeof read>) => void]>([
    ['now: expected a time in milliseconds since 1970, got -1', (f) => (f.now = -1)],
    ['now: expected a time in milliseconds since 1970, got Infinity', (f) => (f.now = JSON.parse('1e999'))],
    ['now: expected a time in milliseconds since 1970, got 8640000000000001', (f) => (f.now = 8.64e15 + 1)],
    ['slos[0].at: expected a time in milliseconds since 1970, got -5', (f) => (f.slos[0].at = -5)],
    ['freezes[1].until: expected a time', (f) => (f.freezes = [{ since: 0, until: null }, { until: -1 }])],
    ['waivers[0].expiresAt: expected a time', (f) => (f.waivers = [{ since: 1, expiresAt: -1 }])],
    ['settings.waiver.maxMs: expected a time span', (f) => (f.settings.waiver.maxMs = -1)],
    ['settings.risk.maxServices: expected a whole number', (f) => (f.settings.risk.maxServices = 1.5)],
    ['lanes[0].failed: expected a whole number', (f) => (f.lanes[0].failed = -1)],
    ['slos[0].objective: expected a share', (f) => (f.slos[0].objective = 99.9)],
    ['slos[0].bad: expected a number, 0 or more, got -3', (f) => (f.slos[0].bad = -3)],
    ['slos[0].left: expected a finite number', (f) => (f.slos[0].left = JSON.parse('-1e999'))],
    ['team[0].evidence.share: expected a finite number', (f) => (f.team = [{ evidence: { share: 1 / 0 } }])],
  ])('GATE-31: %s', (said, change) => {
    const facts = read('budget.denied.json');
    change(facts);
    expect(nonsenseIn(facts)).toContain(said);
  });

  it('GATE-31: what is missing or of another type is left to the policy', () => {
    expect(nonsenseIn({})).toBeNull();
    expect(nonsenseIn({ now: 'today', slos: 7, lanes: [null] })).toBeNull();
  });
});
