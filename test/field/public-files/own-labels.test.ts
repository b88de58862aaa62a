import { describe, expect, it } from 'vitest';
import { platformOf, rulesOf } from '../../golden/promtool.ts';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, sloText } from '../../golden/slo-text.ts';
import { folderWith } from '../command.ts';

/** Queries that group by a label which rules carry themselves, and names that only Prometheus 3 knows. */
const pair = (bad: string, total: string, counter = true) =>
  `{ ratioMetric: { counter: ${counter}, bad: ${query(bad)}, total: ${query(total)} } }`;
const by = (label: string, part: string, agg = 'sum') => `${agg} by (${label}) (rate(r_total${part}[5m]))`;
const BAD = '{code="500"}';
/** Nine tenths of the traffic are healthy, and one tenth fails. */
const series = (label: string) => ({
  [`r_total{${label}="big",code="200"}`]: '0+900x90',
  [`r_total{${label}="small",code="200"}`]: '0x90',
  [`r_total{${label}="small",code="500"}`]: '0+100x90',
});

describe('groups by a label of ours', () => {
  it.each([
    ['service', 'counters by the query', (l: string) => sloText('g', pair(by(l, BAD), by(l, '')))],
    ['environment', 'counters by the query', (l: string) => sloText('g', pair(by(l, BAD), by(l, '')))],
    ['severity', 'rates', (l: string) => sloText('g', pair(by(l, BAD, 'max'), by(l, '', 'max'), false))],
    [
      'service',
      'counters by annotation',
      (l: string) =>
        sloText(
          'g',
          pair(`r_total${BAD}`, 'r_total'),
          undefined,
          undefined,
          `, annotations: { sluice.dev/group-by: ${l} }`,
        ),
    ],
    [
      'slo',
      'a ratio by slices',
      (l: string) =>
        sloText(
          'g',
          `{ ratioMetric: { rawType: failure, raw: ${query(`${by(l, BAD)} / ${by(l, '')} or 0 * ${by(l, '')}`)} } }`,
          '{ target: 0.99, timeSliceWindow: 5m }',
          'RatioTimeslices',
        ),
    ],
  ])('FIELD-55: %s, %s: each group has its own burn rate under another name', (label, _, text) => {
    const group = (name: string) => `sum(slo:burn_rate_1h:by_group{exported_${label}="${name}"})`;
    return holds(SERVICE + text(label), [
      {
        interval: '1m',
        series: series(label),
        expect: [at(group('small'), '80m', 100), at(group('big'), '80m', 0)],
      },
    ]);
  });

  it('FIELD-55: where one value of the label is asked for, the groups are the whole, and nothing is reported', () => {
    const one = by('service', '{service="small",code="500"}');
    const whole = platformOf(SERVICE + sloText('g', pair(one, by('service', '{service="small"}'))));
    expect(whole.slos[0]!.groupBy).toBeNull();
    expect(whole.origin.notes.filter(({ code }) => code.startsWith('GROUP'))).toEqual([]);
    const open = platformOf(SERVICE + sloText('g', pair(one, by('service', '')))).slos[0]!;
    expect(open.groupBy).toMatchObject({
      labels: ['exported_service'],
      series: { exported_service: 'service' },
    });
  });

  it('FIELD-55: it is reported, imported alike, and no name is taken twice', async () => {
    const rate = (part: string) => `sum by (service, exported_service) (rate(r_total${part}[{{.window}}]))`;
    const sloth = `version: prometheus/v1\nservice: api\nslos:\n  - name: g\n    objective: 99\n    sli: { events: { error_query: '${rate(BAD)}', total_query: '${rate('')}' } }\n`;
    const { run } = folderWith({ 's.yaml': sloth });
    expect((await run('import', 'sloth', 's.yaml')).exit).toBe(0);
    const { exit, err } = await run('validate', 'slos');
    expect([exit, err]).toEqual([
      0,
      expect.stringContaining('groups of "service" are labelled exported_exported_service'),
    ]);
    expect((await run('render', 'slos', '--out', 'rendered')).exit).toBe(0);
  });

  it.each(['le', '__name__'])('FIELD-55: %s tells no groups apart', (label) => {
    const text = SERVICE + sloText('g', pair(by(label, BAD), by(label, '')));
    expect(platformOf(text).slos[0]!.groupBy).toBeNull();
    expect(platformOf(text).origin.notes).toContainEqual(
      expect.objectContaining({
        code: 'GROUP_LABEL',
        message: `grouping by ${label} is left out: it tells no groups apart`,
      }),
    );
  });
});

const UTF8 = (window: string) => ({
  bad: `sum(rate({"press.runs","exit.code"!="0"}[${window}]))`,
  total: `sum(rate({"press.runs"}[${window}]))`,
});
const sloth3 = `version: prometheus/v1
service: press
slos:
  - name: runs
    objective: 99
    sli: { events: { error_query: '${UTF8('{{.window}}').bad}', total_query: '${UTF8('{{.window}}').total}' } }
`;
const pyrra3 = `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: { name: runs, labels: { pyrra.dev/service: press } }
spec:
  target: '99'
  window: 2w
  indicator:
    ratio:
      errors: { metric: '{"press.runs","exit.code"!="0"}' }
      total: { metric: '{"press.runs"}' }
`;
const open3 = SERVICE + sloText('runs', pair(UTF8('5m').bad, UTF8('5m').total));

describe('names that only Prometheus 3 knows, in files of other tools', () => {
  it.each([
    ['sloth', sloth3],
    ['pyrra', pyrra3],
    ['openslo', open3],
  ])('FIELD-56: (n07) %s: read where the version is given, and rendered', async (tool, text) => {
    const { run, read } = folderWith({ 'in.yaml': text });
    const args = ['import', tool, 'in.yaml', '--out', 'slos'];
    expect((await run(...args, '--prometheus-version', '3.1')).exit).toBe(0);
    expect((await run('validate', 'slos')).exit).toBe(0);
    expect((await run('render', 'slos', '--out', 'rendered')).exit).toBe(0);
    expect(read('rendered/prometheus/rules.yml')).toContain('{"press.runs","exit.code"!="0"}');
  });

  it('FIELD-56: (n07) without the version, or with an older one, each is refused, and the option is named', async () => {
    const { run, json } = folderWith({ 'in.yaml': sloth3 });
    const { exit, answer } = await json('import', 'sloth', 'in.yaml');
    expect([exit, answer.refused]).toMatchObject([
      1,
      [{ line: 4, next: expect.stringContaining('--prometheus-version') }],
    ]);
    expect((await run('import', 'sloth', 'in.yaml', '--prometheus-version', '2.53')).exit).toBe(1);
    expect((await run('import', 'sloth', 'in.yaml', '--prometheus-version', 'new')).exit).toBe(2);
  });

  it('FIELD-56: (n07) a source of OpenSLO declares the version, the oldest of several counts', () => {
    const source = (name: string, version: string) =>
      `---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: { name: ${name} }\nspec: { type: Prometheus, connectionDetails: { version: '${version}' } }\n`;
    expect(rulesOf(platformOf(open3 + source('a', '3.2')))).toContain('{"press.runs"}');
    expect(() => platformOf(open3 + source('a', '3.2') + source('b', '2.42'))).toThrow('PROMQL_VERSION');
  });
});
