import { describe, expect, it } from 'vitest';
import type { Entry } from '../../ledger/record.ts';
import { createFlow } from './flow.ts';
import { createRunner } from './runner.ts';
import { NOTHING, type Plan } from './types.ts';

const entry = (subject: string): Entry => ({
  at: 0,
  type: 'planned',
  v: 1,
  subject,
  actor: { id: 'sluice', kind: 'system' },
  cause: null,
  data: {},
});

/** A plane of which the test says what is planned. */
function plane(plan: (subject: string) => Plan, situation: (subject: string) => unknown = () => ({})) {
  let now = 0;
  const appended: string[] = [];
  const broken = { ledger: false };
  const runner = createRunner({ now: () => now, warn: () => {} });
  const flow = createFlow<unknown, Plan>({
    journal: {
      append: async (entries) => {
        if (broken.ledger) throw Object.assign(new Error('full'), { name: 'LedgerUnavailable' });
        appended.push(...entries.map((e) => e.subject));
      },
    },
    runner,
    planner: { plan: (_, subject) => plan(subject) },
    now: () => now,
    situation,
    backoff: { firstMs: 1_000, longestMs: 4_000 },
    warn: () => {},
  });
  return {
    flow,
    runner,
    appended,
    broken,
    at: (ms: number) => {
      now = ms;
    },
  };
}

describe('one plane on its way', () => {
  it('DUE-2: a subject that throws, or hangs, holds up only itself; it is shown, and planned again later and later', async () => {
    let broken = true;
    const p = plane(
      (subject) => ({ ...NOTHING, entries: [entry(subject)] }),
      (subject) => {
        if (subject === 'throws' && broken) throw new Error('half a character \ud800');
        return subject === 'hangs' ? new Promise(() => {}) : {};
      },
    );
    for (const subject of ['throws', 'hangs', 'well']) p.flow.mark(subject);
    await p.flow.pass(20);
    expect(p.appended).toEqual(['well']);
    expect(p.flow.trouble('throws')).toMatchObject({ message: 'half a character \ufffd', failures: 1 });
    // What hangs was waited for once.
    for (const subject of ['hangs', 'well']) p.flow.mark(subject);
    await p.flow.pass(60_000);
    expect(p.appended).toEqual(['well', 'well']);
    p.flow.mark('throws');
    p.at(999);
    await p.flow.pass(60_000);
    expect(p.flow.trouble('throws')).toMatchObject({ failures: 1 });
    broken = false;
    p.at(1_000);
    await p.flow.pass(60_000);
    expect(p.appended).toEqual(['well', 'well', 'throws']);
    expect(p.flow.trouble('throws')).toBeNull();
  });

  it('DUE-2: what is appended comes before what is done; a ledger that takes no record stops both, and it goes on after', async () => {
    const done: string[] = [];
    const p = plane((subject) => ({
      ...NOTHING,
      entries: [entry(subject)],
      effects: [
        {
          kind: 'do',
          subject,
          generation: 1,
          key: subject,
          resource: 'r',
          urgent: false,
          target: null,
        },
      ],
    }));
    p.runner.handle<null, null>('do', {
      timeoutMs: 60_000,
      width: 1,
      patience: { firstMs: 60_000, againMs: 60_000 },
      yields: false,
      backoff: () => ({ firstMs: 1_000, longestMs: 1_000 }),
      apply: async () => ({ done: null }),
      settled: ({ key }) => void done.push(`${key} after ${p.appended.length}`),
    });
    p.broken.ledger = true;
    p.flow.mark('a');
    await expect(p.flow.untilQuiet(60_000)).rejects.toThrow('full');
    expect(done).toEqual([]);
    p.broken.ledger = false;
    await p.flow.untilQuiet(60_000);
    expect([p.appended, done]).toEqual([['a'], ['a after 1']]);
  });

  it('DUE-2: an answer that makes its subject due is planned with at once, and nobody else is', async () => {
    const planned: string[] = [];
    let answer: string | null = null;
    const p = plane((subject) => {
      planned.push(subject);
      const want = {
        kind: 'ask',
        subject,
        generation: 1,
        key: 'what',
        resource: 'r',
        urgent: false,
        target: null,
      };
      if (subject === 'asks') return answer === null ? { ...NOTHING, wants: [want] } : NOTHING;
      return { ...NOTHING, wakeAt: 5_000 };
    });
    p.runner.handle<null, string>('ask', {
      timeoutMs: 60_000,
      width: 1,
      patience: { firstMs: 60_000, againMs: 60_000 },
      yields: false,
      backoff: () => ({ firstMs: 1_000, longestMs: 1_000 }),
      apply: async () => ({ done: 'so it is' }),
      settled: (_, said) => {
        answer = said;
        p.flow.mark('asks');
      },
    });
    for (const subject of ['asks', 'rests']) p.flow.mark(subject);
    await p.flow.untilQuiet(60_000);
    expect(planned).toEqual(['asks', 'rests', 'asks']);
    p.at(4_999);
    await p.flow.untilQuiet(60_000);
    p.at(5_000);
    await p.flow.untilQuiet(60_000);
    expect(planned.slice(3)).toEqual(['rests']);
  });
});
