import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

/** The forms in which public files come: merge keys, JSON, the output of kubectl and Jsonnet. */
const query = (part: string) => `sum(rate(picks_total${part}[{{.window}}]))`;
const MERGED = `version: prometheus/v1
service: depot
x-alerting: &quiet
  page_alert: { disable: true }
  ticket_alert: { labels: { severity: note } }
slos:
  - &first
    name: picks
    objective: 99
    sli: &sli
      events:
        error_query: '${query('{ok="no"}')}'
        total_query: '${query('')}'
    alerting:
      <<: *quiet
      name: Picks
  - <<: *first
    name: lists
    objective: 99.5
  - <<: [{ objective: 98 }, *first]
    name: places
`;
const RESOURCE = {
  apiVersion: 'sloth.slok.dev/v1',
  kind: 'PrometheusServiceLevel',
  metadata: { name: 'depot' },
  spec: {
    service: 'depot',
    slos: [
      {
        name: 'picks',
        objective: 99,
        sli: { events: { errorQuery: query('{ok="no"}'), totalQuery: query('') } },
      },
    ],
  },
};
const OBJECTIVE = {
  apiVersion: 'pyrra.dev/v1alpha1',
  kind: 'ServiceLevelObjective',
  metadata: { name: 'picks' },
  spec: {
    target: '99',
    window: '2w',
    indicator: { ratio: { errors: { metric: 'picks_total{ok="no"}' }, total: { metric: 'picks_total' } } },
  },
};

describe('merge keys', () => {
  it('FIELD-49: what is taken over counts where nothing is written beside it', async () => {
    const { json, read } = folderWith({ 's.yaml': MERGED });
    const { exit, answer } = await json('import', 'sloth', 's.yaml');
    expect(answer.refused).toEqual([]);
    expect(exit).toBe(0);
    expect(answer.slos.map((s: { slo: string }) => s.slo)).toEqual([
      'depot-picks',
      'depot-lists',
      'depot-places',
    ]);
    const text = read('slos/depot.yaml');
    expect(text.match(/target: [\d.]+/g)).toEqual(['target: 0.99', 'target: 0.995', 'target: 0.98']);
    // No page, as the shared alerting says.
    expect(text.match(/kind: Alerting|page:\n\s+enabled: false|page: false/g)?.length).toBeGreaterThan(0);
    expect(answer.slos[0].notes.join()).not.toContain('<<');
  });

  it('FIELD-49: what is wrong in it is told at its line', async () => {
    const { json } = folderWith({ 's.yaml': MERGED.replace('objective: 99.5', 'objective: much') });
    const { answer } = await json('import', 'sloth', 's.yaml');
    expect(answer.refused.map((p: { line: number; path: string }) => [p.line, p.path])).toEqual([
      [19, 'slos[1].objective'],
    ]);
  });

  it('FIELD-49: so are those of Rollouts', async () => {
    const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: &about { name: depot, namespace: depots }
spec:
  template: { metadata: { labels: {} }, spec: { containers: [{ name: a, image: a }] } }
  strategy: { canary: { steps: [{ setWeight: 20 }, { analysis: { templates: [{ templateName: picks }] } }] } }
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: picks, namespace: depots }
spec:
  metrics:
    - &one
      name: picks
      successCondition: result[0] >= 0.99
      provider: { prometheus: { query: 'sum(rate(picks_total{ok="yes"}[5m])) / sum(rate(picks_total[5m]))' } }
    - <<: *one
      name: stricter
      successCondition: result[0] >= 0.995
`;
    const { json } = folderWith({ 'm/r.yaml': rollout });
    const { answer } = await json('adopt', 'm');
    expect(answer.rollouts[0].metrics.map((m: { metric: string; as: string }) => [m.metric, m.as])).toEqual([
      ['picks', 'slo'],
      ['stricter', 'slo'],
    ]);
  });
});

describe('JSON', () => {
  const list = (items: object[]) =>
    `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, '\t')}\n`;
  it.each([
    ['sloth', list([RESOURCE])],
    ['sloth', JSON.stringify(RESOURCE)],
    ['pyrra', list([OBJECTIVE])],
  ])('FIELD-50: a manifest in a folder is read, another JSON file is not: %s', async (tool, text) => {
    const { json } = folderWith({
      'in/slos.json': text,
      'in/package.json': '{ "name": "depot", "version": "1.2.3" }',
      'in/node_modules/x/slos.json': text,
    });
    const { exit, answer } = await json('import', tool, 'in');
    expect([exit, answer.slos.length, answer.skipped]).toEqual([0, 1, []]);
  });
});

describe('templates of one name', () => {
  const template = (query: string) =>
    `---\napiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: { name: errors, namespace: depots }\nspec: { provider: { type: prometheus }, query: '${query}' }\n`;
  const CANARY = `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: depot, namespace: depots }
spec:
  provider: istio
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: depot }
  analysis: { metrics: [{ name: errors, templateRef: { name: errors }, thresholdRange: { max: 1 } }] }
`;
  const [ONE, OTHER] = ['"5.."', '"5..|429"'].map((codes) =>
    template(`100 * sum(rate(picks_total{code=~${codes}}[1m])) / sum(rate(picks_total[1m]))`),
  ) as [string, string];
  it.each([
    ['alike', ONE, 0, 'slo'],
    ['that differ', OTHER, 1, null],
  ])('FIELD-52: those of Flagger %s', async (_, second, wanted, as) => {
    const { json } = folderWith({ 'in/a.yaml': CANARY + ONE, 'in/b.yaml': second });
    const { exit, answer } = await json('import', 'flagger', 'in');
    expect([exit, answer.canaries[0].checks[0].as]).toEqual([wanted, as]);
    if (as === null)
      expect(answer.canaries[0].checks[0].note).toMatch(/2 templates are called "errors".*they differ/);
  });
});

describe('objectives', () => {
  const about = async (target: string) => {
    const { json } = folderWith({
      's.json': JSON.stringify({ ...OBJECTIVE, spec: { ...OBJECTIVE.spec, target } }),
    });
    return (await json('import', 'pyrra', 's.json')).answer.refused[0].message;
  };
  it('FIELD-51: what is refused of an objective is what is wrong with it', async () => {
    expect(await about('100')).toBe('objective 100 leaves no error budget');
    expect(await about('40')).toBe('objective 40 is not read: expected a percentage above 50 and below 100');
    expect(await about('0.99')).toBe('objective 0.99 is a percentage: 99 is meant');
  });

  it('FIELD-51: so is a bound of Flagger', async () => {
    const canary = (metric: string, range: string) => `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: depot, namespace: depots }
spec:
  provider: istio
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: depot }
  analysis: { metrics: [{ name: ${metric}, thresholdRange: { ${range} } }] }
`;
    const told = async (metric: string, range: string) => {
      const { json } = folderWith({ 'c.yaml': canary(metric, range) });
      return (await json('import', 'flagger', 'c.yaml')).answer.canaries[0].checks[0].note;
    };
    expect(await told('request-success-rate', 'min: 0.99')).toBe(
      'objective 0.99 is a percentage: 99 is meant',
    );
    expect(await told('request-success-rate', 'min: 100')).toBe('objective 100 leaves no error budget');
    expect(await told('request-success-rate', 'max: 99')).toMatch(/no least success rate/);
    expect(await told('request-duration', 'min: 500')).toMatch(/no longest duration/);
  });
});
