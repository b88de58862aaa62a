import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findInstance } from '../../src/io/os.ts';
import { type PostedSpan, startCollector } from '../collector.ts';
import { until } from '../wait.ts';
import { openStage, ROOT, type Stage } from './stage.ts';

/** Real nginx, Prometheus, Alertmanager and processes; one story in order. */
describe('releases on real parts', () => {
  let stage: Stage;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  beforeAll(async () => {
    collector = await startCollector();
    stage = await openStage({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.address } });
    await stage.open();
  });
  afterAll(async () => {
    await stage?.close();
    await collector?.stop();
  });

  const cli = (...args: string[]) =>
    execa(process.execPath, [join(ROOT, 'src/main.ts'), ...args], { reject: false, cwd: stage.directory });
  const cause = async (id: string) => (await stage.ended(id)).path.find((m) => m.to === 'Abort')?.reason;

  it('RUN-2: a canary that crashes as it starts is CANARY_DOWN, and users never meet it', async () => {
    stage.traffic().mark();
    const id = await stage.begin('1.5.0');
    expect(await cause(id)).toBe('CANARY_DOWN');
    expect(stage.traffic().sinceMark().failed).toBe(0);
  });

  it('RUN-2: an artefact that does not exist cannot start: CANARY_DOWN with its last words, and users never meet it', async () => {
    stage.traffic().mark();
    const before = (await stage.lane()).release;
    await stage.pushNothing('1.1.0');
    const id = await until('its release', 30_000, async () => {
      const { release } = await stage.lane();
      return release !== before ? (release ?? undefined) : undefined;
    });
    expect(await cause(id)).toBe('CANARY_DOWN');
    expect(stage.traffic().sinceMark().failed).toBe(0);
  });

  it('RUN-2: a canary that crashes later is CANARY_DOWN', async () => {
    const id = await stage.begin('1.6.0');
    const release = await stage.ended(id);
    expect(release.path.find((m) => m.to === 'Abort')?.reason).toBe('CANARY_DOWN');
  });

  it('TRACE-1: the tick that gave a canary its traffic is one trace, from what was observed to what was done', async () => {
    const factOf = (span: PostedSpan, key: string) =>
      JSON.stringify(span.attributes.find((one) => one.key === key)?.value);
    await until('the trace', 60_000, () => {
      const spans = collector.spans();
      const within = (span: PostedSpan, name: string) => (other: PostedSpan) =>
        other.parentSpanId === span.spanId && other.name === name;
      return spans
        .filter((span) => span.name === 'tick')
        .some(
          (tick) =>
            spans.some(within(tick, 'delivery observe')) &&
            spans
              .filter(within(tick, 'ledger append'))
              .some((s) => /checkout\/prod/.test(factOf(s, 'subjects'))) &&
            spans.filter(within(tick, 'effect deliver')).some((s) => spans.some(within(s, 'delivery apply'))),
        );
    });
  });

  it('RUN-3: Prometheus stopped at 20 % and back: no promotion, no false rollback, and it goes on', async () => {
    const id = await stage.begin('1.8.0');
    await until('20 % of traffic', 60_000, async () => (await stage.lane()).weight === 20);
    const instance = join(stage.work, 'prod', 'prometheus');
    const pid = findInstance(instance)!;
    process.kill(pid, 'SIGSTOP');
    try {
      const waiting = await until('the server says so', 30_000, async () => {
        const lane = await stage.lane();
        // The next look after the one that failed says so of the release, too.
        const said = lane.sentence.includes('Prometheus does not answer');
        return lane.trouble && lane.state === 'Canary' && said ? lane : undefined;
      });
      expect(waiting).toMatchObject({ weight: 20, state: 'Canary' });
      expect((await stage.client().get('/api/v1/overview')).sentence).toContain('Prometheus');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const release = await stage.ended(id);
    expect(release.state).toBe('Stable');
    expect(release.path.some((m) => m.to === 'Abort')).toBe(false);
  });

  it('RUN-5: a second server on the same ledger is refused, and says who holds it', async () => {
    const second = await cli('serve', stage.directory, '--work', stage.work, '--port', '0');
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toContain(`process ${stage.server().pid}`);
  });

  it('RUN-5: a port that is taken is refused, with what to do', async () => {
    const port = new URL(stage.server().url).port;
    const second = await cli(
      'serve',
      stage.directory,
      '--work',
      join(stage.directory, 'other'),
      '--port',
      port,
    );
    expect(second.exitCode).toBe(3);
    expect(second.stderr).toContain('PORT_TAKEN');
    expect(second.stderr).toContain('--port');
  });

  it('RUN-6: a real alert delivery of Alertmanager is taken once and recorded', async () => {
    const alertmanager = readFileSync(join(stage.work, 'prod/alertmanager/alertmanager.yml'), 'utf8');
    expect(alertmanager).toContain(`${stage.server().url}/webhooks/alertmanager`);
    const ports = JSON.parse(readFileSync(join(stage.work, 'prod/ports.json'), 'utf8')) as {
      alertmanager: number;
    };
    const alert = [
      {
        labels: {
          alertname: 'SloMultiWindowBurn',
          service: 'cart',
          environment: 'prod',
          slo: 'cart-availability',
        },
      },
    ];
    await fetch(`http://127.0.0.1:${ports.alertmanager}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alert),
    });
    const record = await until('the record of it', 30_000, async () =>
      (await stage.records()).find((r) => r.type === 'alert.received' && r.subject === 'cart/prod'),
    );
    expect(record).toMatchObject({
      subject: 'cart/prod',
      actor: { id: 'alertmanager' },
      data: { status: 'firing' },
    });
  });

  it('RUN-7: Prometheus that ended is started again', async () => {
    const instance = join(stage.work, 'prod', 'prometheus');
    const before = findInstance(instance)!;
    process.kill(before, 'SIGKILL');
    const after = await until('another Prometheus', 40_000, () => {
      const pid = findInstance(instance);
      return pid !== undefined && pid !== before ? pid : undefined;
    });
    expect(after).not.toBe(before);
  });

  it('LEDGER-9: after all of this the chain is whole, and one changed byte is not', async () => {
    const verify = await cli('ledger', 'verify', '--work', stage.work, '--json');
    expect(JSON.parse(verify.stdout)).toMatchObject({ ok: true, breaks: [] });
    // The server goes on writing: the export is verified by itself, and is at least as long.
    const lines = (await cli('ledger', 'export', '--work', stage.work)).stdout.split('\n');
    expect(lines.length).toBeGreaterThanOrEqual((JSON.parse(verify.stdout) as { records: number }).records);
    const file = join(stage.directory, 'export.jsonl');
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect((await cli('ledger', 'verify', '--file', file)).exitCode).toBe(0);
    writeFileSync(file, `${lines.with(9, lines[9]!.replace('"v":1', '"v":2')).join('\n')}\n`);
    const changed = await cli('ledger', 'verify', '--file', file);
    expect([changed.exitCode, changed.stdout]).toEqual([1, expect.stringContaining('record 10 was changed')]);
  });
});
