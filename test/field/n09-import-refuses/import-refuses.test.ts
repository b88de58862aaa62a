import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

/** Once a folder was refused as a whole, at lines of a file that nobody wrote, or its documents were not seen at all. */
const slo = (name: string, metric: string) => `  - name: ${name}
    objective: 99.5
    sli:
      events:
        error_query: sum(rate(${metric}{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(${metric}[{{.window}}]))
    alerting: { name: Slow }
`;
const LABELS = `version: prometheus/v1
service: vault
labels: { environment: production, team: finance, tier: 2 }
slos:
${slo('answers', 'vault_http_total').replace('{ name: Slow }', '{ name: Slow, labels: { severity: critical, service: vault } }')}`;
const MIXED = `apiVersion: v1
kind: Namespace
metadata: { name: finance }
---
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: { name: till, namespace: finance }
spec:
  service: till
  slos:
    - name: answers
      objective: 99.5
      sli:
        events:
          errorQuery: sum(rate(till_http_total{code=~"5.."}[{{ .window }}]))
          totalQuery: sum(rate(till_http_total[{{ .window }}]))
      alerting: { name: Till }
`;
const COMMENT = `version: prometheus/v1  # sloth\nservice: mint\nslos:\n${slo('answers', 'mint_http_total')}`;

describe('Sloth documents as they lie about', () => {
  it('FIELD-20: (n09) labels of any name are read, and what is left out is said', async () => {
    const { json, run, read } = folderWith({ 'in/s.yaml': LABELS });
    const { exit, answer } = await json('import', 'sloth', 'in');
    expect([exit, answer.refused]).toEqual([0, []]);
    expect(answer.slos).toMatchObject([
      { file: 'in/s.yaml', line: 5, document: 'prometheus/v1 vault', as: 'counters' },
    ]);
    expect(answer.slos[0].notes.join()).toContain('environment="production"');
    expect(read('slos/vault.yaml')).toMatch(/labels:\n {4}team: finance\n {4}tier: "2"/);
    expect((await run('render', 'slos', '--out', 'rules')).exit).toBe(0);
  });

  it('FIELD-20: (n09) other documents are skipped with a note; comments and a byte order mark hide nothing', async () => {
    const { json } = folderWith({ 'in/a.yaml': MIXED, 'in/b.yaml': `\uFEFF${COMMENT}` });
    const { exit, answer } = await json('import', 'sloth', 'in');
    expect([exit, answer.files]).toEqual([0, ['till.yaml', 'mint.yaml']]);
    expect(answer.skipped).toMatchObject([{ file: 'in/a.yaml', line: 1, document: 'Namespace finance' }]);
    expect(answer.slos.map((s: { line: number }) => s.line)).toEqual([11, 4]);
  });

  it('DECL-15: one that is wrong is refused at its own line, everything that is wrong with it at once, and hides no other', async () => {
    const wrong = COMMENT.replace('error_query', 'error_querry').replace('99.5', '0.999');
    const { json, run } = folderWith({
      'in/s.yaml': `${LABELS}---\n${wrong}---\nversion: prometheus/v1\nservice: [\n`,
    });
    const { exit, answer } = await json('import', 'sloth', 'in');
    expect([exit, answer.files]).toEqual([1, ['vault.yaml']]);
    expect(answer.refused.map((p: { line: number; path: string }) => [p.line, p.path])).toEqual([
      // That the field which is meant is missing follows from it.
      [20, 'slos[0].sli.events.error_querry'],
      [26, ''],
    ]);
    expect(answer.refused.some((p: { next?: string }) => p.next === 'did you mean "error_query"?')).toBe(
      true,
    );
    const shown = await run('import', 'sloth', 'in', '--out', 'again');
    expect(shown.out).toMatch(/in\/s\.yaml:\d+ +prometheus\/v1 mint +mint-answers +refused/);
  });

  it('DECL-15: an objective is in per cent, and both of its mistakes are told together', async () => {
    const share = COMMENT.replace('99.5', '0.999').replace(
      'sum(rate(mint_http_total[',
      'sum(rate(mint_http_total[[',
    );
    const { json } = folderWith({ 's.yaml': share });
    const { exit, answer } = await json('import', 'sloth', 's.yaml');
    expect(exit).toBe(1);
    expect(answer.refused.map((p: { line: number; message: string }) => [p.line, p.message])).toEqual([
      [5, 'objective 0.999 is a percentage: 99.9 is meant'],
      [9, expect.stringContaining('not PromQL')],
    ]);
  });

  it('DECL-15: a template that nobody filled in is told once, as that', async () => {
    const chart = COMMENT.replace('service: mint', 'service: {{ .Values.name }}').replace(
      'name: answers',
      'name: {{ .Values.slo }}',
    );
    const { json } = folderWith({ 'in/s.yaml': `${LABELS}---\n${chart}` });
    const { exit, answer } = await json('import', 'sloth', 'in');
    expect([exit, answer.files, answer.refused]).toMatchObject([
      1,
      ['vault.yaml'],
      [{ line: 14, code: 'TEMPLATE' }],
    ]);
  });

  it.each([
    [
      'a counter as it is',
      'mint_seconds_bucket{le="1"}',
      'mint_seconds_count',
      /is used as it is: write its rate/,
    ],
    [
      'buckets the wrong way round',
      'sum(rate(mint_seconds_bucket{le="0.5"}[5m])) - sum(rate(mint_seconds_bucket{le="+Inf"}[5m]))',
      'sum(rate(mint_seconds_count[5m]))',
      /is never above zero/,
    ],
    [
      'a rate of a sum',
      'sum(rate(sum(mint_total)[5m:]))',
      'sum(rate(mint_total))',
      /not PromQL that Prometheus takes/,
    ],
    ['different groups', 'sum by (a) (rate(e[5m]))', 'sum by (b) (rate(r[5m]))', /grouped differently/],
  ])(
    'DECL-15: what Prometheus takes and cannot mean what it says is refused: %s',
    async (_, bad, total, why) => {
      const text = `version: prometheus/v1\nservice: mint\nslos:\n  - name: a\n    objective: 99\n    sli: { events: { error_query: '${bad}', total_query: '${total}' } }\n`;
      const { exit, answer } = await folderWith({ 's.yaml': text }).json('import', 'sloth', 's.yaml');
      expect([exit, answer.refused[0]]).toMatchObject([1, { line: 6, message: expect.stringMatching(why) }]);
    },
  );

  it('DECL-15: two long names that begin alike stay two', async () => {
    const long = `x${'-very-long-name'.repeat(5)}`;
    const { json } = folderWith({
      's.yaml': `version: prometheus/v1\nservice: mint\nslos:\n${slo(`${long}-a`, 'a_total')}${slo(`${long}-b`, 'b_total')}`,
    });
    const { exit, answer } = await json('import', 'sloth', 's.yaml');
    const names = answer.slos.map((s: { slo: string }) => s.slo);
    expect([exit, new Set(names).size, names.every((n: string) => n.length <= 63)]).toEqual([0, 2, true]);
  });

  it('DECL-18: a public plugin counts what it counts there; another one is refused by its name', async () => {
    const plugin = (id: string, options: string) =>
      `version: prometheus/v1\nservice: mint\nslos:\n  - name: answers\n    objective: 99\n    sli: { plugin: { id: ${id}, options: ${options} } }\n`;
    const known = folderWith({
      's.yaml': plugin(
        'sloth-common/traefik/v2/latency',
        '{ bucket: 0.3, service_name_regex: "mint@.*", exclude_errors: true }',
      ),
    });
    expect((await known.run('import', 'sloth', 's.yaml')).exit).toBe(0);
    const text = known.read('slos/mint.yaml');
    expect(text).toContain(
      'traefik_service_request_duration_seconds_bucket{code!~"5..",service=~"mint@.*",le="0.3"}',
    );
    expect(text).toContain('traefik_service_request_duration_seconds_count{code!~"5..",service=~"mint@.*"}');
    const own = folderWith({ 's.yaml': plugin('our/plugin', '{}') });
    const { exit, answer } = await own.json('import', 'sloth', 's.yaml');
    expect([exit, answer.refused[0]]).toMatchObject([
      1,
      { line: 6, message: expect.stringContaining('"our/plugin"') },
    ]);
  });
});
