import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { temporaryFolder } from '../folder.ts';
import { availabilitySlo } from '../slo.ts';
import { runCli } from './run.ts';

const SERVER = 'https://sluice.internal';
const PLATFORM = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - name: prod
      delivery: argo-rollouts
      cluster: { namespace: shop }
      prometheus: { address: 'http://prometheus:9090' }
  kubernetes: { server: '${SERVER}' }
  strategy: { steps: [20, 50, 100] }
  services: [{ name: checkout, slos: [checkout-availability] }]
`;
const REVISION = { name: 'revision', valueFrom: { podTemplateHashValue: 'Latest' } };
const asks = (templateName: string, ...args: object[]) => ({
  analysis: { templates: [{ templateName, clusterScope: true }], args: [...args, REVISION] },
});
/** A Rollout beside Sluice: its own pause and analysis, and what was added for Sluice. */
const ROLLOUT = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'checkout', namespace: 'shop', labels: { team: 'orders' } },
  spec: {
    replicas: 3,
    template: { spec: { containers: [{ name: 'app', image: 'shop/checkout:1' }] } },
    strategy: {
      canary: {
        maxSurge: 1,
        analysis: {
          templates: [{ templateName: 'sluice-watch', clusterScope: true }, { templateName: 'own-errors' }],
          args: [{ name: 'service', value: 'checkout' }, REVISION],
        },
        steps: [
          asks('sluice-start'),
          { setWeight: 10 },
          asks('sluice-verdict'),
          { pause: { duration: '1m' } },
          asks('own-smoke'),
          { setWeight: 60 },
          asks('checkout-verdict', { name: 'phase', value: 'step' }),
        ],
      },
    },
  },
};

/** What is written of a declaration, with or without the manifests of its Rollouts. */
async function ejected(manifests: boolean) {
  const cwd = temporaryFolder('eject');
  mkdirSync(join(cwd, 'mine'));
  mkdirSync(join(cwd, 'manifests'));
  writeFileSync(join(cwd, 'mine/platform.yaml'), PLATFORM);
  writeFileSync(join(cwd, 'mine/slos.yaml'), availabilitySlo('checkout'));
  writeFileSync(join(cwd, 'manifests/rollouts.yaml'), JSON.stringify({ kind: 'List', items: [ROLLOUT] }));
  const args = ['eject', 'mine', '--out', 'plain', ...(manifests ? ['--manifests', 'manifests'] : [])];
  const answer = await runCli(args, { cwd });
  expect(answer).toMatchObject({ exit: 0, err: '' });
  const out = join(cwd, 'plain');
  const text = (path: string) => readFileSync(join(out, path), 'utf8');
  return { cwd, args, out, text, files: globSync('**/*.*', { cwd: out }).sort(), said: answer.out };
}

describe('sluice eject', () => {
  it('CLI-54: Rollouts keep their own steps; verdicts become time, and the burn rates are watched', async () => {
    const { text } = await ejected(true);
    const { metadata, spec } = parse(text('prod/checkout/rollout.yaml')) as typeof ROLLOUT;
    expect([metadata, spec.replicas, spec.template]).toEqual([
      ROLLOUT.metadata,
      ROLLOUT.spec.replicas,
      ROLLOUT.spec.template,
    ]);
    expect(spec.strategy.canary.steps).toEqual([
      { setWeight: 10 },
      { pause: { duration: '300s' } },
      { pause: { duration: '1m' } },
      asks('own-smoke'),
      { setWeight: 60 },
      { pause: { duration: '300s' } },
    ]);
    expect(spec.strategy.canary.analysis).toEqual({
      startingStep: 1,
      templates: [{ templateName: 'own-errors' }, { templateName: 'checkout-burn' }],
      args: [{ name: 'service', value: 'checkout' }, REVISION],
    });
  });

  it('CLI-54: without manifests it is a patch with steps of the strategy; nothing names the server', async () => {
    const { out, text, files, said } = await ejected(false);
    expect(files).toEqual([
      'prod/checkout/analysistemplates.yaml',
      'prod/checkout/rollout-patch.yaml',
      'prod/checkout/values.yaml',
      'prod/prometheus/rules.yml',
      'prod/prometheusrule-1.yaml',
    ]);
    expect(said).toContain('1 Rollout is written as a patch,');
    const patch = parse(text('prod/checkout/rollout-patch.yaml')) as typeof ROLLOUT;
    expect(patch.spec.strategy.canary.steps).toEqual([
      { setWeight: 20 },
      { pause: { duration: '300s' } },
      { setWeight: 50 },
      { pause: { duration: '300s' } },
      { setWeight: 100 },
    ]);
    const templates = parseAllDocuments(text('prod/checkout/analysistemplates.yaml')).map((d) => d.toJS());
    expect(templates.map((t) => [t.metadata.name, Object.keys(t.spec.metrics[0].provider)])).toEqual([
      ['checkout-burn', ['prometheus']],
    ]);
    for (const file of files) expect(readFileSync(join(out, file), 'utf8')).not.toContain(SERVER);
    const rules = join(out, 'prod/prometheus/rules.yml');
    expect((await execa('promtool', ['check', 'rules', rules])).stdout).toContain('SUCCESS');
  });

  it.each([
    [
      'no YAML',
      'a: 1\n---\nkind: Rollout\nspec: [\n',
      'YAML_SYNTAX',
      /^manifests\/bad\.yaml:[345]: not YAML: /,
    ],
    [
      'a template',
      'kind: Rollout\nmetadata: { name: {{ .Values.name }} }\n',
      'TEMPLATE',
      /^manifests\/bad\.yaml:2: it is a template/,
    ],
    ['a key twice', 'kind: Rollout\nkind: Rollout\n', null, /^manifests\/bad\.yaml:\d: /],
  ])(
    'CLI-67: a manifest that is %s is refused with its line, and nothing is written',
    async (_, text, code, said) => {
      const { cwd } = await ejected(true);
      writeFileSync(join(cwd, 'manifests/bad.yaml'), text);
      const args = ['eject', 'mine', '--out', 'other', '--manifests', 'manifests'];
      const { exit, out } = await runCli([...args, '--json'], { cwd });
      const { error } = JSON.parse(out);
      expect([exit, error.file, error.message]).toEqual([
        2,
        'manifests/bad.yaml',
        expect.stringMatching(said),
      ]);
      if (code) expect(error.code).toBe(code);
      expect(error.message).toMatch(/; nothing was written$/);
      expect(error.next).toEqual(expect.any(String));
      expect(globSync('other', { cwd })).toEqual([]);
    },
  );

  it('CLI-67: a Rollout without a name is refused too', async () => {
    const { cwd } = await ejected(true);
    const text = JSON.stringify({ kind: 'Rollout', metadata: {}, spec: {} });
    writeFileSync(join(cwd, 'manifests/bad.yaml'), text);
    const args = ['eject', 'mine', '--out', 'other', '--manifests', 'manifests'];
    expect(await runCli(args, { cwd })).toMatchObject({
      exit: 2,
      err: expect.stringContaining('manifests/bad.yaml:1: a Rollout without metadata.name'),
    });
  });

  it('CLI-54: it writes over nothing', async () => {
    const { cwd, args } = await ejected(false);
    expect(await runCli(args, { cwd })).toMatchObject({
      exit: 1,
      err: expect.stringContaining('nothing was written'),
    });
  });
});
