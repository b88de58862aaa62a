import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

/** What public files of other tools have that no number could come of, each rewritten. */
const SECONDS = 'depot_pick_seconds';
const PLACE = '$' + '{SITE}';
const MEANINGLESS = [
  [
    'a quantile without le gives no series, so the objective would never be missed',
    `histogram_quantile(0.9, sum by (site) (rate(${SECONDS}_bucket[5m]))) > 0.4`,
    `sum by (site) (rate(${SECONDS}_count[5m]))`,
    /aggregation drops the label le of depot_pick_seconds_bucket/,
  ],
  [
    'a quantile without any label gives no series either',
    `histogram_quantile(0.9, sum(rate(${SECONDS}_bucket[5m]))) > 0.4`,
    `sum(rate(${SECONDS}_count[5m]))`,
    /aggregation drops the label le/,
  ],
  [
    'a quantile that is kept by a filter is seconds, and no number of requests',
    `histogram_quantile(0.9, sum by (le) (rate(${SECONDS}_bucket[5m]))) > 0.4`,
    `sum(rate(${SECONDS}_count[5m]))`,
    /is a duration, not a number of requests/,
  ],
  [
    'a place in a template that nobody has filled in',
    `sum(rate(depot_picks_total{site="${PLACE}",ok="no"}[5m]))`,
    `sum(rate(depot_picks_total{site="${PLACE}"}[5m]))`,
    /is a place in a template, not a value.*fill in the template first/,
  ],
  [
    'all buckets beside one, each of which holds the smaller ones',
    `sum(rate(${SECONDS}_count[5m])) - sum(rate(${SECONDS}_bucket{le="2"}[5m]))`,
    `sum(rate(${SECONDS}_bucket[5m]))`,
    /depot_pick_seconds_bucket without le counts a request once for every bucket: write depot_pick_seconds_count/,
  ],
  [
    'a place of Helm within quotes, which YAML takes',
    `sum(rate(depot_picks_total{site="{{ .Values.site }}",ok="no"}[5m]))`,
    `sum(rate(depot_picks_total{site="{{ .Values.site }}"}[5m]))`,
    /is a place in a template, not a value.*fill in the template first/,
  ],
  [
    'a variable of Grafana in a regex, which no text can match',
    `sum(rate(depot_picks_total{site=~"$site",ok="no"}[5m]))`,
    `sum(rate(depot_picks_total{site=~"$site"}[5m]))`,
    /site=~"\$site" is a place in a template/,
  ],
  [
    'what Helm writes for a value that is not there',
    `sum(rate(depot_picks_total{site="<no value>",ok="no"}[5m]))`,
    `sum(rate(depot_picks_total{site="<no value>"}[5m]))`,
    /is a place in a template/,
  ],
  [
    'a window of Grafana',
    'sum(rate(depot_picks_total{ok="no"}[$__rate_interval]))',
    'sum(rate(depot_picks_total[$__rate_interval]))',
    /fill in the template first/,
  ],
] as const;

const sloth = (bad: string, total: string) =>
  `version: prometheus/v1\nservice: depot\nslos:\n  - name: picks\n    objective: 99\n    sli:\n      events:\n        error_query: '${bad}'\n        total_query: '${total}'\n`;
