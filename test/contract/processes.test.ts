import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createProcesses } from '../../src/delivery/adapters/process/processes.ts';
import { temporaryFolder } from '../folder.ts';
import { until } from '../wait.ts';

/** A service that tells which variables and arguments it was started with. */
const TELLS = `
  const [port] = process.argv.slice(1);
  require('node:http').createServer((_, answer) => answer.end(JSON.stringify({ env: process.env, argv: process.argv.slice(1) }))).listen(Number(port), '127.0.0.1');
`;
const SECRETS = {
  SLUICE_GITHUB_TOKEN: 'ghs_secret',
  SLUICE_TOKEN: 'secret',
  SLUICE_LEDGER_URL: 'postgres://sluice:secret@db/sluice',
  PGPASSWORD: 'secret',
  AWS_SECRET_ACCESS_KEY: 'secret',
  PROMETHEUS_TOKEN: 'secret',
  NODE_OPTIONS_OF_OURS: 'secret',
};

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function house() {
  const processes = createProcesses({
    directory: join(temporaryFolder('processes'), 'prod'),
    environment: 'prod',
    env: { ...SECRETS, PATH: process.env['PATH'], HOME: '/home/of-ours', TZ: 'Asia/Tokyo', LC_ALL: 'C' },
    placeholders: () => ({ node: process.execPath }),
    run: () => ({
      command: ['{node}', '-e', TELLS, '{port}', '{version}'],
      health: '/',
      metrics: '/metrics',
    }),
  });
  closing.push(() => processes.stopAll());
  return processes;
}
const revision = (version: string, digest = `sha256:${'a'.repeat(64)}`) => ({
  revision: 'r1',
  version,
  digest,
  config: {},
});

describe('versions as processes of this machine', () => {
  it('RUN-10: a service inherits what a program needs to run, and none of our secrets', async () => {
    const processes = house();
    await processes.start('shop', revision('1.2.0-rc.1'));
    await until(
      'the service answers',
      5_000,
      async () => (await processes.status('shop', 'r1')).health === 'ready',
    );
    const { port } = await processes.status('shop', 'r1');
    const { env, argv } = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as {
      env: Record<string, string>;
      argv: string[];
    };
    expect(argv).toEqual([String(port), '1.2.0-rc.1']);
    expect(env).toMatchObject({
      PATH: process.env['PATH'],
      HOME: '/home/of-ours',
      TZ: 'Asia/Tokyo',
      LC_ALL: 'C',
    });
    expect(Object.keys(env).filter((name) => name in SECRETS)).toEqual([]);
    expect(JSON.stringify(env)).not.toContain('secret');
  });

  it.each([
    ['the way to another program', revision('../elsewhere')],
    ['two lines', revision('1\n2')],
    ['a digest that is none', revision('1.0.0', 'sha256:../x')],
  ])('RUN-11: what was recorded before versions were words is not started: %s', async (_, wrong) => {
    const processes = house();
    await expect(processes.start('shop', wrong)).rejects.toThrow(/is not started: expected/);
    expect(processes.list()).toEqual([]);
    expect(await processes.status('shop', 'r1')).toMatchObject({ health: 'absent' });
  });
});
