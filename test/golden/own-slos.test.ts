import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { type RenderedFiles, renderAll } from '../../src/controller/render.ts';
import { createMeasured } from '../../src/server/metrics/measured.ts';
import { availabilitySlo } from '../slo.ts';
import { platformOf, promtool } from './promtool.ts';

const DECLARED = join(import.meta.dirname, '../../examples/sluice/slos.yaml');

/** Sluice's own objectives: declared, rendered and alerting as those of anybody. */
describe("Sluice's own objectives", () => {
  const declared = `${availabilitySlo('orders')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p.test' } }]
  services: [{ name: orders, slos: [orders-availability] }]
`;
  let files: RenderedFiles;
  beforeAll(async () => {
    files = await renderAll(platformOf(declared));
  });

  it('METRIC-7: their rules are rendered beside a Platform, as a file or a resource; their declaration is not: it would be read as part of the folder', async () => {
    expect([...files.keys()].filter((path) => path.startsWith('sluice/'))).toEqual([
      'sluice/prometheus/rules.yml',
    ]);
    const resources = await renderAll(platformOf(declared), 'kubernetes');
    expect([...resources.keys()].filter((path) => path.startsWith('sluice/'))).toEqual([
      'sluice/prometheusrule-1.yaml',
    ]);
    const alone = await renderAll(platformOf(availabilitySlo('orders')));
    expect([...alone.keys()].filter((path) => path.startsWith('sluice/'))).toEqual([]);
  });

  it('METRIC-7: the declaration is valid, and names three objectives of the service sluice', () => {
    const compiled = compile([{ file: 'slos.yaml', text: readFileSync(DECLARED, 'utf8') }], {
      platform: 'optional',
    });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    expect(compiled.value.slos.map(({ name, service }) => `${service} ${name}`)).toEqual([
      'sluice sluice-api',
      'sluice sluice-ticks',
      'sluice sluice-verdicts',
    ]);
  });

  it('METRIC-7: every series that they count is there from the start of a server, with that bound', async () => {
    const text = await createMeasured().registry.metrics();
    for (const series of [
      'sluice_verdict_delay_seconds_bucket{le="30"} 0',
      'sluice_http_request_seconds_count{route="/api/v1/overview",method="GET",status="2xx"} 0',
      'sluice_work_seconds_bucket{le="1",work="tick",outcome="done"} 0',
    ])
      expect(text).toContain(series);
  });

  it.each<[string, Record<string, string>]>([
    ['sluice-verdicts', { 'sluice_verdict_delay_seconds_count': '0+60x120', 'sluice_verdict_delay_seconds_bucket{le="30"}': '0+10x120' }],
    [
      'sluice-api',
      {
        'sluice_http_request_seconds_count{route="/api/v1/overview",method="GET",status="2xx"}': '0+60x120',
        'sluice_http_request_seconds_count{route="/api/v1/verdict",method="GET",status="5xx"}': '0+20x120',
        // Not ready is no error of the API.
        'sluice_http_request_seconds_count{route="/readyz",method="GET",status="2xx"}': '0+600x120',
      },
    ],
    [
      'sluice-ticks',
      {
        'sluice_work_seconds_count{work="tick",outcome="done"}': '0+60x120',
        'sluice_work_seconds_bucket{work="tick",outcome="done",le="1"}': '0+10x120',
      },
    ],
  ])('METRIC-7: %s: what is spent fast pages, and what is well does not', async (slo, series) => {
    const rules = files.get('sluice/prometheus/rules.yml')!;
    const pages = `clamp_max(count(ALERTS{slo="${slo}",severity="page",alertstate="firing"}), 1) or vector(0)`;
    const after = (wanted: number, given: Record<string, string>) =>
      promtool(rules, [
        { interval: '1m', series: given, expect: [{ expr: pages, at: '90m', values: [wanted] }] },
      ]);
    expect(await after(1, series)).toContain('SUCCESS');
    const well = Object.entries(series).map(([name]) => [name, name.includes('5xx') ? '0x120' : '0+60x120']);
    expect(await after(0, Object.fromEntries(well))).toContain('SUCCESS');
  });
});
