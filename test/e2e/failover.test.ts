import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runningServer } from '../../src/cli/client.ts';
import { verifyChain } from '../../src/ledger/record.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { until } from '../wait.ts';
import { NO_FREEZES, openStage, ROOT, type Stage } from './stage.ts';

const LEDGER = '  ledger: { postgres: { url: { secretRef: { env: SLUICE_LEDGER_URL } } } }';

/** Two servers over one PostgreSQL: one leads, the other stands by. */
describe('the leader killed in the middle of a canary', () => {
  let postgres: Postgres;
  let stage: Stage;
  let second: ChildProcess;
  const told: string[] = [];
  const standBy = () => {
    const child = spawn(
      process.execPath,
      [join(ROOT, 'src/main.ts'), 'serve', stage.directory, '--work', stage.work, '--port', '0'],
      { stdio: ['ignore', 'pipe', 'pipe'], env: process.env },
    );
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => told.push(chunk.toString()));
    return child;
  };
  beforeAll(async () => {
    postgres = await startPostgres();
    process.env['SLUICE_LEDGER_URL'] = postgres.url;
    stage = await openStage({ rps: 150, history: true, spec: `${NO_FREEZES}\n${LEDGER}` });
    await stage.open();
  });
  afterAll(async () => {
    // The leader ends what serves; its folder stays until it has.
    if (second && second.exitCode === null) {
      const ended = new Promise((done) => second.once('exit', done));
      second.kill('SIGTERM');
      await ended;
    }
    await stage?.close();
    delete process.env['SLUICE_LEDGER_URL'];
    await postgres?.stop();
  });

  it('RUN-9: another follows, and the release ends as it would have: once', async () => {
    second = standBy();
    await until('it stands by', 30_000, () => /On standby: .* leads/.test(told.join('')));
    const id = await stage.begin('1.1.0');
    await until('20 % of traffic', 60_000, async () => (await stage.lane()).weight === 20);
    stage.traffic().mark();
    await stage.kill();
    const next = await until('the other leads', 30_000, () => {
      const found = runningServer(stage.work);
      return found?.pid === second.pid ? found : undefined;
    });
    const ask = async <T>(path: string) => (await (await request(`${next.url}${path}`)).body.json()) as T;
    interface Release {
      readonly endedAt: number | null;
      readonly state: string;
    }
    const release = await until('the end of the release', 120_000, async () => {
      const found = await ask<Release>(`/api/v1/releases/${id}`);
      return found.endedAt !== null ? found : undefined;
    });
    expect(release.state).toBe('Stable');
    expect(stage.traffic().sinceMark().failed).toBe(0);
    const texts = (
      await (
        await request(`${next.url}/api/v1/ledger/export`, {
          headers: { authorization: `Bearer ${next.token}` },
        })
      ).body.text()
    )
      .split('\n')
      .filter(Boolean);
    expect(verifyChain(texts)).toMatchObject({ ok: true });
    const records = texts.map(
      (t) => JSON.parse(t) as { type: string; data: { id?: string; target?: { version: string } } },
    );
    expect(
      records.filter((r) => r.type === 'release.opened' && r.data.target?.version === '1.1.0'),
    ).toHaveLength(1);
    const settled = records.filter((r) => r.type === 'effect.settled').map((r) => r.data.id);
    expect(new Set(settled).size, 'one outcome per effect').toBe(settled.length);
  });

  it('RUN-9: one that was only slow ends by itself, and takes nothing with it', async () => {
    const third = standBy();
    const ended = new Promise<number | null>((done) => second.once('exit', (code) => done(code)));
    await until('it stands by', 30_000, () => told.join('').split('On standby').length > 2);
    second.kill('SIGSTOP');
    await until('the third leads', 30_000, () => runningServer(stage.work)?.pid === third.pid);
    stage.traffic().mark();
    second.kill('SIGCONT');
    expect(await ended).toBe(1);
    second = third;
    const overview = await (await request(`${runningServer(stage.work)!.url}/readyz`)).body.json();
    expect(overview).toEqual({ ok: true });
    expect(stage.traffic().sinceMark().failed).toBe(0);
  });
});
