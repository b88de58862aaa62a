import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import { folderWith } from '../command.ts';

const head = (name: string, labels = '') =>
  `apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: { name: ${name}, namespace: monitoring, labels: { role: alert-rules${labels} } }\nspec:\n`;
const RATIO = `${head('gate-errors', ', pyrra.dev/team: edge, pyrra.dev/service: gate')}  target: "99.5"
  window: 2w
  description: Answers without a server error
  indicator:
    ratio:
      errors: { metric: 'gate_http_total{code=~"5.."}' }
      total: { metric: 'gate_http_total' }
      grouping: [route]
`;
const LATENCY = `${head('gate-latency')}  target: "95"
  window: 4w
  alerting: { absent: false, burnrates: true, name: GateSlow }
  indicator:
    latency:
      success: { metric: 'gate_http_seconds_bucket{le="0.3"}' }
      total: { metric: 'gate_http_seconds_count' }
`;
const NATIVE = `${head('gate-native')}  target: "99"
  window: 28d
  indicator:
    latencyNative: { latency: 250ms, total: { metric: 'gate_rpc_seconds{job="gate"}' } }
`;
const GAUGE = `${head('gate-probe')}  target: 99.9
  window: 1w
  indicator:
    bool_gauge: { metric: 'probe_success{job="gate"}', grouping: [] }
`;

describe('Pyrra’s documents', () => {
  it('FIELD-23: (n17) ratio and latency are imported with target, window, grouping and labels', async () => {
    const { run, read } = folderWith({ 'in/slo.yaml': `${RATIO}---\n${LATENCY}` });
    expect((await run('import', 'pyrra', 'in', '--service', 'gate')).exit).toBe(0);
    const compiled = compile([{ file: 'gate.yaml', text: read('slos/gate.yaml') }], { platform: 'optional' });
    expect(compiled.ok && compiled.value.slos).toMatchObject([
      {
        name: 'gate-errors',
        service: 'gate',
        objective: 0.995,
        windowMs: 14 * 86_400_000,
        indicator: { kind: 'counters', partIs: 'bad', part: [{ metric: 'gate_http_total' }] },
        groupBy: { labels: ['route'] },
        labels: { team: 'edge' },
        description: 'Answers without a server error',
      },
      {
        name: 'gate-latency',
        service: 'gate',
        objective: 0.95,
        windowMs: 28 * 86_400_000,
        indicator: {
          kind: 'counters',
          partIs: 'good',
          part: [{ metric: 'gate_http_seconds_bucket' }],
          total: [{ metric: 'gate_http_seconds_count' }],
        },
      },
    ]);
    expect((await run('render', 'slos', '--out', 'rules')).exit).toBe(0);
  });

  it('DECL-17: native latency and boolean gauges are imported; without a service each is its own, and that is said', async () => {
    const { json, read } = folderWith({ 'in/slo.yaml': `${NATIVE}---\n${GAUGE}` });
    const { exit, answer } = await json('import', 'pyrra', 'in');
    expect([exit, answer.slos.map((s: { as: string }) => s.as)]).toEqual([0, ['histogram', 'threshold']]);
    expect(answer.slos[0].notes.join()).toContain('--service');
    expect(read('slos/gate-native.yaml')).toContain(
      'histogram_fraction(0, 0.25, gate_rpc_seconds{job="gate"})',
    );
    expect(read('slos/gate-probe.yaml')).toMatch(/op: gte\n {6}value: 1\n {6}target: 0.999/);
  });

  it('DECL-17: what is wrong is refused at its line, all of it, and hides no other', async () => {
    const share = LATENCY.replace('"95"', '"0.95"').replace('_bucket{le="0.3"}', '_bucket{le="0.3"');
    const both = RATIO.replace('window: 2w', 'window: soon').replace(
      '    ratio:',
      '    latencyNative: { latency: 1s, total: { metric: x } }\n    ratio:',
    );
    const { json } = folderWith({ 'in/slo.yaml': `${share}---\n${both}---\n${NATIVE}` });
    const { exit, answer } = await json('import', 'pyrra', 'in');
    expect([exit, answer.files]).toEqual([1, ['gate-native.yaml']]);
    expect(answer.refused.map((p: { line: number; path: string }) => [p.line, p.path])).toEqual([
      [5, 'spec.target'],
      [10, 'spec.indicator.latency.success'],
      [18, 'spec.window'],
      [21, 'spec.indicator'],
    ]);
    expect(answer.refused[0].message).toBe('objective 0.95 is a percentage: 95 is meant');
  });
});
