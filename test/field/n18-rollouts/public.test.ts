import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

/**
 * What fifteen public repositories held beside what was read already: Rollouts that nothing measures (eight of them:
 * everything was refused), a success rate of 90 % (two: refused as well), Helm's templates as they lie in a chart (two:
 * ninety questions of a YAML parser), and one name for several Rollouts, of which all but one were passed over.
 */
const rollout = (name: string, more = '', weight = 20) => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: app, image: 'registry.test/app:1' }] }
  strategy: { canary: { ${more}steps: [{ setWeight: ${weight} }, { pause: {} }] } }
`;
const analysed = (
  bound: string,
) => `${rollout('web', 'analysis: { templates: [{ templateName: rate }] }, ')}---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  metrics:
    - name: rate
      successCondition: result[0] >= ${bound}
      provider:
        prometheus:
          address: http://prometheus.test
          query: 'sum(rate(http_requests_total{app="web",code!~"5.."}[5m])) / sum(rate(http_requests_total{app="web"}[5m]))'
`;
const TEMPLATE = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: {{ include "web.fullname" . }}
spec:
  {{- with .Values.strategy }}
  strategy: {{ toYaml . | nindent 4 }}
  {{- end }}
`;
const adopted = async (files: Readonly<Record<string, string>>) => {
  const folder = folderWith(files);
  const answer = await folder.run('adopt', 'in', '--out', 'out');
  const read = (name: string) =>
    existsSync(join(folder.cwd, 'out', name)) ? folder.read(`out/${name}`) : null;
  return { ...answer, ...folder, questions: read('questions.md') ?? '', platform: read('platform.yaml') };
};

describe('n18: Rollouts as public repositories have them', () => {
  it('ADOPT-9: where nothing measures them they are asked about, and nothing is refused', async () => {
    const { exit, out, questions, platform } = await adopted({
      'in/a.yaml': rollout('web'),
      'in/b.yaml': rollout('api'),
    });
    expect([exit, platform]).toEqual([1, null]);
    expect(out).toContain('0 of 2 Rollouts');
    expect(out).toContain('Next: answer out/questions.md');
    for (const name of ['web', 'api']) expect(questions).toContain(`What is a good request of ${name}?`);
  });

  it.each([
    ['0.90', 7, 3],
    ['0.60', 1.8, 0.8],
  ])(
    'ADOPT-10: an objective of %s has a burn rule that it can reach, and is asked about',
    async (bound, fast, slow) => {
      const { run, questions, platform } = await adopted({ 'in/a.yaml': analysed(bound) });
      expect(platform).toMatch(new RegExp(`fast:\\s+threshold: ${fast}\\s+slow:\\s+threshold: ${slow}`));
      expect(questions).toContain('Is an objective below 92.9% intended?');
      expect((await run('validate', 'out')).exit).toBe(0);
    },
  );

  it('ADOPT-13: where analyses sign in at Prometheus it is asked how Sluice does, and no secret is copied', async () => {
    const signs =
      "address: http://prometheus.test\n          headers: [{ key: Authorization, value: 'Bearer of-theirs' }]";
    const { platform, questions } = await adopted({
      'in/a.yaml': analysed('0.95').replace('address: http://prometheus.test', signs),
    });
    expect(questions).toContain(
      'How does Sluice sign in at http://prometheus.test? Analyses send the header Authorization: declare bearer,',
    );
    expect(`${platform}${questions}`).not.toContain('of-theirs');
    const unsigned = await adopted({ 'in/a.yaml': analysed('0.95') });
    expect(unsigned.questions).not.toContain('sign in');
  });

  it('ADOPT-10: an objective that reaches the default keeps it', async () => {
    const { platform, questions } = await adopted({ 'in/a.yaml': analysed('0.95') });
    expect(platform).not.toContain('burn');
    expect(questions).not.toContain('meant');
  });

  it("ADOPT-11: Helm's templates are one question that says what to do, and hide no other manifest", async () => {
    const { exit, out, questions } = await adopted({
      'in/a.yaml': rollout('web'),
      'in/chart/templates/rollout.yaml': TEMPLATE,
      'in/chart/templates/service.yaml': TEMPLATE.replace('Rollout', 'Service'),
    });
    expect(exit).toBe(1);
    expect(out).toContain('0 of 1 Rollouts');
    expect(questions.match(/templates/g)).toHaveLength(2);
    expect(questions).toMatch(
      /2 files are filled in by Helm, with a Rollout in in\/chart\/templates\/rollout\.yaml: helm template CHART/,
    );
  });

  it('ADOPT-11: where templates are all there is, that is said', async () => {
    const { exit, err } = await adopted({ 'in/templates/rollout.yaml': TEMPLATE });
    expect([exit, err]).toEqual([
      2,
      expect.stringMatching(/NO_ROLLOUT[\s\S]*rollout\.yaml is a template: helm template CHART/),
    ]);
    const broken = await adopted({ 'in/a.yaml': 'a: [1\nb: 2\nc: }\n' });
    expect(broken.err).toMatch(/in\/a\.yaml:\d+ could not be read/);
  });

  it('ADOPT-11: arguments of an analysis are no template of Helm', async () => {
    const text = analysed('0.99').replace('app="web",code', 'app="{{args.service}}",code');
    const { questions } = await adopted({ 'in/a.yaml': text });
    expect(questions).not.toContain('Helm');
  });

  it('ADOPT-12: several Rollouts of one name are told apart from one that is there twice', async () => {
    const two = await adopted({ 'in/a.yaml': rollout('web'), 'in/b.yaml': rollout('web', '', 50) });
    expect(two.questions).toContain(
      '2 are called web in namespace default, and they differ: the first was taken',
    );
    const same = await adopted({ 'in/a.yaml': rollout('web'), 'in/b.yaml': rollout('web') });
    expect(same.questions).not.toContain('are called web');
  });
});
