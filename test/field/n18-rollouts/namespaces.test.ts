import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

/** Rollouts and AnalysisTemplates of one folder, of which some say where they are applied and some do not. */
const rollout = (space: string, strategy: string) => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ferry${space} }
spec:
  selector: { matchLabels: { app: ferry } }
  template:
    metadata: { labels: { app: ferry } }
    spec: { containers: [{ name: app, image: 'registry.test/ferry:1' }] }
  strategy: { canary: { ${strategy} } }
`;
const asking = (space: string) =>
  rollout(
    space,
    'analysis: { templates: [{ templateName: late }] }, steps: [{ setWeight: 30 }, { pause: {} }]',
  );
const template = (space: string, bound = '0.95') => `---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: late${space} }
spec:
  metrics:
    - name: on-time
      successCondition: result[0] >= ${bound}
      provider:
        prometheus:
          address: http://prometheus.test
          query: 'sum(rate(ferry_total{late="no"}[5m])) / sum(rate(ferry_total[5m]))'
`;
const HARBOUR = ', namespace: harbour';
const adopted = async (text: string) => {
  const { run, read } = folderWith({ 'in/a.yaml': text });
  const { out } = await run('adopt', 'in', '--out', 'out');
  return { out, questions: read('out/questions.md') };
};

describe('AnalysisTemplates and namespaces', () => {
  it.each([
    ['a template without one', asking(HARBOUR) + template(''), 'Is late applied in namespace harbour?'],
    ['a Rollout without one', asking('') + template(HARBOUR), 'Is ferry applied in namespace harbour?'],
  ])('ADOPT-17: %s is matched, and it is asked where it is applied', async (_, text, question) => {
    const { out, questions } = await adopted(text);
    expect(out).toMatch(/on-time\s+slo\s+95% good/);
    expect(questions).toContain(question);
    expect(questions).not.toContain('It was not found');
  });

  it.each([
    ['both say the same', asking(HARBOUR) + template(HARBOUR)],
    ['neither says one', asking('') + template('')],
    ['one says what is meant without', asking('') + template(', namespace: default')],
  ])('ADOPT-17: nothing is asked where %s', async (_, text) => {
    const { out, questions } = await adopted(text);
    expect(out).toMatch(/on-time\s+slo/);
    expect(questions).not.toMatch(/applied in namespace|It was not found/);
  });

  it('ADOPT-17: the template of the namespace itself comes before one without', async () => {
    const { out, questions } = await adopted(asking(HARBOUR) + template('', '0.97') + template(HARBOUR));
    expect(out).toMatch(/on-time\s+slo\s+95% good/);
    expect(questions).not.toContain('applied in namespace');
  });

  it.each([
    ['a template of another namespace', asking(HARBOUR) + template(', namespace: canal')],
    ['one of several', asking('') + template(HARBOUR) + template(', namespace: canal', '0.97')],
  ])('ADOPT-17: %s is not taken', async (_, text) => {
    const { questions } = await adopted(text);
    expect(questions).toContain('Where is the AnalysisTemplate late, which ferry asks? It was not found.');
  });

  it('ADOPT-16: the analysis of an experiment is asked about', async () => {
    const steps =
      'steps: [{ experiment: { templates: [{ name: one, specRef: canary }], analyses: [{ name: tide, templateName: tide }] } }, { setWeight: 30 }]';
    const { questions } = await adopted(rollout('', steps));
    expect(questions).toContain(
      'Does the analysis tide of an experiment say what a good request of ferry is?',
    );
  });
});
