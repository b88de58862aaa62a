import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { serverPolicy } from '../../src/governance/adapters/opa-server/policy.ts';
import { wasmPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import type { PolicyPort } from '../../src/governance/port.ts';
import { freePort } from '../../src/io/ports.ts';
import { until } from '../wait.ts';

export const POLICY = join(import.meta.dirname, '../../policy');
export const MODULES = join(POLICY, 'sluice');

export const wasm = (more: { readonly maxPages?: number } = {}): PolicyPort =>
  wasmPolicy({ directory: POLICY, ...more });

export interface OpaServer {
  readonly address: string;
  policy(options?: { team?: boolean; expected?: string }): PolicyPort;
  stop(): Promise<void>;
}

export const expectedDigest = (): string =>
  (JSON.parse(readFileSync(join(POLICY, 'sluice.json'), 'utf8')) as { digest: string }).digest;

/** A real OPA server with these files, on a free port; it ends with the test. */
export async function startOpa(opa: string, files: readonly string[]): Promise<OpaServer> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const child: ChildProcess = spawn(
    opa,
    ['run', '--server', `--addr=127.0.0.1:${port}`, '--log-level=error', ...files],
    { stdio: 'ignore', env: { ...process.env, OPA_TELEMETRY: 'off' } },
  );
  await until('the OPA server', 20_000, async () => (await request(`${address}/health`)).statusCode === 200);
  return {
    address,
    policy: ({ team = false, expected = expectedDigest() } = {}) => serverPolicy({ address, team, expected }),
    stop: () =>
      new Promise<void>((done) => {
        child.once('exit', () => done());
        child.kill('SIGTERM');
      }),
  };
}

/** The modules of the policy without their tests, as a server gets them. */
export const moduleFiles = (): string[] =>
  readdirSync(MODULES)
    .filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego'))
    .map((name) => join(MODULES, name));
