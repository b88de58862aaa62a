import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { createRunner } from '../../controller/flow/runner.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Variables } from '../http.ts';
import { measureAnswers } from '../measuring.ts';
import { createMeasured } from './measured.ts';
import { verdictDelayOf } from './verdicts.ts';

const told = async (measured: ReturnType<typeof createMeasured>): Promise<string[]> =>
  (await measured.registry.metrics()).split('\n');

describe('what a server counts of itself', () => {
  it('METRIC-2: answers by the route that is declared: the path that was asked is in no label', async () => {
    const measured = createMeasured();
    const app = new OpenAPIHono<Variables>();
    app.use('*', measureAnswers(measured));
    app.use('/api/*', (_, next) => next());
    app.get('/api/v1/releases/:id', (c) => c.json({}, c.req.param('id') === 'none' ? 404 : 200));
    app.get('/api/v1/breaks', () => {
      throw new Error('broken');
    });
    app.get('*', (c) => c.text('a page'));
    app.onError((_, c) => c.json({}, 503));
    const paths = ['/api/v1/releases/a', '/api/v1/releases/b', '/api/v1/releases/none', '/api/v1/breaks'];
    for (const path of [...paths, '/x/1', '/x/2']) await app.request(path);
    await app.request('/api/v1/releases/a', { method: 'BREW' });
    const counts = (await told(measured)).filter((line) =>
      line.startsWith('sluice_http_request_seconds_count'),
    );
    expect(counts.sort()).toEqual(
      [
        'sluice_http_request_seconds_count{route="/api/v1/overview",method="GET",status="2xx"} 0',
        'sluice_http_request_seconds_count{route="/api/v1/releases/:id",method="GET",status="2xx"} 2',
        'sluice_http_request_seconds_count{route="/api/v1/releases/:id",method="GET",status="4xx"} 1',
        'sluice_http_request_seconds_count{route="/api/v1/breaks",method="GET",status="5xx"} 1',
        'sluice_http_request_seconds_count{route="other",method="GET",status="2xx"} 2',
        'sluice_http_request_seconds_count{route="other",method="other",status="4xx"} 1',
      ].sort(),
    );
  });

  it('METRIC-3: passes and other repeated work by how they ended; there is a series before the first', async () => {
    const measured = createMeasured();
    expect(await told(measured)).toContain('sluice_work_seconds_count{work="tick",outcome="done"} 0');
    measured.tick(20, 'done');
    measured.tick(2_000, 'failed');
    measured.worked('gate', 5, 'done');
    const lines = await told(measured);
    expect(lines).toContain('sluice_tick_seconds_count 2');
    expect(lines).toContain('sluice_work_seconds_count{work="tick",outcome="done"} 1');
    expect(lines).toContain('sluice_work_seconds_bucket{le="1",work="tick",outcome="failed"} 0');
    expect(lines).toContain('sluice_work_seconds_count{work="gate",outcome="done"} 1');
  });

  it('METRIC-4: records that folds took up, and in which time; calls by port, operation and outcome', async () => {
    const measured = createMeasured();
    measured.folded(300, 4);
    measured.folded(2, 1);
    measured.call({ port: 'git', verb: 'read', outcome: 'refused', tookMs: 100 });
    const lines = await told(measured);
    expect(lines).toContain('sluice_folded_records_total 302');
    expect(lines).toContain('sluice_fold_seconds_count 2');
    expect(lines).toContain('sluice_call_seconds_count{port="git",verb="read",outcome="refused"} 1');
  });

  it('METRIC-5: a queue by what runs, what waits and what is tried again', async () => {
    const runner = createRunner({ now: () => 0, warn: () => {} });
    runner.handle<null, null>('do', {
      timeoutMs: 60_000,
      width: 1,
      patience: { firstMs: 60_000, againMs: 60_000 },
      yields: false,
      backoff: () => ({ firstMs: 1_000, longestMs: 1_000 }),
      apply: ({ subject }) =>
        subject === 'fails' ? Promise.reject(new Error('no')) : new Promise<never>(() => {}),
      settled: () => {},
    });
    const errand = (subject: string, resource: string) => ({
      kind: 'do',
      subject,
      generation: 1,
      key: subject,
      resource,
      urgent: false,
      target: null,
    });
    expect(runner.queue()).toEqual({ running: 0, waiting: 0, retrying: 0 });
    runner.want('fails', [errand('fails', 'one')]);
    await runner.settle(60_000);
    runner.want('hangs', [errand('hangs', 'two')]);
    runner.want('waits', [errand('waits', 'two')]);
    runner.start();
    expect(runner.queue()).toEqual({ running: 1, waiting: 1, retrying: 1 });
  });

  it('METRIC-6: the delay of a verdict is from the newest scrape that it counts; one that counts nothing has none', () => {
    const record = (type: string, intervals: object, cursors: object): LedgerRecord =>
      ({ type, at: 60_000, data: { intervals, cursors } }) as LedgerRecord;
    const one = [{ step: 0, canary: null, stable: null }];
    const cursors = { a: [48_000, 1], b: [52_500, 9] };
    expect(verdictDelayOf(record('release.looked', { slo: one }, cursors))).toBe(7_500);
    expect(verdictDelayOf(record('release.looked', { slo: [] }, cursors))).toBeNull();
    expect(verdictDelayOf(record('release.looked', { slo: one }, {}))).toBeNull();
    expect(verdictDelayOf(record('lane.moved', { slo: one }, cursors))).toBeNull();
  });
});
