import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../field/command.ts';
import { query, SERVICE, sloText } from '../golden/slo-text.ts';

const SLO = sloText(
  'answers',
  `{ ratioMetric: { counter: true, bad: ${query('r_total{code="500"}')}, total: ${query('r_total')} } }`,
);

/** A Prometheus that has one number of every recorded series, and fires nothing. */
async function prometheus() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const text = new URLSearchParams(body || new URL(request.url!, 'http://x').search).get('query')!;
      asked.push(text);
      const result = text.startsWith('ALERTS') ? [] : [{ metric: {}, value: [1, '2.5'] }];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, asked, close: () => server.close() };
}

describe('explain slo', () => {
  it('CLI-23: every rule of an SLO is explained, with the numbers that a Prometheus has', async () => {
    const { run } = folderWith({ 'slos.yaml': SERVICE + SLO });
    const source = await prometheus();
    const { exit, out } = await run('explain', 'slo', 'answers', '.', '--prometheus', source.url);
    source.close();
    expect(exit).toBe(0);
    expect(out).toMatch(/SLO answers of api: 99%/);
    expect(out).toMatch(
      /sluice:answers:counts\n {2}slo:requests:increase5m +2\.5 +requests \(or samples, or slices\) of the last 5 minutes/,
    );
    expect(out).toMatch(/slo:burn_rate_1h +2\.5 +burn rate over 1h/);
    expect(out).toMatch(/SloMultiWindowBurn page +none +alert \(1h and 5m\)/);
    expect(source.asked).toContain('slo:error_budget_remaining:ratio{service="api",slo="answers"}');
  });
  it('CLI-23: without a Prometheus it says what each is for, and the expressions where asked', async () => {
    const { run, json } = folderWith({ 'slos.yaml': SERVICE + SLO });
    expect((await run('explain', 'slo', 'answers', '--expressions')).out).toContain(
      'last_over_time(r_total[5m])',
    );
    const { answer } = await json('explain', 'slo', 'answers');
    expect(answer).toMatchObject({ schema: 'sluice.dev/explain-slo/v1', slo: 'answers', service: 'api' });
    for (const { rule, what } of answer.rules as { rule: string; what: string }[])
      expect([rule, what]).not.toEqual([rule, expect.stringMatching(/^numbers|undefined/)]);
  });
  it('CLI-23: a name that nobody declared is told with the nearest one', async () => {
    const { run } = folderWith({ 'slos.yaml': SERVICE + SLO });
    const { exit, err } = await run('explain', 'slo', 'answer');
    expect([exit, err]).toEqual([2, expect.stringContaining('answers')]);
  });
});
