import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { PROGRAMS, runCli } from './run.ts';

const head = `apiVersion: sluice.dev/v1
kind: SloTest
metadata: { name: c }
spec:
  interval: 1m
  cases:
`;
const caseOf = (name: string, series: string, burn = '0') => `    - name: ${name}
      input:
        - { series: '${series}', values: '0+10x12' }
      expect: [{ at: 10m, slo: checkout-availability, burn: { 5m: ${burn} } }]
`;
const SERIES = 'http_requests_total{service="checkout",code="200"}';

async function shopWith(cases: string) {
  const cwd = temporaryFolder('cases');
  await runCli(['init', '.', '--example', 'shop'], { cwd });
  writeFileSync(join(cwd, 'cases.yaml'), head + cases);
  return (...args: string[]) => runCli(args, { cwd, env: PROGRAMS });
}

describe('a series of a case that cannot be', () => {
  it.each([
    ['http_requests_total{service="checkout",code="200"', 'PromQL ends too early'],
    ['http_requests_total{service=~"checkout"}', 'a series has one value of "service"'],
    ['sum(http_requests_total)', 'expected one series, as name{label="value"}'],
  ])('CASES-4: %s is refused at its line, by test and by validate', async (series, said) => {
    const run = await shopWith(caseOf('one', SERIES) + caseOf('broken', series));
    for (const command of ['test', 'validate']) {
      const { exit, err } = await run(command, '.');
      expect(exit).toBe(2);
      expect(err).toContain('cases.yaml:13: spec.cases[1].input[0].series: not a valid series: ');
      expect(err).toContain(said);
    }
  });

  it('CASES-5: two cases of one name in a file are refused, also in two documents', async () => {
    const run = await shopWith(
      `${caseOf('one', SERIES)}${caseOf('two', SERIES)}---\n${head}${caseOf('one', SERIES)}`,
    );
    expect(await run('validate', '.')).toMatchObject({
      exit: 2,
      err: expect.stringContaining(
        'cases.yaml:22: spec.cases[0].name: case "one" is declared twice (first at cases.yaml:7)',
      ),
    });
    const others = await shopWith(caseOf('one', SERIES) + caseOf('two', SERIES));
    expect(await others('validate', '.')).toMatchObject({ exit: 0 });
  });
});

describe('a series that no SLO reads', () => {
  it.each([
    ['http_requests_totl{service="checkout",code="200"}', 'did you mean "http_requests_total"?'],
    ['http_requests_total{serivce="checkout",code="200"}', 'of this metric they read http_requests_total{'],
    ['http_requests_total{service="chekout",code="200"}', 'service="checkout"'],
  ])('CASES-6: %s is named with its line and what was probably meant', async (series, said) => {
    const run = await shopWith(caseOf('held', SERIES) + caseOf('mistyped', series));
    const { exit, out } = await run('test', '.');
    expect(exit).toBe(1);
    expect(out).toContain(`note cases.yaml:13: no SLO reads ${series}: `);
    expect(out).toContain(said);
    expect(out.match(/no SLO reads/g)).toHaveLength(1);
    const json = JSON.parse((await run('test', '.', '--json')).out);
    expect(json.cases[0].notes).toBeUndefined();
    expect(json.cases[1].notes).toEqual([{ line: 13, message: expect.stringContaining('no SLO reads') }]);
  });
});
