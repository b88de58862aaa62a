import { describe, expect, it } from 'vitest';
import { faultText } from '../kit/faults.ts';
import { judgeTrace, traceSchema } from './trace.ts';

const arm = (more: object = {}) => ({ total: 100, bad: 1, ...more });
const interval = (more: object = {}) => ({ step: 0, canary: arm(), stable: arm(), ...more });
const trace = (more: object = {}) => ({
  settings: { objective: 0.999 },
  history: [],
  intervals: [interval()],
  ...more,
});

function refusalOf(value: unknown): string {
  const parsed = traceSchema.safeParse(value);
  return parsed.success ? '' : faultText(parsed.error.issues, { schema: traceSchema, value });
}

describe('a trace', () => {
  it('JUDGE-22: is judged with nothing but its objective declared', () => {
    expect(refusalOf(trace())).toBe('');
    expect(judgeTrace(traceSchema.parse(trace()), 2).ok).toBe(true);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 1e17, '5', null, undefined])(
    'JUDGE-22: a count of %s is refused in every place, with its path',
    (count) => {
      for (const what of ['total', 'bad'])
        for (const name of ['canary', 'stable'])
          expect(
            refusalOf(trace({ intervals: [interval(), interval({ [name]: arm({ [what]: count }) })] })),
          ).toMatch(new RegExp(`^intervals\\[1\\]\\.${name}\\.${what}: .*expected `));
      expect(refusalOf(trace({ history: [null, arm({ total: count })] }))).toMatch(/^history\[1\]\.total: /);
    },
  );

  it('JUDGE-22: more bad requests than requests are refused, also where there are none', () => {
    for (const total of [0, 2])
      expect(refusalOf(trace({ intervals: [interval({ stable: { total, bad: 3 } })] }))).toBe(
        'intervals[0].stable: bad cannot be more than total',
      );
  });

  it.each([
    ['a misspelt setting', { settings: { objective: 0.999, witneses: 3 } }, 'settings.witneses', 'witnesses'],
    ['a warm-up', { intervals: [interval({ warmUp: true })] }, 'intervals[0].warmUp', 'step, canary, stable'],
    ['a misspelt history', { histroy: [] }, 'histroy', 'history'],
    [
      'a third count',
      { intervals: [interval({ canary: arm({ slow: 3 }) })] },
      'intervals[0].canary.slow',
      'bad',
    ],
  ])('JUDGE-22: %s is refused, not left out', (_, more, path, meant) => {
    const said = refusalOf(trace(more));
    expect(said.startsWith(`${path}: unknown field`), said).toBe(true);
    expect(said).toContain(meant);
  });

  it('JUDGE-22: a step that goes back is refused with what to write', () => {
    const intervals = [1, 2, 1].map((step) => interval({ step }));
    expect(refusalOf(trace({ intervals }))).toBe(
      'intervals[2].step: expected 2 or more, got 1: steps never go back, and a step back is a new step',
    );
    for (const step of [-1, 0.5])
      expect(refusalOf(trace({ intervals: [interval({ step })] }))).toContain('.step: ');
  });

  it('JUDGE-22: settings that cannot be judged by are refused as settings', () => {
    const answer = judgeTrace(traceSchema.parse(trace({ settings: { objective: 0.999, alpha: 1e-320 } })), 2);
    expect(answer.ok ? '' : answer.error).toMatch(/^settings: alpha .* reaches$/);
    const first = judgeTrace(
      traceSchema.parse(
        trace({ settings: { objective: 0.999, steps: 1 }, intervals: [interval({ step: 1 })] }),
      ),
      1,
    );
    expect(first.ok ? '' : first.error).toMatch(/^intervals\[0\]\.step is 1/);
  });
});
