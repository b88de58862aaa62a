import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
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
  it('CLI-60: links in circles end, and each real folder is read once', async () => {
    const { cwd, json } = folderWith({ 'specs/sub/a.yaml': spec('a') });
    symlinkSync('.', join(cwd, 'specs/sub/self'));
    symlinkSync('../../specs', join(cwd, 'specs/sub/parent'));
    const { exit, answer } = await json('import', 'sloth', 'specs', '--out', 'out');
    expect([exit, answer.slos.map((s: { file: string }) => s.file)]).toEqual([0, ['specs/sub/a.yaml']]);
  });

  it('CLI-60: a folder that is named like a file is entered, and a link to a folder, too', async () => {
    const { cwd, json } = folderWith({ 'specs/x.yaml/a.yaml': spec('a'), 'elsewhere/b.yaml': spec('b') });
    symlinkSync('../elsewhere', join(cwd, 'specs/linked'));
    const { exit, answer } = await json('import', 'sloth', 'specs', '--out', 'out');
    expect([exit, answer.slos.map((s: { as: string }) => s.as).sort()]).toEqual([
      0,
      ['counters', 'counters'],
    ]);
  });

  it('CLI-60: what is not UTF-8, or leads nowhere, is named and nothing is imported; other JSON is left alone', async () => {
    const { cwd, json } = folderWith({ 'specs/a.yaml': spec('a') });
    writeFileSync(join(cwd, 'specs/other.json'), Buffer.from([0x7b, 0xe9, 0x7d]));
    mkdirSync(join(cwd, 'latin'));
    writeFileSync(join(cwd, 'latin/b.yaml'), Buffer.from('service: "sv\u00e9"\n', 'latin1'));
    mkdirSync(join(cwd, 'dead'));
    symlinkSync('/nowhere/at/all', join(cwd, 'dead/c.yaml'));
    expect((await json('import', 'sloth', 'specs', '--out', 'out')).exit).toBe(0);
    for (const [folder, code] of [
      ['latin', 'NOT_UTF8'],
      ['dead', 'NOT_READABLE'],
    ] as const) {
      const { exit, answer } = await json('import', 'sloth', folder, '--out', `out-${folder}`);
      expect([exit, answer.error.code, answer.error.file]).toEqual([
        2,
        code,
        expect.stringContaining(folder),
      ]);
    }
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
