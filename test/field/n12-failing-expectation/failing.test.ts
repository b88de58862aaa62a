import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { textChart } from '../../../src/cli/chart.ts';
import { main } from '../../../src/main.ts';
import { temporaryFolder } from '../../folder.ts';
import { query, SERVICE, sloText } from '../../golden/slo-text.ts';

const SLO = sloText(
  'a',
  `{ ratioMetric: { counter: true, bad: ${query('r_total{code="500"}')}, total: ${query('r_total')} } }`,
  undefined,
  undefined,
  ', annotations: { sluice.dev/group-by: zone }',
);
const CASES = `apiVersion: sluice.dev/v1
kind: SloTest
metadata: { name: t }
spec:
  interval: 1m
  cases:
    - name: wants nothing, and everything fails
      input: [{ series: 'r_total{code="500",zone="a"}', values: '0+10x40' }]
      expect: [{ at: 30m, slo: a, burn: { 5m: none, 1h: 0 }, budget: "> 0" }]
    - name: cannot be run
      input: [{ series: 'r_total{code="500"}', values: 'seven' }]
      expect: [{ at: 30m, slo: a, burn: { 5m: 0 } }]
    - name: a group, and series that are gone
      input:
        - { series: 'r_total{code="500",zone="a"}', values: '0+10x40 stale' }
        - { series: 'r_total{code="200",zone="b"}', values: '0+10x40 stale' }
      expect:
        - { at: 30m, slo: a, group: { zone: a }, burn: { 5m: 100 }, requests: 50, alerts: [SloGroupBurn] }
        - { at: 30m, slo: a, group: { zone: b }, burn: { 5m: 0 }, budget: 1, alerts: [] }
        - { at: 65m, slo: a, alerts: [SloBurnRateLadder, SloNoData] }
`;

async function tested(cases: string, ...args: string[]) {
  const cwd = temporaryFolder('cases');
  writeFileSync(join(cwd, 'slos.yaml'), SERVICE + SLO);
  writeFileSync(join(cwd, 'cases.yaml'), cases);
  const out: string[] = [];
  const io = {
    out: (t: string) => out.push(t),
    err: (t: string) => out.push(t),
    env: { PATH: process.env['PATH'] },
    cwd,
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
  };
  const exit = await main(['test', '.', ...args], io);
  return { exit, text: out.join('') };
}

describe('n12: cases that fail', () => {
  it('FIELD-12: every case is told, with what it expected and got', async () => {
    const { exit, text } = await tested(CASES);
    expect(text).toMatch(/failed wants nothing, and everything fails/);
    expect(text).toMatch(/a burn 5m at 30m\n +expected none\n +got +100/);
    expect(text).toMatch(/a burn 1h at 30m\n +expected 0\n +got +100/);
    expect(text).toMatch(/cannot be run cannot be run\n.*"seven" is not a value/);
    expect(text).toMatch(/ok a group, and series that are gone/);
    expect(exit).toBe(2);
  });
  it('FIELD-12: an expectation that is not met ends with 1', async () => {
    const { exit } = await tested(CASES.slice(0, CASES.indexOf('    - name: cannot be run')));
    expect(exit).toBe(1);
  });
  it('FIELD-12: no numbers stop a chart', () => {
    for (const level of [0, -1, 1e9, Number.POSITIVE_INFINITY])
      for (const values of [[], [0], [100], [Number.NaN, 1], [Number.POSITIVE_INFINITY, -5]])
        expect(
          textChart([{ mark: '*', values }], { value: level, name: 'want' }, 10, 4).split('\n'),
        ).toHaveLength(5);
  });
});
