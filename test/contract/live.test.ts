import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/io/ports.ts';
import { folderWith } from '../field/command.ts';
import { prometheusPrograms } from '../programs.ts';
import { startScraped } from './scraped.ts';

/** What a service exposes; counters grow with every scrape. */
function exposed(scrape: number): string {
  const lines = [
    '# TYPE till_http_requests_total counter',
    ...['200', '500'].map(
      (code, i) => `till_http_requests_total{code="${code}",route="/pay"} ${scrape * (i === 0 ? 90 : 10)}`,
    ),
    '# TYPE till_http_seconds histogram',
    ...['0.25', '1.0', '+Inf'].map((le) => `till_http_seconds_bucket{le="${le}"} ${scrape * 100}`),
    `till_http_seconds_sum ${scrape}`,
    `till_http_seconds_count ${scrape * 100}`,
    '# TYPE till_queue_length gauge',
    `till_queue_length ${scrape % 3}`,
    '# TYPE other_requests_total counter',
    `other_requests_total ${scrape * 500}`,
    // What rules would record, of a declaration with another objective.
    'slo:objective:ratio{service="till",slo="stale"} 0.95',
    'slo:objective:ratio{service="till",slo="right"} 0.99',
  ];
  return `${lines.join('\n')}\n`;
}

const slo = (
  name: string,
  part: string,
  total: string,
  side: 'good' | 'bad' = 'good',
) => `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: till
  indicator:
    spec:
      ratioMetric:
        counter: true
        ${side}: { metricSource: { type: Prometheus, spec: { query: '${part}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: '${total}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;
const ALL = 'till_http_requests_total{job="one"}';
const RIGHT = slo('right', 'till_http_requests_total{job="one",code!~"5.."}', ALL);
const CALM = slo('calm', 'till_http_requests_total{job="one",code=~"4.."}', ALL, 'bad');
/** Written as Prometheus 2 shows it, stored as Prometheus 3 does. */
const BOUND = slo(
  'bound',
  'till_http_seconds_bucket{job="one",le="1"}',
  'till_http_seconds_count{job="one"}',
);
const MISTAKES: Readonly<
  Record<string, readonly [document: string, codes: readonly string[], next: RegExp]>
> = {
  'label-in-good': [
    slo('label-in-good', 'till_http_requests_total{job="one",cod!~"5.."}', ALL),
    ['UNKNOWN_LABEL'],
    /did you mean "code"\?/,
  ],
  'label-in-both': [
    slo(
      'label-in-both',
      '{__name__="till_http_requests_total",rout="/pay",code!~"5.."}',
      'till_http_requests_total{rout="/pay"}',
    ),
    ['UNKNOWN_LABEL', 'UNKNOWN_LABEL'],
    /did you mean "route"\?/,
  ],
  value: [
    slo('value', 'till_http_requests_total{job="one",route="/pya",code!~"5.."}', ALL),
    ['UNKNOWN_VALUE'],
    /did you mean "\/pay"\?/,
  ],
  metric: [
    slo('metric', 'till_http_request_total{job="one",code!~"5.."}', ALL),
    ['UNKNOWN_METRIC'],
    /did you mean "till_http_requests_total"\?/,
  ],
  bound: [
    slo('bound', 'till_http_seconds_bucket{job="one",le="0.3"}', 'till_http_seconds_count{job="one"}'),
    ['UNKNOWN_BOUND'],
    /the nearest are "0.25", "1.0"/,
  ],
  'whole-bound': [
    slo('whole-bound', 'till_http_seconds_bucket{job="one",le="2"}', 'till_http_seconds_count{job="one"}'),
    ['UNKNOWN_BOUND'],
    /the nearest are "0.25", "1.0"/,
  ],
  gauge: [
    slo('gauge', 'till_queue_length{job="one"}', 'other_requests_total{job="one"}', 'bad'),
    ['GAUGE'],
    /thresholdMetric/,
  ],
  'more-than-all': [
    slo('more-than-all', 'other_requests_total{job="one"}', ALL),
    ['MORE_THAN_ALL'],
    /total has to count/,
  ],
  same: [slo('same', ALL, ALL), ['SAME_COUNTERS'], /select the good ones/],
  twice: [
    slo('twice', 'till_http_requests_total{code!~"5.."}', 'till_http_requests_total'),
    ['SCRAPED_TWICE'],
    /differ by job alone/,
  ],
  stale: [
    slo('stale', 'till_http_requests_total{job="one",code!~"5.."}', ALL),
    ['RULES_STALE'],
    /sluice render/,
  ],
};

describe.each(prometheusPrograms())('Prometheus %s and a declaration', (_, program) => {
  let address = '';
  let scraped: Awaited<ReturnType<typeof startScraped>>;

  beforeAll(async () => {
    scraped = await startScraped(program, ['one', 'two'], (scrape) => exposed(Math.ceil(scrape / 2)));
    address = scraped.address;
  });

  afterAll(() => scraped.stop());

  it('CLI-22: a declaration that matches says so, and exits 0', async () => {
    const { run, json } = folderWith({ 'slos.yaml': `${RIGHT}---\n${CALM}---\n${BOUND}` });
    const { exit, answer } = await json('validate', '.', '--prometheus', address);
    const found = answer.prometheus[0].findings.map((f: { slo: string; code: string; level: string }) => [
      f.slo,
      f.code,
      f.level,
    ]);
    expect([exit, answer.ok, found]).toEqual([
      0,
      true,
      [
        ['bound', 'RULES_MISSING', 'note'],
        ['calm', 'UNKNOWN_VALUE', 'note'],
        ['calm', 'RULES_MISSING', 'note'],
      ],
    ]);
    expect((await run('validate', '.', '--prometheus', address)).out).toContain(
      '3 SLOs select what they say',
    );
  });

  it.each(Object.entries(MISTAKES))(
    'CLI-22: the mistake "%s" is found, with what is nearest',
    async (name, [document, codes, next]) => {
      const { json } = folderWith({ 'slos.yaml': `${RIGHT}---\n${document}` });
      const { exit, answer } = await json('validate', '.', '--prometheus', address);
      type Found = { slo: string; code: string; level: string; next: string; file: string; line: number };
      const wrong = (answer.prometheus[0].findings as Found[]).filter((f) => f.level === 'wrong');
      expect([exit, answer.ok, wrong.map((f) => [f.slo, f.code])]).toEqual([
        1,
        false,
        codes.map((code) => [name, code]),
      ]);
      expect(wrong.map((f) => f.next).join()).toMatch(next);
      expect(wrong.map((f) => [f.file, f.line])).toContainEqual(['slos.yaml', 18]);
    },
  );

  it('CLI-22: without a revision label arms cannot be told apart, by the Prometheus of each environment', async () => {
    const platform = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: prod, prometheus: { address: '${address}' } }]
  services: [{ name: till, slos: [right] }]
`;
    const { run, json } = folderWith({ 'slos.yaml': RIGHT, 'platform.yaml': platform });
    const { exit, answer } = await json('validate', '.', '--prometheus');
    expect(exit).toBe(1);
    expect(answer.prometheus[0]).toMatchObject({ environment: 'prod', address });
    const codes = answer.prometheus[0].findings.map((f: { code: string }) => f.code);
    expect(codes).toContain('NO_REVISION');
    const doctor = await run('doctor', '.', '--prometheus', address);
    expect(doctor.out).toMatch(/slos\.yaml:3 +right +total +wrong +no series has label "revision"/);
  });

  it('CLI-22: a scrape that was missed a moment ago is no wrong name', async () => {
    const silent = await startScraped(program, ['one'], exposed);
    try {
      const { json } = folderWith({ 'slos.yaml': RIGHT });
      const before = await json('validate', '.', '--prometheus', silent.address);
      await silent.silence();
      const after = await json('validate', '.', '--prometheus', silent.address);
      const said = (one: typeof before) =>
        one.answer.prometheus[0].findings.map((f: { code: string }) => f.code);
      expect([before.exit, after.exit, said(after)]).toEqual([0, 0, said(before)]);
    } finally {
      silent.stop();
    }
  });

  it('CLI-22: a Prometheus that does not answer is no match: exit 3', async () => {
    const { run } = folderWith({ 'slos.yaml': RIGHT });
    const { exit, err } = await run('validate', '.', '--prometheus', `http://127.0.0.1:${await freePort()}`);
    expect([exit, err]).toEqual([3, expect.stringContaining('SOURCE_UNAVAILABLE')]);
  });
});
