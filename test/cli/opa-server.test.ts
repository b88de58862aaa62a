import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLES } from '../../scripts/samples.ts';
import { temporaryFolder } from '../folder.ts';
import { moduleFiles, type OpaServer, POLICY, startOpa } from '../policy/engines.ts';
import { tool } from '../tools.ts';
import { PROGRAMS, runCli } from './run.ts';

const scratch = () => temporaryFolder('cli');
const sluice = (args: string[], cwd = scratch()) => runCli(args, { cwd, env: PROGRAMS });
const sample = (file: string) => join(POLICY, 'samples', file);

describe.skipIf(!tool('opa'))('sluice gate by an OPA server', () => {
  let server: OpaServer;
  beforeAll(async () => {
    server = await startOpa(tool('opa')!, moduleFiles());
  });
  afterAll(() => server.stop());

  it('POLICY-8: every sample, the same document as by the policy compiled in', async () => {
    for (const { file } of SAMPLES) {
      const args = ['gate', '--input', sample(file), '--json'];
      const [one, other] = [await sluice(args), await sluice([...args, '--policy-server', server.address])];
      expect(other, file).toEqual(one);
    }
  });

  it('POLICY-9: a server that is not there: exit 3', async () => {
    const { exit, out } = await sluice([
      'gate',
      '--input',
      sample('budget.allowed.json'),
      '--json',
      '--policy-server',
      'http://127.0.0.1:9',
    ]);
    expect(exit).toBe(3);
    expect(JSON.parse(out).deny[0].code).toBe('POLICY_UNREACHABLE');
  });
});
