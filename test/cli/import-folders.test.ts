import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../field/command.ts';

const spec = (service: string) => `version: prometheus/v1
service: ${service}
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: 'sum(rate(http_requests_total{job="${service}",code=~"5.."}[{{.window}}]))'
        total_query: 'sum(rate(http_requests_total{job="${service}"}[{{.window}}]))'
    alerting: { name: A, page_alert: { disable: true }, ticket_alert: { disable: true } }
`;

describe('folders as people have them', () => {
  it('CLI-65: links in circles end, and each real folder is read once', async () => {
    const { cwd, json } = folderWith({ 'specs/sub/a.yaml': spec('a') });
    symlinkSync('.', join(cwd, 'specs/sub/self'));
    symlinkSync('../../specs', join(cwd, 'specs/sub/parent'));
    const { exit, answer } = await json('import', 'sloth', 'specs', '--out', 'out');
    expect([exit, answer.slos.map((s: { file: string }) => s.file)]).toEqual([0, ['specs/sub/a.yaml']]);
  });

  it('CLI-65: a folder that is named like a file is entered, and a link to a folder, too', async () => {
    const { cwd, json } = folderWith({ 'specs/x.yaml/a.yaml': spec('a'), 'elsewhere/b.yaml': spec('b') });
    symlinkSync('../elsewhere', join(cwd, 'specs/linked'));
    const { exit, answer } = await json('import', 'sloth', 'specs', '--out', 'out');
    expect([exit, answer.slos.map((s: { as: string }) => s.as).sort()]).toEqual([
      0,
      ['counters', 'counters'],
    ]);
  });

  it('CLI-65: what cannot be read is one problem each, and the others are imported; other JSON is left alone', async () => {
    const { cwd, json, run } = folderWith({ 'specs/a.yaml': spec('a') });
    writeFileSync(join(cwd, 'specs/other.json'), Buffer.from([0x7b, 0xe9, 0x7d]));
    expect((await json('import', 'sloth', 'specs', '--out', 'out')).exit).toBe(0);
    writeFileSync(join(cwd, 'specs/latin.yaml'), Buffer.from('service: "sv\u00e9"\n', 'latin1'));
    symlinkSync('/nowhere/at/all', join(cwd, 'specs/dead.yaml'));
    symlinkSync('loop.yaml', join(cwd, 'specs/loop.yaml'));
    const { exit, answer } = await json('import', 'sloth', 'specs', '--out', 'more');
    expect([exit, answer.slos.map((s: { as: string }) => s.as)]).toEqual([1, ['counters']]);
    expect(answer.refused).toEqual([
      expect.objectContaining({ code: 'NOT_READABLE', file: 'specs/dead.yaml', line: 1 }),
      expect.objectContaining({ code: 'NOT_UTF8', file: 'specs/latin.yaml', message: 'it is not UTF-8' }),
      expect.objectContaining({ code: 'NOT_READABLE', file: 'specs/loop.yaml' }),
    ]);
    const shown = await run('import', 'sloth', 'specs', '--out', 'shown');
    expect(shown.err).toContain('refused specs/dead.yaml:1: there is no such file or folder (check the path');
    expect(shown.err).not.toMatch(/ENOENT|ELOOP/);
    const named = await json('import', 'sloth', 'specs/latin.yaml', '--out', 'named');
    expect([named.exit, named.answer.error.code, named.answer.error.file]).toEqual([
      2,
      'NOT_UTF8',
      'specs/latin.yaml',
    ]);
  });

  it('CLI-65: adopt goes on beside a dead link, and asks about it', async () => {
    const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: shop, namespace: prod }
spec: { template: { spec: { containers: [{ name: shop, image: shop }] } }, strategy: { canary: { steps: [{ setWeight: 20 }] } } }
`;
    const { cwd, run } = folderWith({ 'in/shop.yaml': rollout });
    symlinkSync('/nowhere/at/all', join(cwd, 'in/dead.yaml'));
    const { exit } = await run('adopt', 'in', '--out', 'out');
    expect(exit).toBe(1);
    expect(readFileSync(join(cwd, 'out/questions.md'), 'utf8')).toContain(
      'in/dead.yaml:1 could not be read: there is no such file or folder',
    );
  });

  it('CLI-65: a file that is too large is told so, with the limit', async () => {
    const { json } = folderWith({
      'specs/a.yaml': spec('a'),
      'specs/big.yaml': `${spec('b')}#${'x'.repeat(16_777_216)}`,
    });
    const { exit, answer } = await json('import', 'sloth', 'specs', '--out', 'out');
    expect([exit, answer.slos.length]).toEqual([1, 1]);
    expect(answer.refused).toMatchObject([
      {
        code: 'TOO_LARGE',
        file: 'specs/big.yaml',
        message: expect.stringMatching(/^it is longer than 16777216 characters/),
        next: 'split it into several files',
      },
    ]);
  });

  it('CLI-66: a provider of Flagger whose counters are not known is refused', async () => {
    const { run } = folderWith({ 'in/a.yaml': spec('a') });
    const of = async (provider: string) => run('import', 'flagger', 'in', '--provider', provider);
    expect(await of('nope')).toMatchObject({
      exit: 2,
      err: expect.stringMatching(
        /Expected a provider whose counters are known; known: istio, linkerd, nginx/,
      ),
    });
    expect((await of('ngnix')).err).toContain('did you mean "nginx"?');
    for (const known of ['nginx', 'appmesh:v1beta2', 'gatewayapi:v1beta1'])
      expect((await of(known)).err).toContain('NO_FLAGGER_CANARY');
  });
});

describe('cases', () => {
  it('CLI-61: the example of the shop passes its own cases', async () => {
    const { run } = folderWith({});
    const { exit, out } = await run('test', join(import.meta.dirname, '../../examples/shop'));
    expect([exit, out]).toEqual([0, expect.stringContaining('7 cases passed')]);
  });

  it('CLI-61: a moment that nobody could wait for is refused at its line', async () => {
    const cases = `apiVersion: sluice.dev/v1
kind: SloTest
metadata: { name: long }
spec:
  cases:
    - name: far away
      input: [{ series: up, values: "1x10" }]
      expect: [{ at: 50000h, slo: a, alerts: [] }]
`;
    const { json } = folderWith({ 'cases.yaml': cases });
    const { exit, answer } = await json('test', '.');
    expect([exit, JSON.stringify(answer)]).toEqual([
      2,
      expect.stringMatching(/cases\.yaml:8: .*200000 intervals/),
    ]);
  });
});
