import { describe, expect, it } from 'vitest';
import type { Problem } from '../kit/problem.ts';
import { advise, compile } from './compile.ts';
import { laneSettings } from './settings.ts';

const text = (spec: string, environment = '', prometheus = '') => `apiVersion: openslo/v1
kind: SLO
metadata: { name: availability }
spec:
  service: shop
  indicator: { spec: { ratioMetric: { counter: true,
    good: { metricSource: { spec: { query: 'r{code!~"5.."}' } } },
    total: { metricSource: { spec: { query: 'r' } } } } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: p }
spec:
  environments:
    - name: prod
      prometheus: { address: 'http://p'${prometheus} }
${environment}
  services: [{ name: shop, slos: [availability] }]
${spec}
`;

const declared = (...parts: Parameters<typeof text>) => {
  const files = [{ file: 'p.yaml', text: text(...parts) }];
  const compiled = compile(files);
  if (!compiled.ok) return { problems: compiled.error, advice: [] as Problem[], settings: null };
  const [service, environment] = [compiled.value.services[0]!, compiled.value.environments[0]!];
  return {
    problems: [],
    advice: advise(compiled.value, files),
    settings: laneSettings(compiled.value, service, environment).release,
  };
};

describe('how releases are judged, as declared', () => {
  it('DECL-13: the second edition has its own defaults: intervals of 5 s, ten minutes at full traffic, one budget', () => {
    expect(declared('  evidence: { edition: 2 }', '', ', scrapeInterval: 1s').settings).toMatchObject({
      intervalMs: 5_000,
      dwellMs: 60_000,
      dwellAtFullMs: 600_000,
      evidence: { edition: 2, tolerance: 1, witnesses: 2 },
    });
    expect(declared('  evidence: { edition: 2 }', '', ', scrapeInterval: 15s').settings?.intervalMs).toBe(
      15_000,
    );
    expect(declared('  evidence: { edition: 1 }', '', ', scrapeInterval: 1s').settings).toMatchObject({
      intervalMs: 1_000,
      dwellAtFullMs: 60_000,
      evidence: { edition: 1, tolerance: 2 },
    });
  });

  it('DECL-13: what is declared counts, in the environment before the service', () => {
    const spec =
      '  evidence: { edition: 2, tolerance: 3, witnesses: 4 }\n  strategy: { dwell: 2m, dwellAtFull: 3m }';
    expect(declared(spec, '      judgeInterval: 20s').settings).toMatchObject({
      intervalMs: 20_000,
      dwellMs: 120_000,
      dwellAtFullMs: 180_000,
      evidence: { tolerance: 3, witnesses: 4 },
    });
    const own = (edition: number, strategy: string) =>
      declared(`  evidence: { edition: ${edition} }`, `      strategy: { ${strategy} }`).settings
        ?.dwellAtFullMs;
    expect(own(1, 'dwell: 7s')).toBe(7_000);
    expect(own(2, 'dwell: 7s')).toBe(600_000);
    expect(own(2, 'dwell: 7s, dwellAtFull: 9s')).toBe(9_000);
  });

  it('DECL-30: where nothing else is declared, full traffic lasts no longer than half of the deadline', () => {
    const atFull = (strategy: string) => declared(`  strategy: { ${strategy} }`).settings?.dwellAtFullMs;
    expect(atFull('deadline: 30m')).toBe(600_000);
    expect(atFull('deadline: 4m')).toBe(120_000);
    expect(atFull('dwell: 3m, deadline: 4m')).toBe(180_000);
    expect(atFull('deadline: 4m, dwellAtFull: 3m')).toBe(180_000);
  });

  it.each([
    ['dwell', 'dwell: 5m, deadline: 5m'],
    ['dwell', 'dwell: 4m, warmUp: 1m, deadline: 5m'],
    ['dwellAtFull', 'dwellAtFull: 5m, deadline: 5m'],
  ])('DECL-30: a %s that its deadline never lets pass is refused: %s', (name, strategy) => {
    const { problems } = declared(`  strategy: { ${strategy} }`);
    expect(problems).toMatchObject([{ code: 'DEADLINE_TOO_SHORT', file: 'p.yaml' }]);
    expect(problems[0]?.message).toContain(`in prod ${name} and the warm-up last`);
  });

  it('DECL-30: a first step at all traffic lasts as long as any, whatever full traffic lasts elsewhere', () => {
    expect(declared('  strategy: { steps: [100], dwellAtFull: 1h }').problems).toEqual([]);
  });

  it('DECL-13: nobody is compared where nothing is moved: there the guess decides', () => {
    const compares = (environment: string, spec = '  evidence: { edition: 2 }') =>
      declared(spec, environment).settings?.evidence.compare;
    expect(compares('')).toBe(true);
    expect(compares('      mode: observe')).toBe(false);
    // Whether a Rollout can be set back it shows itself, when its release begins.
    expect(compares('      delivery: argo-rollouts')).toBe(true);
    expect(compares('', '  evidence: { edition: 2, compare: false }')).toBe(false);
  });

  it('DECL-13: an interval shorter than a scrape is refused at its line', () => {
    const { problems } = declared('', '      judgeInterval: 2s');
    expect(problems).toMatchObject([
      { code: 'INTERVAL', file: 'p.yaml', line: 20, path: expect.any(String) },
    ]);
    expect(problems[0]?.message).toContain('5s');
  });

  it('DECL-14: validate advises against intervals below 5 s, and recommends three witnesses for seldom scrapes', () => {
    const second = '  evidence: { edition: 2 }';
    const codes = (...parts: Parameters<typeof text>) =>
      declared(...parts).advice.map((a) => [a.code, a.line]);
    expect(codes(second, '      judgeInterval: 1s', ', scrapeInterval: 1s')).toEqual([
      ['SHORT_INTERVALS', 20],
    ]);
    expect(codes(second, '', ', scrapeInterval: 1s')).toEqual([]);
    expect(codes(second, '', ', scrapeInterval: 15s')).toEqual([['FEW_WITNESSES', 19]]);
    expect(codes('  evidence: { edition: 2, witnesses: 3 }', '', ', scrapeInterval: 15s')).toEqual([]);
    expect(codes('  evidence: { edition: 1 }', '', ', scrapeInterval: 1s')).toEqual([]);
  });
});
