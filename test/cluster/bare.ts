import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolPath } from '../../scripts/tools.mjs';
import { pauseImage } from './images.ts';
import { containersOf, startMachine } from './machine.ts';

/**
 * A Kubernetes of one node and nothing in it, until Ctrl-C: what the suite may be run against by KUBECONFIG where
 * there is no kind. Its programs have been built by `npm run test:cluster` before.
 */
const folder = mkdtempSync(join(tmpdir(), 'sluice-bare-'));
const machine = await startMachine({ pause: pauseImage(folder) }, (what) =>
  process.stderr.write(`${what} …\n`),
);
rmSync(folder, { recursive: true, force: true });
const load = `ctr ${containersOf(machine.home).join(' ')} images import --digests {tar}`;
process.stdout.write(`export KUBECONFIG=${machine.kubeconfig}
export SLUICE_HOST_ADDRESS=${machine.net.host}
export SLUICE_SERVICE_IP=${machine.sluiceIp}
export SLUICE_LOAD_IMAGE='${load}'
`);
process.stderr.write(`Ready (kubectl is ${toolPath('kubectl')}). Ctrl-C ends it.\n`);
// What it started keeps this process alive until then.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void machine.stop());
