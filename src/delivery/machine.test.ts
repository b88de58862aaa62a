import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAMILY, isDeclared, isPromoted, mermaid, rowOf, STATES, TABLE } from './machine.ts';
import { MOVE_REASONS, type MoveReason } from './reasons.ts';

const SEED_ARROWS = [
  'Idle→Deploying',
  'Deploying→Canary',
  'Canary→Evaluating',
  'Evaluating→Promote',
  'Evaluating→Abort',
  'Promote→Stable',
  'Abort→Rollback',
  'Rollback→Degraded',
  'Degraded→Recovery',
  'Recovery→Stable',
  'Stable→Deploying',
];

describe('the release machine', () => {
  it('MACHINE-1: it has the ten states and the eleven arrows of the architecture', () => {
    expect(STATES).toHaveLength(10);
    expect(
      TABLE.filter((r) => r.by === 'seed')
        .map((r) => `${r.from}→${r.to}`)
        .sort(),
    ).toEqual([...SEED_ARROWS].sort());
  });
  it('MACHINE-2: no move stands twice, and each has a reason', () => {
    const names = TABLE.map((r) => `${r.from}→${r.to}`);
    expect(new Set(names).size).toBe(names.length);
    for (const row of TABLE) expect(row.reasons.length).toBeGreaterThan(0);
  });
  it('MACHINE-3: from every state there is a way to Stable in the table', () => {
    for (const start of STATES) {
      const seen = new Set([start]);
      for (const state of seen) for (const row of TABLE) if (row.from === state) seen.add(row.to);
      expect(seen, start).toContain('Stable');
    }
  });
  it('MACHINE-4: every state belongs to one of the five families', () =>
    expect(Object.keys(FAMILY).sort()).toEqual([...STATES].sort()));
  it('MACHINE-5: the picture in the docs is the table', () => {
    const docs = readFileSync(join(import.meta.dirname, '../../docs/release-machine.md'), 'utf8');
    expect(docs).toContain(mermaid());
    expect(mermaid().match(/ --> /g)).toHaveLength(TABLE.length + 2);
  });
  it('MACHINE-6: what is not in the table is no move', () => {
    expect(rowOf('Idle', 'Promote')).toBeUndefined();
    expect(rowOf('Deploying', 'Promote')).toBeUndefined();
    expect(rowOf('Abort', 'Canary')).toBeUndefined();
  });
  it('MACHINE-6: of every pair of states and every reason, exactly those in the table are allowed', () => {
    const reasons = Object.keys(MOVE_REASONS) as MoveReason[];
    const inTable = new Set(TABLE.flatMap((r) => r.reasons.map((reason) => `${r.from} ${r.to} ${reason}`)));
    const allowed = STATES.flatMap((from) =>
      STATES.flatMap((to) =>
        reasons.filter((reason) => isDeclared(from, to, reason)).map((reason) => `${from} ${to} ${reason}`),
      ),
    );
    expect(new Set(allowed)).toEqual(inTable);
  });
  it('MACHINE-2: a release counts as promoted by the reasons that lead to Promote, and by no other', () => {
    const promoting = new Set(TABLE.filter((r) => r.to === 'Promote').flatMap((r) => r.reasons));
    for (const reason of Object.keys(MOVE_REASONS) as MoveReason[])
      expect(isPromoted(reason), reason).toBe(promoting.has(reason));
    expect(isPromoted(null)).toBe(false);
  });
});