const openSlo = (bad: string, total: string) => {
  const of = (query: string) => `{ metricSource: { type: Prometheus, spec: { query: '${query}' } } }`;
  return `apiVersion: openslo/v1
kind: SLO
metadata: { name: picks }
spec:
  service: depot
  indicator: { spec: { ratioMetric: { counter: false, bad: ${of(bad)}, total: ${of(total)} } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;
};

describe('queries that Prometheus takes and that cannot mean what they say', () => {
  it.each(MEANINGLESS)('FIELD-44: %s: refused where it is imported', async (_, bad, total, why) => {
    const { exit, answer } = await folderWith({ 's.yaml': sloth(bad, total) }).json(
      'import',
      'sloth',
      's.yaml',
    );
    expect([exit, answer.refused.map((p: { line: number }) => p.line)]).toEqual([1, [8]]);
    expect(answer.refused[0].message).toMatch(why);
  });

  it.each(MEANINGLESS)('FIELD-44: %s: refused where it is declared', async (_, bad, total, why) => {
    const { run } = folderWith({ 'd/s.yaml': openSlo(bad, total) });
    const { exit, err, out } = await run('validate', 'd');
    expect(exit).toBe(2);
    expect(`${out}${err}`).toMatch(why);
  });

  it('FIELD-44: two sides that are the same are refused where they are imported, and told where declared', async () => {
    const [bad, total] = ['sum(rate(depot_picks_total[5m]))', 'sum(rate(depot_picks_total[5m])) > 0'];
    const { json, run } = folderWith({ 's.yaml': sloth(bad, total), 'd/s.yaml': openSlo(bad, total) });
    const why = /both sides are the same \(depot_picks_total\): every request is bad/;
    expect((await json('import', 'sloth', 's.yaml')).answer.refused[0].message).toMatch(why);
    const { exit, out, err } = await run('validate', 'd');
    expect(exit).toBe(0);
    expect(`${out}${err}`).toMatch(why);
  });

  it.each([
    ['le=~"0.3|0.5"', false],
    ['le=~"(0\\\\.3|0\\\\.5)"', false],
    ['le!="+Inf"', false],
    ['le!~"0.3"', false],
    ['le=~".+"', false],
    ['le=~"2|2.0"', true],
    ['le=~"2(\\\\.0)?"', true],
    ['le="2"', true],
  ])('FIELD-58: buckets with %s beside all requests: read %s', async (matcher, read) => {
    const bad = `sum(rate(${SECONDS}_count[5m])) - sum(rate(${SECONDS}_bucket{${matcher}}[5m]))`;
    const text = sloth(bad, `sum(rate(${SECONDS}_count[5m]))`);
    const { answer } = await folderWith({ 's.yaml': text }).json('import', 'sloth', 's.yaml');
    const refused = answer.refused.map((r: { message: string }) => r.message).join();
    if (read) expect(refused).toBe('');
    else expect(refused).toMatch(/with several bounds counts a request once for every bucket/);
  });

  it('FIELD-59: an annotation that names labels of Sloth names those of ours', async () => {
    const alerting = `    alerting:
      name: Picks
      annotations: { summary: "{{ $labels.sloth_slo }} of {{ .Labels.sloth_service }} and {{ $labels.sloth_id }}" }
`;
    const text = sloth('sum(rate(picks_total{ok="no"}[5m]))', 'sum(rate(picks_total[5m]))') + alerting;
    const { json, read, cwd } = folderWith({ 's.yaml': text });
    const { exit } = await json('import', 'sloth', 's.yaml', '--out', 'out');
    const written = readdirSync(join(cwd, 'out')).map((file) => read(`out/${file}`));
    expect([exit, written.join()]).toEqual([
      0,
      expect.stringContaining('{{ $labels.slo }} of {{ .Labels.service }} and {{ $labels.sloth_id }}'),
    ]);
  });

  it('FIELD-44: buckets without le on both sides are read as written, and it is told', async () => {
    const text = sloth(`sum(rate(${SECONDS}_bucket{ok="no"}[5m]))`, `sum(rate(${SECONDS}_bucket[5m]))`);
    const { exit, answer } = await folderWith({ 's.yaml': text }).json('import', 'sloth', 's.yaml');
    expect(exit).toBe(0);
    expect(answer.slos[0].notes.join()).toMatch(/count a request once for every bucket/);
  });

  it('FIELD-44: the end of a text in a regex, and a dollar in a plain value, are no place in a template', async () => {
    const text = sloth(
      'sum(rate(depot_picks_total{path=~"/picks$|/lists$",route!="$default",ok="no"}[5m]))',
      'sum(rate(depot_picks_total{path=~"/picks$|/lists$",route!="$default"}[5m]))',
    );
    expect((await folderWith({ 's.yaml': text }).run('import', 'sloth', 's.yaml')).exit).toBe(0);
  });

  it('FIELD-44: a quantile of buckets is right with le, and an average of others is not touched', async () => {
    const bad = `histogram_quantile(0.9, sum by (le) (rate(${SECONDS}_bucket[5m]))) > bool 0.4`;
    const { exit } = await folderWith({ 's.yaml': sloth(bad, 'vector(1)') }).run('import', 'sloth', 's.yaml');
    expect(exit).toBe(0);
  });

  it('FIELD-44: fast requests counted as bad are read as written, and it is told', async () => {
    const text = sloth(
      `sum(rate(${SECONDS}_bucket{le="2"}[5m]))`,
      `sum(rate(${SECONDS}_bucket{le="+Inf"}[5m]))`,
    );
    const { exit, answer } = await folderWith({ 's.yaml': text }).json('import', 'sloth', 's.yaml');
    expect(exit).toBe(0);
    expect(answer.slos[0].notes.join()).toMatch(/at most 2 are counted as bad/);
  });
});

describe('documents of other groups', () => {
  const objective = (apiVersion: string) =>
    `apiVersion: ${apiVersion}\nkind: ServiceLevelObjective\nmetadata: { name: picks }\nspec:\n  target: "99"\n  window: 2w\n  indicator:\n    ratio:\n      errors: { metric: 'depot_picks_total{ok="no"}' }\n      total: { metric: depot_picks_total }\n`;

  it('FIELD-45: a version without its group, as generators write it, is read and told', async () => {
    const { json } = folderWith({ 's.yaml': objective('v1alpha1') });
    const { exit, answer } = await json('import', 'pyrra', 's.yaml');
    expect([exit, answer.slos.length]).toEqual([0, 1]);
    expect(answer.slos[0].notes).toContain('apiVersion v1alpha1 is read as pyrra.dev/v1alpha1');
  });

  it('FIELD-45: where nothing of a tool is found, what is there is named', async () => {
    const { run } = folderWith({ 's.yaml': objective('reliability.example/v1') });
    const { exit, err } = await run('import', 'pyrra', 's.yaml');
    expect(exit).toBe(2);
    expect(err).toMatch(
      /what is there is ServiceLevelObjective picks \(not Pyrra's: its apiVersion is reliability/,
    );
  });

  it('FIELD-45: an objective of OpenSLO under the name of another tool is told its own', async () => {
    const { run } = folderWith({ 'd/s.yaml': objective('openslo/v1') });
    expect((await run('validate', 'd')).err).toMatch(/did you mean apiVersion and kind "openslo\/v1 SLO"/);
  });
});

describe('one mistake', () => {
  const service = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: depot }\nspec: {}\n';
  const platform = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: depots }
spec:
  environments: [{ name: prod, prometheus: { address: "http://127.0.0.1:9090" } }]
  services: [{ name: depot, slos: [picks] }]
`;
  const slo = openSlo('sum(rate(a_total{ok="no"}[5m]))', 'sum(rate(a_total[5m]))').replace(
    'counter: false',
    'counter: true',
  );
  const told = async (changed: string, at = platform) => {
    const { run } = folderWith({ 'd/platform.yaml': at, 'd/slos.yaml': `${service}---\n${changed}` });
    const { err } = await run('validate', 'd');
    return err.split('\n').filter((line) => /^d\//.test(line));
  };

  it.each([
    [
      'a document that is no YAML',
      slo.replace("query: 'sum", 'query: "\'sum'),
      /^d\/slos\.yaml:\d+: not YAML: .*check the quotes/,
    ],
    [
      'a kind that is misspelt',
      slo.replace('kind: SLO', 'kind: SLo'),
      /^d\/slos\.yaml:7: kind: unknown document/,
    ],
    [
      'a field that is misspelt',
      slo.replace('objectives:', 'objetives:'),
      /^d\/slos\.yaml:\d+: spec\.objetives: unknown field .*did you mean "objectives"/,
    ],
  ])('FIELD-46: %s is the only thing that is told', async (_, text, why) => {
    const lines = await told(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(why);
  });

  it('FIELD-46: nothing is wrong without the mistake', async () => expect(await told(slo)).toEqual([]));

  it('FIELD-46: a file that is no text is told as that', async () => {
    const { run } = folderWith({ 'd/s.yaml': `apiVersion: openslo/v1\nkind: SLO\0\0\n` });
    expect((await run('validate', 'd')).err).toMatch(/^d\/s\.yaml:1: it is not a text file/);
  });
});

describe('an address', () => {
  it.each(['depot', 'ftp://depot'])('FIELD-47: %s is not one, which is bad usage', async (address) => {
    const { run } = folderWith({
      'd/s.yaml': 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: depot }\nspec: {}\n',
    });
    const { exit, err } = await run('validate', 'd', '--prometheus', address);
    expect(exit).toBe(2);
    expect(err).toMatch(/Expected an address, such as http/);
  });
});
